"""The schemas that restores have put aside: found, measured, put back, and dropped when an operator says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg2 import sql

from thai_chat.domain.errors import StartError
from thai_chat.history.postgres import session_settings
from thai_chat.history.postgres.backup import dependents, failures, publications, restoring, swapping
from thai_chat.history.postgres.backup.swapping import Moved
from thai_chat.history.postgres.sql import webhook_outbox

_NAME = re.compile(rf"{restoring.KEPT}(\d{{8}}_\d{{6}})_\d{{6}}")
# A schema of that name without Alembic's table is somebody else's.
_FOUND = f"""
SELECT n.nspname, coalesce(sum(pg_total_relation_size(c.oid)) FILTER (WHERE c.relkind = 'r'), 0)
FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid WHERE n.nspname LIKE '{restoring.KEPT}%'
GROUP BY n.nspname HAVING bool_or(c.relname = 'alembic_version') ORDER BY n.nspname
"""


@dataclass(frozen=True, slots=True)
class Kept:
    schema: str
    until: datetime
    """When it was put aside."""
    size_bytes: int

    @property
    def told_until(self) -> str:
        """The moment in local time, as the person remembers it."""
        return f"{self.until.astimezone():%Y-%m-%d %H:%M:%S}"


def listed(address: str) -> list[Kept]:
    """Return all that is kept, oldest first. Raises HistoryUnavailable."""
    with failures.looking_at(address) as cursor:
        return _listed(cursor)


def undo(address: str) -> tuple[Kept, Moved]:
    """Put back what was put aside last; what is there now is put aside instead.

    Raises StartError when nothing is kept, HistoryUnavailable.
    """
    with restoring.transaction(address) as (connection, cursor):
        session_settings.pin_for_building(cursor)
        place = restoring.survey_in(cursor)
        found = _listed(cursor)
        if not found or place.revision is None:
            raise StartError("Nothing is kept from before a restore. Nothing was changed.")
        restoring.be_owner(cursor, place)
        product = restoring.product_at(connection, cursor, place.revision)
        publications.require_bearable(cursor, place.home, in_place=False)
        aside = restoring.new_kept(cursor)
        moved = swapping.replace(cursor, place.home, product, kept=aside, new=found[-1].schema)
        cursor.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(found[-1].schema)))
        session_settings.look_in(cursor, place.home)
        cursor.execute("SELECT to_regclass('chat_webhook_deliveries') IS NOT NULL")
        if cursor.fetchone()[0]:
            cursor.execute(webhook_outbox.RESTORED)
    restoring.analyze(address)
    return found[-1], moved


def forget(address: str) -> Sequence[Kept]:
    """Drop all that is kept. Raises StartError when things of other people hang on it, HistoryUnavailable."""
    with restoring.transaction(address) as (_, cursor):
        found = _listed(cursor)
        restoring.be_owner(cursor, restoring.survey_in(cursor))
        session_settings.look_in(cursor, "pg_catalog")
        for kept in found:
            things = swapping.things(cursor, kept.schema)
            tables, routines = swapping.tables_of(things), swapping.routines_of(things)
            dependents.require_none(cursor, tables, routines, may_be_remade=False)
            cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(kept.schema)))
    return found


def _listed(cursor: Any) -> list[Kept]:
    cursor.execute(_FOUND)
    found = []
    for schema, size_bytes in cursor.fetchall():
        if match := _NAME.fullmatch(schema):
            until = datetime.strptime(match[1], "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
            found.append(Kept(schema, until, int(size_bytes)))
    return found
