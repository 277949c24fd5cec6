"""Thai Chat: a self-hosted chat page over several language models whose history is never lost."""

__version__ = "0.1.0"
