"""The session settings of one long transaction of a command: none of them outlives the transaction (pgbouncer)."""

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
    """Set what COPY needs in either direction: the same text everywhere, and as much time as it takes."""
    _set(cursor, _TEXT | _PATIENCE)


def pin_for_building(cursor: Any) -> None:
    """Set what `pin` sets, with memory for indexes, and with an end soon after the client's."""
    _set(cursor, _TEXT | _PATIENCE | _BUILDING | {"client_connection_check_interval": "2s"})


def see_all_rows(cursor: Any) -> None:
    """Refuse who may not see all rows, until the end of the transaction, so that nobody takes some for all."""
    _set(cursor, {"row_security": "off"})


def look_in(cursor: Any, *schemas: str) -> None:
    """Look up names without a schema in these alone, until the end of the transaction."""
    cursor.execute("SELECT set_config('search_path', %s, true)", (", ".join(f'"{name}"' for name in schemas),))


def _set(cursor: Any, settings: dict[str, str]) -> None:
    described = json.dumps(settings)
    cursor.execute(_SET, (described, described))
