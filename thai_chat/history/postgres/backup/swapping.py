"""Puts one set of the product's tables into the place of another, in one transaction, with what hangs on them.

Tables, views, sequences, functions and types change their schema, which costs nothing; what an operator has set on the
old tables is put on the new ones, and views of other people are made again over them. The product's own views, which
are told by their comments, go with its tables, but not to where something of a person's has their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql

from thai_chat.history.postgres import session_settings
from thai_chat.history.postgres.backup import dependents, operators, publications

# Sequences that belong to a column, indexes, and the types of tables go with their table.
_THINGS = """
SELECT CASE WHEN c.relkind = 'v' AND starts_with(obj_description(c.oid, 'pg_class'), 'Thai Chat: ') THEN 'VIEW'
    ELSE 'TABLE' END, c.relname, format('%%I.%%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p', 'v', 'm')
UNION ALL
SELECT 'SEQUENCE', c.relname, format('%%I.%%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
        AND d.refclassid = 'pg_class'::regclass)
UNION ALL
SELECT 'ROUTINE', p.proname, p.oid::regprocedure::text
FROM pg_proc p WHERE p.pronamespace = to_regnamespace(quote_ident(%(schema)s))
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
        AND d.deptype = 'e')
UNION ALL
SELECT 'TYPE', t.typname, format('%%I.%%I', n.nspname, t.typname)
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE n.nspname = %(schema)s AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
ORDER BY 1, 2
"""


_VIEW = "VIEW"
_NAMES = "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s"
_OF_EARLIER_TEXTS = {("INDEX", f"chat_sessions_{what}_idx") for what in ("live", "archived", "trash", "tags", "folder")}
"""Indexes that 0006 removes from databases of an earlier text of 0002; nobody needs them now."""


@dataclass(frozen=True, slots=True)
class Thing:
    kind: str
    """The kind in ALTER's words."""
    name: str
    full_name: str
    """The name with its schema, and quoted where that is needed."""


def things(cursor: Any, schema: str) -> list[Thing]:
    """Return all in the schema, whoever made it, but what belongs to extensions. The search path must be
    pg_catalog's."""
    cursor.execute(_THINGS, {"schema": schema})
    return [Thing(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Product:
    """The parts of the product's schema of one version."""

    things: set[tuple[str, str]]
    """Kinds and names."""
    parts: operators.Parts


@dataclass(frozen=True, slots=True)
class Moved:
    left_behind: Sequence[str]
    """Settings of an operator on the old tables that are about something which this version's lack."""
    publications: Sequence[str]
    """Publications that have other tables than before, which their subscribers have to be told."""


def described(cursor: Any, schema: str) -> Product:
    """Return all that is in the schema. The search path must be pg_catalog's."""
    found = things(cursor, schema)
    parts = operators.parts_of(cursor, tables_of(found)) | _OF_EARLIER_TEXTS
    return Product({(thing.kind, thing.name) for thing in found}, parts)


def tables_of(found: Sequence[Thing]) -> list[str]:
    """Return the tables, and the product's own views, on which an operator may have set rights too."""
    return [thing.full_name for thing in found if thing.kind in ("TABLE", _VIEW)]


def routines_of(found: Sequence[Thing]) -> list[str]:
    return [thing.full_name for thing in found if thing.kind == "ROUTINE"]


def ours(cursor: Any, schema: str, product: Product) -> list[Thing]:
    """Return those things in the schema that are the product's. The search path must be pg_catalog's."""
    return [thing for thing in things(cursor, schema) if (thing.kind, thing.name) in product.things]


def replace(cursor: Any, home: str, product: Product, *, kept: str, new: str) -> Moved:
    """Move the product's things from `home` to `kept`, and all that is in `new` to `home`, with what hangs on them.

    Waits for whoever reads them. Raises StartError when something can't come over, psycopg2.Error where the role may
    not.
    """
    session_settings.look_in(cursor, "pg_catalog")
    old = ours(cursor, home, product)
    tables, routines = tables_of(old), routines_of(old)
    dependents.require_none(cursor, tables, routines, may_be_remade=True)
    if tables:
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
    remade = dependents.remade(cursor, tables, routines)
    settings = operators.taken(cursor, tables, routines, made=product.parts)
    published = publications.of_tables(cursor, tables)
    operators.drop_statistics(cursor, tables)
    _move(cursor, old, kept)
    _drop_unwanted_views(cursor, new, home)
    coming = {(thing.kind, thing.name) for thing in things(cursor, new)}
    _move(cursor, things(cursor, new), home)
    for statement in remade:
        cursor.execute(statement)
    moved = [thing for thing in things(cursor, home) if (thing.kind, thing.name) in coming]
    left = operators.put(cursor, settings, tables_of(moved), routines_of(moved), schema=home)
    publications.change(cursor, published, left, kept=kept)
    changed = {name for name, *_ in published} | set(publications.of_schema(cursor, home))
    return Moved(left, sorted(changed))


def _drop_unwanted_views(cursor: Any, new: str, home: str) -> None:
    """Drop the product's views in `new` whose names something of a person's has in `home`."""
    cursor.execute(_NAMES, (home,))
    names = {name for (name,) in cursor.fetchall()}
    for thing in things(cursor, new):
        if thing.kind == _VIEW and thing.name in names:
            cursor.execute(f"DROP VIEW {thing.full_name}")


def _move(cursor: Any, moved: Sequence[Thing], schema: str) -> None:
    for thing in moved:
        target = sql.Identifier(schema).as_string(cursor)
        cursor.execute(f"ALTER {thing.kind} {thing.full_name} SET SCHEMA {target}")
