"""Puts one set of the product's tables into the place of another, in one transaction, with what hangs on them.

Tables, views, sequences, functions and types change their schema, which costs nothing; rights are copied, and views of
other people are made again over the new tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql

from thai_chat.domain.errors import StartError
from thai_chat.history import session_settings

# Sequences that belong to a column, indexes, and the types of tables go with their table.
_THINGS = """
SELECT 'TABLE', c.relname, format('%%I.%%I', n.nspname, c.relname)
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

_RELATION_GRANTS = """
SELECT c.relname, '', g.privilege_type, CASE g.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(g.grantee) END,
    g.is_grantable
FROM pg_class c, aclexplode(c.relacl) g
WHERE c.relnamespace = to_regnamespace(quote_ident(%(schema)s)) AND c.relname = ANY (%(names)s)
    AND g.grantee <> c.relowner
UNION ALL
SELECT c.relname, a.attname, g.privilege_type, CASE g.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(g.grantee) END,
    g.is_grantable
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) g
WHERE c.relnamespace = to_regnamespace(quote_ident(%(schema)s)) AND c.relname = ANY (%(names)s)
"""

# The depth orders views over views.
_VIEWS = """
WITH RECURSIVE found (oid, kind, depth) AS (
    SELECT r.ev_class, c.relkind, 1 FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
        JOIN pg_class c ON c.oid = r.ev_class
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid = ANY (%(tables)s::regclass[]) AND r.ev_class <> ALL (%(tables)s::regclass[])
    UNION
    SELECT r.ev_class, c.relkind, found.depth + 1 FROM found
        JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = found.oid
        JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        JOIN pg_class c ON c.oid = r.ev_class
    WHERE r.ev_class <> found.oid
)
SELECT oid::regclass::text, kind, pg_get_viewdef(oid), max(depth) FROM found GROUP BY oid, kind ORDER BY 4, 1
"""

_REFERENCES = """
SELECT conname, conrelid::regclass::text FROM pg_constraint
WHERE contype = 'f' AND confrelid = ANY (%(tables)s::regclass[]) AND conrelid <> ALL (%(tables)s::regclass[])
"""


@dataclass(frozen=True, slots=True)
class Thing:
    kind: str
    """As ALTER says it."""
    name: str
    full_name: str
    """With its schema, and quoted where that is needed."""


def things(cursor: Any, schema: str) -> list[Thing]:
    """All in the schema, whoever made it, but what belongs to extensions. The search path must be pg_catalog's."""
    cursor.execute(_THINGS, {"schema": schema})
    return [Thing(*row) for row in cursor.fetchall()]


def require_alone(cursor: Any, tables: Sequence[str]) -> None:
    """Raises StartError when things of other people hang on the tables that can't be put on others."""
    cursor.execute(_REFERENCES, {"tables": list(tables)})
    hanging = [f"the constraint {name} of {table}" for name, table in cursor.fetchall()]
    cursor.execute(_VIEWS, {"tables": list(tables)})
    hanging += [f"the materialized view {name}" for name, kind, *_ in cursor.fetchall() if kind == "m"]
    if hanging:
        raise StartError(
            f"Other things in the database hang on the tables of Thai Chat: {', '.join(hanging)}. "
            "Drop them, and make them again afterwards. Nothing was changed."
        )


def replace(cursor: Any, home: str, names: set[tuple[str, str]], *, kept: str, new: str) -> None:
    """Moves the things of these kinds and names from `home` to `kept`, and all that is in `new` to `home`.

    Waits for whoever reads them. Raises StartError as `require_alone` does.
    """
    session_settings.look_in(cursor, "pg_catalog")
    old = [thing for thing in things(cursor, home) if (thing.kind, thing.name) in names]
    tables = [thing for thing in old if thing.kind == "TABLE"]
    full_names = [thing.full_name for thing in tables]
    require_alone(cursor, full_names)
    if full_names:
        cursor.execute(f"LOCK TABLE {', '.join(full_names)} IN ACCESS EXCLUSIVE MODE")
    cursor.execute(_VIEWS, {"tables": full_names})
    views = [(name, definition) for name, _, definition, _ in cursor.fetchall()]
    cursor.execute(_RELATION_GRANTS, {"schema": home, "names": [thing.name for thing in tables]})
    grants = cursor.fetchall()
    _move(cursor, old, kept)
    _move(cursor, things(cursor, new), home)
    for name, definition in views:
        cursor.execute(f"CREATE OR REPLACE VIEW {name} AS {definition}")
    for grant in grants:
        _grant(cursor, home, *grant)


def _move(cursor: Any, moved: Sequence[Thing], schema: str) -> None:
    for thing in moved:
        target = sql.Identifier(schema).as_string(cursor)
        cursor.execute(f"ALTER {thing.kind} {thing.full_name} SET SCHEMA {target}")


def _grant(
    cursor: Any, schema: str, table: str, column: str, privilege: str, grantee: str | None, may_grant: bool
) -> None:
    cursor.execute("SELECT to_regclass(format('%%I.%%I', %s::text, %s::text)) IS NOT NULL", (schema, table))
    if not cursor.fetchone()[0]:
        return
    statement = "GRANT " + privilege + (" ({column})" if column else "") + " ON TABLE {table} TO {grantee}"
    cursor.execute(
        sql.SQL(statement + (" WITH GRANT OPTION" if may_grant else "")).format(
            column=sql.Identifier(column),
            table=sql.Identifier(schema, table),
            grantee=sql.Identifier(grantee) if grantee else sql.SQL("PUBLIC"),
        )
    )
