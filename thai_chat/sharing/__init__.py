"""Links to read-only snapshots of sessions (decision 0046)."""
