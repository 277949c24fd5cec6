"""What one long transaction of a command needs of its session: nothing of it outlives the transaction (pgbouncer)."""

from __future__ import annotations

import json
from typing import Any

_TEXT = {"DateStyle": "ISO, YMD", "TimeZone": "UTC", "IntervalStyle": "postgres", "extra_float_digits": "1"}
"""How values are written as text, whatever the server, the database and the role have set."""
_PATIENCE = {
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "60s",
    "synchronize_seqscans": "off",  # rows come in the order in which they were put in
    "row_security": "off",
}
_BUILDING = {"maintenance_work_mem": "256MB"}
# Not every version knows every setting; this one is refused where the server's system can't do it.
_SET = """
SELECT set_config(name, %s::json ->> name, true) FROM pg_settings
WHERE name IN (SELECT json_object_keys(%s::json))
    AND (name <> 'client_connection_check_interval' OR version() LIKE '%%linux%%')"""


def pin(cursor: Any) -> None:
    """For COPY in either direction: the same text everywhere, and as much time as it takes."""
    _set(cursor, _TEXT | _PATIENCE)


def pin_for_building(cursor: Any) -> None:
    """Does what `pin` does, with memory for indexes, and with an end soon after the client's."""
    _set(cursor, _TEXT | _PATIENCE | _BUILDING | {"client_connection_check_interval": "2s"})


def see_all_rows(cursor: Any) -> None:
    """Until the end of the transaction who may not see all rows is refused, and does not take the others for all."""
    _set(cursor, {"row_security": "off"})


def look_in(cursor: Any, *schemas: str) -> None:
    """Until the end of the transaction names without a schema are looked up in these alone."""
    cursor.execute("SELECT set_config('search_path', %s, true)", (", ".join(f'"{name}"' for name in schemas),))


def _set(cursor: Any, settings: dict[str, str]) -> None:
    described = json.dumps(settings)
    cursor.execute(_SET, (described, described))
