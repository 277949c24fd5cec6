"""The history in PostgreSQL: the way to the server, its schema, and each of its ports."""
