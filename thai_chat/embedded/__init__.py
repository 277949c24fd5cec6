"""A private PostgreSQL under DATA_DIR, for those who set no DATABASE_URL."""
