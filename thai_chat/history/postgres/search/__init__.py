"""The search in PostgreSQL and its index."""
