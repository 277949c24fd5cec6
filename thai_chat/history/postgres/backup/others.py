"""Who else uses the database now."""

from __future__ import annotations

import time
from typing import Any

from thai_chat.history.postgres.backup import failures

WATCH_S = 2.5
"""A page that runs asks something twice a second."""
PATIENCE_S = 7.5
"""The time that a process that was just ended, or a restore that was killed, may take to let go."""

_CONNECTIONS = """
SELECT pid, state, state_change FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    AND state IS NOT NULL AND state <> 'disabled'
"""


def count(address: str, *, watch_s: float = WATCH_S, patience_s: float = PATIENCE_S) -> int:
    """Return how many connections are in use: those in which something happens, and those in a transaction.

    What a pooler keeps open and nobody asks anything of does not count, nor do connections of roles that this one may
    not look at: nobody can write while a restore has its locks. Takes `watch_s` where there are others at all.
    """
    # One transaction: through a pooler each statement might else come from a connection that the next one sees.
    with failures.looking_at(address) as cursor:
        return _count(cursor, watch_s, patience_s)


def _count(cursor: Any, watch_s: float, patience_s: float) -> int:
    deadline = time.monotonic() + patience_s
    before = _seen(cursor)
    while before:
        time.sleep(watch_s)
        now = _seen(cursor)
        used = [pid for pid, (state, _) in now.items() if state != "idle" or before.get(pid) != now[pid]]
        if not used or time.monotonic() + watch_s > deadline:
            return len(used)
        before = now
    return 0


def _seen(cursor: Any) -> dict[int, tuple[str, object]]:
    cursor.execute("SELECT pg_stat_clear_snapshot()")
    cursor.execute(_CONNECTIONS)
    return {pid: (state, changed_at) for pid, state, changed_at in cursor.fetchall()}
