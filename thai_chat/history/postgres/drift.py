"""The differences between a database's tables and those that the migrations make.

The latter are made beside them, on the same server, in a transaction that is rolled back: so nothing has to be kept up
to date here, and what servers of different versions call things does not matter.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import psycopg2
from sqlalchemy import Connection, exc, text

from thai_chat.history.postgres import schema
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.errors import translated

# Each thing with the words that make it what it is, without the name of its schema. Functions are called by name, so
# their arguments belong to what they are.
_THINGS = """
WITH ours AS (
    SELECT * FROM pg_class c WHERE c.relnamespace = CAST(:place AS regnamespace) AND c.relkind = 'r')
SELECT 'table', relname::text, relname::text,
    concat_ws(' ', CASE WHEN relrowsecurity THEN 'SECURE' END, CASE WHEN relforcerowsecurity THEN 'FORCED' END)
FROM ours
UNION ALL
SELECT 'policy', t.relname, t.relname || '.' || p.polname, concat_ws(' ', p.polcmd, p.polpermissive, p.polroles::text,
    pg_get_expr(p.polqual, t.oid), pg_get_expr(p.polwithcheck, t.oid))
FROM ours t JOIN pg_policy p ON p.polrelid = t.oid
UNION ALL
SELECT 'column', t.relname, t.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
    nullif(a.attidentity, ''), nullif(a.attgenerated, ''))
FROM ours t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
UNION ALL
SELECT 'constraint', t.relname, c.conname, pg_get_constraintdef(c.oid) || CASE WHEN c.convalidated THEN '' ELSE ' -' END
FROM ours t JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype IN ('p', 'u', 'f', 'c')
UNION ALL
SELECT 'index', t.relname, c.relname, pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' -' END
FROM ours t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class c ON c.oid = i.indexrelid
UNION ALL
SELECT 'trigger', t.relname, g.tgname, concat_ws(' ', pg_get_triggerdef(g.oid), g.tgenabled)
FROM ours t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
UNION ALL
SELECT 'function', NULL, p.proname, concat_ws(' ', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
    p.provolatile, p.proparallel, p.prosrc)
FROM pg_proc p WHERE p.pronamespace = CAST(:place AS regnamespace)
UNION ALL
SELECT 'view', NULL, v.relname, CASE WHEN v.is_ours THEN concat_ws(' ', v.reloptions::text, pg_get_viewdef(v.oid))
    ELSE :taken END
FROM (SELECT c.*, c.relkind = 'v' AND coalesce(
        starts_with(obj_description(c.oid, 'pg_class'), 'Thai Chat: '), false) AS is_ours FROM pg_class c) v
WHERE v.relnamespace = CAST(:place AS regnamespace) AND (v.is_ours OR v.relname IN ('conversations', 'messages'))
"""
TAKEN = "taken"
_PLACE = "SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('alembic_version')"


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    kind: str
    """table, column, constraint, index, trigger, policy, function or view."""
    name: str
    what: str
    """missing, different, or more: a thing at one of our tables that no migration makes. A view whose name belongs to
    something else of the person's is taken."""


Things = Mapping[tuple[str, str], tuple[str | None, str]]
"""The table and the definition of each thing, by its kind and name."""


def differences(address: str) -> Sequence[Difference]:
    """Return the differences of a database whose revision is the one that this code needs, by their kinds and names.

    Raises HistoryUnavailable, also where the user may not make a schema or the server takes no writes.
    """
    engine = Database(address).engine
    try:
        with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
            transaction = connection.begin()
            try:
                return _differences(connection)
            finally:
                transaction.rollback()
    except (psycopg2.Error, exc.SQLAlchemyError) as error:
        raise translated(error) from error
    finally:
        engine.dispose()


def _differences(connection: Connection) -> list[Difference]:
    place = connection.execute(text(_PLACE)).scalar()
    name = f"thai_chat_drift_{os.getpid()}"
    connection.execute(text(f"CREATE SCHEMA {name}"))
    # Nothing of the database's own is reached from here: what a step looks for by name it finds in the new schema.
    connection.execute(text(f"SET LOCAL search_path TO {name}"))
    schema.step(connection)
    return sorted(_compared(_things(connection, str(place)), _things(connection, name)))


def _things(connection: Connection, place: str) -> Things:
    """Return the definitions in a schema. `place` is its name as SQL has it, in quotes where it needs them."""
    rows = connection.execute(text(_THINGS), {"place": place, "taken": TAKEN})
    return {(kind, name): (table, definition.replace(f"{place}.", "")) for kind, table, name, definition in rows}


def _compared(found: Things, expected: Things) -> Iterator[Difference]:
    tables = {table for table, _ in expected.values() if table}
    for (kind, name), (table, definition) in expected.items():
        if (kind, name) not in found:
            if kind == "table" or table is None or ("table", table) in found:
                yield Difference(kind, name, "missing")
        elif found[kind, name][1] != definition:
            yield Difference(kind, name, TAKEN if found[kind, name][1] == TAKEN else "different")
    for (kind, name), (table, _) in found.items():
        if table in tables and (kind, name) not in expected:
            yield Difference(kind, name, "more")
