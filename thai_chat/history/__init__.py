"""Where sessions and messages are kept: PostgreSQL, and memory with a journal while it is away."""
