"""Publications that have the product's tables: they get those that take the place of the old ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg2 import sql

from thai_chat.domain.errors import StartError
from thai_chat.history.postgres.backup import operators

# Expects a search path of pg_catalog alone, as `operators` does.
_OF_TABLES = """
SELECT p.pubname, c.relname, format('%%I.%%I', n.nspname, c.relname) || {columns} || {rows}
FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid JOIN pg_class c ON c.oid = r.prrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.prrelid = ANY (%(tables)s::regclass[]) ORDER BY 1, 2
"""
_SOME_COLUMNS = """coalesce((SELECT ' (' || string_agg(quote_ident(a.attname), ', ') || ')' FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum = ANY (r.prattrs::int2[])), '')"""
_SOME_ROWS = "coalesce(' WHERE (' || pg_get_expr(r.prqual, c.oid) || ')', '')"
_OF_EVERYTHING = "SELECT pubname FROM pg_publication WHERE puballtables ORDER BY 1"
_OF_SCHEMA = """
SELECT p.pubname FROM pg_publication_namespace n JOIN pg_publication p ON p.oid = n.pnpubid
WHERE n.pnnspid = to_regnamespace(quote_ident(%s)) ORDER BY 1"""
_PARTS_SINCE = 150_000
"""The version of PostgreSQL whose publications have parts of tables, and whole schemas."""

Published = Sequence[tuple[str, str, str]]
"""The name of the publication, a table without its schema, and what is published of it."""


def of_tables(cursor: Any, tables: Sequence[str]) -> Published:
    """Return what the publications have of the tables, whose names have their schemas."""
    has_parts = cursor.connection.server_version >= _PARTS_SINCE
    columns, rows = (_SOME_COLUMNS, _SOME_ROWS) if has_parts else ("''", "''")
    cursor.execute(_OF_TABLES.format(columns=columns, rows=rows), {"tables": list(tables)})
    return list(cursor.fetchall())


def require_bearable(cursor: Any, home: str, *, in_place: bool) -> None:
    """Raise StartError where subscribers would be sent the rows of tables that they do not have, or have already.

    `in_place` says that the new tables are filled where the old ones were, and not in a schema of their own.
    """
    cursor.execute(_OF_EVERYTHING)
    found = [name for (name,) in cursor.fetchall()]
    if in_place:
        found += of_schema(cursor, home)
    if found:
        raise StartError(
            f"The publication {', '.join(found)} publishes every table that is made, and its subscribers would stop at "
            "those that a restore makes. Drop it, and make it again afterwards. Nothing was changed."
        )


def of_schema(cursor: Any, home: str) -> list[str]:
    """Return the names of the publications of all tables of the schema."""
    if cursor.connection.server_version < _PARTS_SINCE:
        return []
    cursor.execute(_OF_SCHEMA, (home,))
    return [name for (name,) in cursor.fetchall()]


def change(cursor: Any, published: Published, left: list[str], *, kept: str | None) -> None:
    """Publish the tables of the names that are there now, and no longer those that were moved into the schema `kept`.

    What can't be published of them is added to `left`. Raises psycopg2.Error where the role may not.
    """
    for publication, table, what in published:
        name = sql.Identifier(publication).as_string(cursor)
        if kept:
            cursor.execute(f"ALTER PUBLICATION {name} DROP TABLE {sql.Identifier(kept, table).as_string(cursor)}")
        label = f"table {table} of the publication {publication}"
        operators.attempt(cursor, f"ALTER PUBLICATION {name} ADD TABLE {what}", label, left)
