"""Snapshots of sessions that are shared by a link."""
