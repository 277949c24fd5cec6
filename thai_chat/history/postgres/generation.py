"""Which of the histories that one database has held is in it now: a restore begins another one.

It is kept as the comment on Alembic's table, so it moves with the tables, to a standby and into other people's dumps.
What an outage left in a journal is for one of them, and is never stored into another unasked.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

ORIGINAL = UUID(int=0)
"""The one that nothing was restored into."""
_PREFIX = "generation "
_READ = text("SELECT obj_description(to_regclass('alembic_version'), 'pg_class')")


def read(connection: Connection) -> UUID:
    return _parsed(connection.execute(_READ).scalar())


def read_raw(cursor: Any) -> UUID:
    cursor.execute(_READ.text)
    return _parsed(cursor.fetchone()[0])


def begin(cursor: Any) -> None:
    """Give the tables that the search path finds a generation of their own."""
    cursor.execute("COMMENT ON TABLE alembic_version IS %s", (f"{_PREFIX}{uuid4()}",))


def _parsed(comment: object) -> UUID:
    try:
        return UUID(str(comment).removeprefix(_PREFIX))
    except ValueError:
        return ORIGINAL
