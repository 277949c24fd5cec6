"""Puts a backup into a database: one transaction makes the tables beside those that are there, fills and checks them,
and moves them in. Whatever dies in the middle, PostgreSQL takes all of it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import make_dsn
from sqlalchemy import Connection, exc

from thai_chat.domain.errors import HistoryUnavailable, StartError
from thai_chat.history.postgres import generation, probe, row_security, schema, session_settings, upkeep
from thai_chat.history.postgres.backup import archive, dependents, failures, loading, operators, publications, swapping
from thai_chat.history.postgres.backup.archive import Backup, Meter
from thai_chat.history.postgres.backup.manifest import Manifest
from thai_chat.history.postgres.backup.swapping import Moved, Product, Thing
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.search import indexing
from thai_chat.history.postgres.sql import webhook_outbox

KEPT = "thai_chat_before_"
"""The beginning of the name of a schema that keeps what a restore replaced; the moment in UTC follows."""
_BESIDE = "thai_chat_restoring"
_PLACE = """
SELECT coalesce(n.nspname, current_schema()), pg_get_userbyid(c.relowner),
    has_database_privilege(current_database(), 'CREATE')
FROM (SELECT to_regclass('alembic_version')) AS known (alembic)
    LEFT JOIN pg_class c ON c.oid = known.alembic LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
"""
_NOTHING_CHANGED = "Nothing was changed."


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesPlace:
    """Where the product's tables are, or will be."""

    home: str
    owner: str | None
    """None where nothing has been made yet."""
    revision: str | None
    may_keep: bool
    """Whether a schema can be made, for the new tables beside the old."""
    generation: UUID = generation.ORIGINAL
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    manifest: Manifest
    kept: str | None
    """The schema that holds what was there before."""
    left_out: Sequence[str]
    """Tables in the backup that are none of the product's."""
    left_behind: Sequence[str] = ()
    """Settings of an operator on the old tables that are about something which the new ones lack."""
    publications: Sequence[str] = ()
    """Publications that have other tables than before."""


def survey(address: str) -> TablesPlace:
    """Return what a restore finds in the database. Raises HistoryUnavailable."""
    with failures.looking_at(address) as cursor:
        return survey_in(cursor)


def restore(address: str, file: Path, *, replace: bool = False, meter: Meter = lambda *_: None) -> Restored:
    """Put what `archive.save` wrote into the database, all or nothing, and bring it up to date.

    What was there before is kept in a schema of its own, where one can be made. Raises StartError, also when there are
    rows and `replace` is False, and HistoryUnavailable.
    """
    with archive.opened(file) as backup:
        upkeep.require_known(backup.manifest.revision)
        with transaction(address) as (connection, cursor):
            session_settings.pin_for_building(cursor)
            place = survey_in(cursor)
            if place.rows and not replace:
                raise StartError(f"The database has chats already. {_NOTHING_CHANGED}")
            kept, moved = _put_in(connection, cursor, backup, place, meter)
            session_settings.look_in(cursor, place.home)
            row_security.build_within(cursor)
            meter("finishing", 0, 0)
    analyze(address)
    left_out = [table.name for table in backup.manifest.tables if table.name not in loading.known(backup)]
    return Restored(
        manifest=backup.manifest,
        kept=kept,
        left_out=left_out,
        left_behind=moved.left_behind,
        publications=moved.publications,
    )


def analyze(address: str) -> None:
    """Give the planner its figures of the product's tables, which came without."""
    with failures.looking_at(address) as cursor:
        loading.analyze(cursor)


def product_at(connection: Connection, cursor: Any, revision: str) -> Product:
    """Return what the product's schema of that revision is made of. Leaves the search path at pg_catalog."""
    cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(_BESIDE)))
    session_settings.look_in(cursor, _BESIDE)
    schema.step(connection, revision)
    session_settings.look_in(cursor, "pg_catalog")
    product = swapping.described(cursor, _BESIDE)
    cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(_BESIDE)))
    return product


def be_owner(cursor: Any, place: TablesPlace) -> None:
    """Act as the owner of the old tables, so that what is made is theirs, whichever of the owner's members asks."""
    if place.owner:
        cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(place.owner)))


def new_kept(cursor: Any) -> str:
    """Make a schema for what is replaced, and return its name."""
    name = f"{KEPT}{datetime.now(UTC):%Y%m%d_%H%M%S_%f}"
    cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
    return name


@contextmanager
def transaction(address: str) -> Iterator[tuple[Connection, Any]]:
    """Open a transaction that no migration and no other restore overlaps, on SQLAlchemy's connection and a cursor of
    psycopg2's.

    It is all in one, so that it works through pgbouncer. Raises StartError and HistoryUnavailable.
    """
    engine = Database(make_dsn(address, application_name="thai-chat-operator")).engine
    is_done = False
    try:
        with engine.connect() as connection, schema.locked(connection):
            raw: Any = connection.connection
            with raw.cursor() as cursor:
                yield connection, cursor
            is_done = True
    except (psycopg2.Error, exc.SQLAlchemyError) as error:
        raise _told(error, is_done=is_done) from error
    finally:
        engine.dispose()


