"""Goes on when PostgreSQL does not: which store serves, and the writes that wait on the disk."""
