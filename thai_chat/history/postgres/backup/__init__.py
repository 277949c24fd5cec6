"""Backups, and what takes the place of all that is stored."""