def _told(error: Exception, *, is_done: bool) -> Exception:
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    said = probe.said(cause) if isinstance(cause, psycopg2.Error) else type(cause).__name__
    if is_done:
        return HistoryUnavailable(f"{said}. It was lost at the very end: ./manage.sh status says which chats are there")
    if isinstance(cause, (psycopg2.OperationalError, psycopg2.InterfaceError)):
        return HistoryUnavailable(f"{said}. {_NOTHING_CHANGED}")
    return StartError(f"The database refused: {said}. {_NOTHING_CHANGED}")


def survey_in(cursor: Any) -> TablesPlace:
    session_settings.see_all_rows(cursor)
    cursor.execute(_PLACE)
    home, owner, may_keep = cursor.fetchone()
    if home is None:
        raise StartError("The address names no schema (search_path) that tables can be made in.")
    revision, rows, stamp = None, 0, generation.ORIGINAL
    if owner:
        cursor.execute("SELECT version_num FROM alembic_version")
        revision = (cursor.fetchone() or (None,))[0]
        stamp = generation.read_raw(cursor)
        rows = loading.count(cursor)
    return TablesPlace(home=home, owner=owner, revision=revision, may_keep=may_keep, generation=stamp, rows=rows)


def _put_in(
    connection: Connection, cursor: Any, backup: Backup, place: TablesPlace, meter: Meter
) -> tuple[str | None, Moved]:
    """Return the schema that keeps what was there, and what did not come over."""
    be_owner(cursor, place)
    session_settings.look_in(cursor, place.home)
    if place.revision is None:
        _build(connection, cursor, backup, meter)
        return None, Moved((), ())
    if not place.may_keep:
        return None, _replace_in_place(connection, cursor, backup, place, meter)
    # From here on nobody writes into what will be replaced; it can be read until the end.
    loading.lock(cursor, "SHARE ROW EXCLUSIVE")
    product = product_at(connection, cursor, place.revision)
    old = swapping.ours(cursor, place.home, product)
    dependents.require_none(cursor, swapping.tables_of(old), swapping.routines_of(old), may_be_remade=True)
    publications.require_bearable(cursor, place.home, in_place=False)
    cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(_BESIDE)))
    session_settings.look_in(cursor, _BESIDE)
    _build(connection, cursor, backup, meter)
    kept = new_kept(cursor)
    moved = swapping.replace(cursor, place.home, product, kept=kept, new=_BESIDE)
    cursor.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(_BESIDE)))
    if place.rows:
        return kept, moved
    cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(kept)))
    return None, moved


def _replace_in_place(connection: Connection, cursor: Any, backup: Backup, place: TablesPlace, meter: Meter) -> Moved:
    """Drop what is there and make it anew, where no schema can be made for the one beside the other."""
    loading.lock(cursor, "ACCESS EXCLUSIVE")
    schema.step_up(connection)
    old = _dropped(connection, cursor, place.home)
    tables, routines = swapping.tables_of(old), swapping.routines_of(old)
    dependents.require_none(cursor, tables, routines, may_be_remade=False)
    publications.require_bearable(cursor, place.home, in_place=True)
    settings = operators.taken(cursor, tables, routines, made=set())
    published = publications.of_tables(cursor, tables)
    session_settings.look_in(cursor, place.home)
    schema.step_down(connection)
    _build(connection, cursor, backup, meter)
    session_settings.look_in(cursor, "pg_catalog")
    new = [thing for thing in swapping.things(cursor, place.home) if thing in old]
    left = operators.put(cursor, settings, swapping.tables_of(new), swapping.routines_of(new), schema=place.home)
    publications.change(cursor, published, left, kept=None)
    if left:
        raise StartError(
            f"No schema can be made here to keep what is replaced, and this would be lost: {', '.join(left)}. "
            f"Let the user make schemas (GRANT CREATE ON DATABASE), or drop it. {_NOTHING_CHANGED}"
        )
    return Moved((), sorted({name for name, *_ in published}))


def _dropped(connection: Connection, cursor: Any, home: str) -> list[Thing]:
    """Return what goes when the product's schema does, which stays. Leaves the search path at pg_catalog."""
    session_settings.look_in(cursor, "pg_catalog")
    before = swapping.things(cursor, home)
    cursor.execute("SAVEPOINT thai_chat_dropped")
    session_settings.look_in(cursor, home)
    schema.step_down(connection)
    session_settings.look_in(cursor, "pg_catalog")
    after = swapping.things(cursor, home)
    cursor.execute("ROLLBACK TO SAVEPOINT thai_chat_dropped")
    return [thing for thing in before if thing not in after]


def _build(connection: Connection, cursor: Any, backup: Backup, meter: Meter) -> None:
    """Make the tables in the schema that the search path names, as the backup's version had them, fill them, check
    them, and bring them up to date."""
    schema.step(connection, backup.manifest.revision)
    loading.load(cursor, backup, meter)
    schema.step(connection)
    loading.require_sound(cursor, backup)
    indexing.start_over(cursor.connection)
    generation.begin(cursor)
    cursor.execute(webhook_outbox.RESTORED)
