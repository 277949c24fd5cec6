"""Replies that outlive the page: each runs as a task of its own, is checkpointed, and can be followed by any number."""
