"""Settings of an operator on the product's tables: read from those that leave, put on those that take their place.

Rights, row-level security, comments, owners, storage parameters, publications, and indexes, triggers and constraints
of the operator's own belong to one table and would stay with it. PostgreSQL writes each of them as a statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2

# All statements here expect a search path of pg_catalog alone: only then PostgreSQL writes every name with its schema.
# A routine is named without its arguments where that is enough: another version's may have others.
_OBJECTS = """
WITH tables AS (
    SELECT c.*, format('%%I.%%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY (%(tables)s::regclass[])
), objects (classid, oid, kind, name, owner, given, acl) AS (
    SELECT 'pg_class'::regclass, oid, 'TABLE', name, relowner, relacl, coalesce(relacl, acldefault('r', relowner))
    FROM tables
    UNION ALL
    SELECT 'pg_class'::regclass, s.oid, 'SEQUENCE', s.oid::regclass::text, s.relowner, s.relacl,
        coalesce(s.relacl, acldefault('s', s.relowner))
    FROM tables t JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid
        AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, 'ROUTINE', CASE WHEN EXISTS (SELECT FROM pg_proc other
            WHERE other.pronamespace = p.pronamespace AND other.proname = p.proname AND other.oid <> p.oid)
        THEN p.oid::regprocedure::text ELSE format('%%I.%%I', n.nspname, p.proname) END, p.proowner, p.proacl,
        coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = ANY (%(routines)s::regprocedure[])
), columns AS (
    SELECT t.oid, t.name, a.* FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
    WHERE NOT a.attisdropped
)
"""
_ROLE = "CASE {0} WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid({0})) END"
_TO = _ROLE.format("g.grantee") + " || CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END"
_OPTIONS = """(SELECT string_agg(format('%%s%%s=%%L', {1}, split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ')
    FROM unnest({0}) o)"""

_OWN_POLICY = "starts_with(p.polname, 'thai_chat_')"  # it comes with the tables
# These settings come before the rest on a table that takes the place of another one: the owner, and what only it may
# change.
_FIRST = f"""
{_OBJECTS}
SELECT format('ALTER %%s %%s OWNER TO %%I', kind, name, pg_get_userbyid(owner)) FROM objects
WHERE kind <> 'SEQUENCE' AND pg_get_userbyid(owner) <> current_user
UNION ALL
SELECT format('ALTER TABLE %%s SET TABLESPACE %%I', name, spcname)
FROM tables JOIN pg_tablespace s ON s.oid = reltablespace
UNION ALL
SELECT format('ALTER TABLE %%s SET (%%s)', name, {_OPTIONS.format("reloptions", "''")}) FROM tables
WHERE cardinality(reloptions) > 0
UNION ALL
SELECT format('ALTER TABLE %%s SET (%%s)', t.name, {_OPTIONS.format("toast.reloptions", "'toast.'")})
FROM tables t JOIN pg_class toast ON toast.oid = t.reltoastrelid WHERE cardinality(toast.reloptions) > 0
UNION ALL
SELECT format('ALTER TABLE %%s ALTER COLUMN %%I SET STATISTICS %%s', name, attname, attstattarget) FROM columns
WHERE attstattarget >= 0
"""

# A part of a table with the statement that makes it; none makes a column again, whose values no backup has.
_PARTS = """
SELECT 'COLUMN', t.relname || '.' || a.attname, NULL
FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE t.oid = ANY (%(tables)s::regclass[])
UNION ALL
SELECT 'INDEX', c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY (%(tables)s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 'CONSTRAINT', t.relname || '.' || c.conname,
    format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', t.oid::regclass, c.conname, pg_get_constraintdef(c.oid))
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE t.oid = ANY (%(tables)s::regclass[]) AND c.contype IN ('p', 'u', 'x', 'f', 'c')
UNION ALL
SELECT 'TRIGGER', t.relname || '.' || g.tgname, pg_get_triggerdef(g.oid) || CASE g.tgenabled WHEN 'O' THEN '' ELSE
    format('; ALTER TABLE %%s %%s TRIGGER %%I', t.oid::regclass, CASE g.tgenabled WHEN 'D' THEN 'DISABLE'
        WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, g.tgname) END
FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
WHERE t.oid = ANY (%(tables)s::regclass[]) AND NOT g.tgisinternal
UNION ALL
SELECT 'RULE', t.relname || '.' || r.rulename, pg_get_ruledef(r.oid)
FROM pg_rewrite r JOIN pg_class t ON t.oid = r.ev_class
WHERE t.oid = ANY (%(tables)s::regclass[]) AND t.relkind IN ('r', 'p')
UNION ALL
SELECT 'STATISTICS', s.stxname, pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext s
WHERE s.stxrelid = ANY (%(tables)s::regclass[])
ORDER BY 1, 2
"""

_LAST = f"""
{_OBJECTS}
SELECT 1, format('ALTER TABLE %%s REPLICA IDENTITY %%s', t.name, CASE t.relreplident WHEN 'n' THEN 'NOTHING'
    WHEN 'f' THEN 'FULL' ELSE 'USING INDEX ' || (SELECT quote_ident(c.relname) FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = t.oid AND i.indisreplident) END)
FROM tables t WHERE t.relreplident <> 'd' AND t.relkind <> 'v'
UNION ALL
SELECT 1, format('CREATE POLICY %%I ON %%s AS %%s FOR %%s TO %%s', p.polname, t.name,
    CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
    CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
        ELSE 'ALL' END,
    (SELECT string_agg({_ROLE.format("role")}, ', ') FROM unnest(p.polroles) AS role))
    || coalesce(' USING (' || pg_get_expr(p.polqual, t.oid) || ')', '')
    || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, t.oid) || ')', '')
FROM pg_policy p JOIN tables t ON t.oid = p.polrelid WHERE NOT {_OWN_POLICY}
UNION ALL
SELECT 2, format('ALTER TABLE %%s ENABLE ROW LEVEL SECURITY', name) FROM tables WHERE relrowsecurity
UNION ALL
SELECT 2, format('ALTER TABLE %%s FORCE ROW LEVEL SECURITY', name) FROM tables WHERE relforcerowsecurity
UNION ALL
SELECT 3, format('COMMENT ON %%s %%s IS %%L', o.kind, o.name, d.description)
FROM objects o JOIN pg_description d ON d.classoid = o.classid AND d.objoid = o.oid AND d.objsubid = 0
WHERE NOT (o.kind = 'TABLE' AND o.name LIKE '%%.alembic\\_version')  -- it tells which chats these are
    AND NOT EXISTS (SELECT FROM tables t WHERE t.name = o.name AND t.relkind = 'v')
UNION ALL
SELECT 3, format('COMMENT ON COLUMN %%s.%%I IS %%L', c.name, c.attname, col_description(c.attrelid, c.attnum))
FROM columns c WHERE col_description(c.attrelid, c.attnum) IS NOT NULL
UNION ALL
SELECT 3, format('COMMENT ON INDEX %%s IS %%L', i.indexrelid::regclass, obj_description(i.indexrelid, 'pg_class'))
FROM pg_index i JOIN tables t ON t.oid = i.indrelid WHERE obj_description(i.indexrelid, 'pg_class') IS NOT NULL
UNION ALL
SELECT 3, format('COMMENT ON CONSTRAINT %%I ON %%s IS %%L', c.conname, t.name, obj_description(c.oid, 'pg_constraint'))
FROM pg_constraint c JOIN tables t ON t.oid = c.conrelid WHERE obj_description(c.oid, 'pg_constraint') IS NOT NULL
UNION ALL
SELECT 3, format('COMMENT ON TRIGGER %%I ON %%s IS %%L', g.tgname, t.name, obj_description(g.oid, 'pg_trigger'))
FROM pg_trigger g JOIN tables t ON t.oid = g.tgrelid WHERE obj_description(g.oid, 'pg_trigger') IS NOT NULL
UNION ALL
SELECT 3, format('COMMENT ON POLICY %%I ON %%s IS %%L', p.polname, t.name, obj_description(p.oid, 'pg_policy'))
FROM pg_policy p JOIN tables t ON t.oid = p.polrelid WHERE obj_description(p.oid, 'pg_policy') IS NOT NULL
UNION ALL
SELECT 4, format('GRANT %%s ON %%s %%s TO %%s', g.privilege_type, o.kind, o.name, {_TO})
FROM objects o, aclexplode(o.acl) g WHERE o.given IS NOT NULL
UNION ALL
SELECT 4, format('GRANT %%s (%%I) ON TABLE %%s TO %%s', g.privilege_type, c.attname, c.name, {_TO})
FROM columns c, aclexplode(c.attacl) g
ORDER BY 1, 2
"""

# The default of a routine lets everybody call it. An operator who set nothing has that, also where defaults of new
# things say otherwise by now.
_UNTOUCHED = f"""
{_OBJECTS}
SELECT o.kind, o.name, format('GRANT %%s ON %%s %%s TO %%s', g.privilege_type, o.kind, o.name, {_TO})
FROM objects o, aclexplode(o.acl) g WHERE o.given IS NULL
UNION ALL
SELECT o.kind, o.name, NULL FROM objects o WHERE o.given IS NOT NULL
"""

# Takes everything off a table that takes the place of another one: defaults of new things, and what it once had itself.
_CLEAN = f"""
{_OBJECTS}
SELECT o.kind, o.name, o.given IS NULL,
    format('REVOKE ALL ON %%s %%s FROM %%s CASCADE', o.kind, o.name, {_ROLE.format("g.grantee")})
FROM objects o, aclexplode(o.acl) g
UNION
SELECT 'TABLE', c.name, false, format('REVOKE ALL (%%I) ON TABLE %%s FROM %%s CASCADE', c.attname, c.name,
    {_ROLE.format("g.grantee")})
FROM columns c, aclexplode(c.attacl) g
UNION ALL
SELECT 'TABLE', t.name, false, format('DROP POLICY %%I ON %%s', p.polname, t.name)
FROM pg_policy p JOIN tables t ON t.oid = p.polrelid WHERE NOT {_OWN_POLICY}
UNION ALL
SELECT 'TABLE', name, false,
    format('ALTER TABLE %%s DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY', name)
FROM tables WHERE relforcerowsecurity OR
    relrowsecurity AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = tables.oid AND {_OWN_POLICY})
"""

# Tables that had none before them were made in another schema, where the defaults of their own did not hold.
_DEFAULTS = f"""
{_OBJECTS}
SELECT o.kind, o.name, format('GRANT %%s ON %%s %%s TO %%s', g.privilege_type, o.kind, o.name, {_TO})
FROM objects o JOIN pg_default_acl d ON d.defaclrole = o.owner
    AND d.defaclnamespace = to_regnamespace(quote_ident(%(schema)s))
    AND d.defaclobjtype = CASE o.kind WHEN 'TABLE' THEN 'r' WHEN 'SEQUENCE' THEN 'S' ELSE 'f' END,
    aclexplode(d.defaclacl) g
"""

_STATISTICS = """
SELECT format('DROP STATISTICS %%I.%%I', n.nspname, s.stxname)
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE s.stxrelid = ANY (%(tables)s::regclass[])
"""

Parts = set[tuple[str, str]]
"""Kinds and names of columns, indexes, constraints, triggers, rules and statistics."""
_MISSING = (
    psycopg2.errors.UndefinedObject,
    psycopg2.errors.UndefinedTable,
    psycopg2.errors.UndefinedColumn,
    psycopg2.errors.UndefinedFunction,
)


@dataclass(frozen=True, slots=True)
class TableSettings:
    """Settings of the tables and routines of one schema, as statements over the names that they have there."""

    first: Sequence[str]
    parts: Sequence[tuple[str, str, str | None]]
    last: Sequence[str]
    untouched: Sequence[tuple[str, str, str | None]]
    """Kinds and names of all objects, and a right that each has which nobody gave or took."""


def parts_of(cursor: Any, tables: Sequence[str]) -> Parts:
    cursor.execute(_PARTS, {"tables": list(tables)})
    return {(kind, name) for kind, name, _ in cursor.fetchall()}


def taken(cursor: Any, tables: Sequence[str], routines: Sequence[str], *, made: Parts) -> TableSettings:
    """Read what is set on the tables and routines, whose names have their schemas. `made` are the product's parts."""
    of = {"tables": list(tables), "routines": list(routines)}
    cursor.execute(_PARTS, of)
    parts = [part for part in cursor.fetchall() if part[:2] not in made]
    cursor.execute(_UNTOUCHED, of)
    untouched = cursor.fetchall()
    return TableSettings(
        first=_statements(cursor, _FIRST, of),
        parts=parts,
        last=_statements(cursor, _LAST, of),
        untouched=untouched,
    )


def drop_statistics(cursor: Any, tables: Sequence[str]) -> None:
    """Drop the extended statistics of tables that move away, whose names those of the new ones need."""
    for statement in _statements(cursor, _STATISTICS, {"tables": list(tables)}):
        cursor.execute(statement)


def put(
    cursor: Any, settings: TableSettings, tables: Sequence[str], routines: Sequence[str], *, schema: str
) -> list[str]:
    """Set on the tables and routines, which are in `schema`, what was set on those whose place they have taken.

    What they once had themselves goes. Returns what could not be set, because this version's tables lack what it is
    about. Raises psycopg2.Error where the role may not.
    """
    left: list[str] = []
    of = {"tables": list(tables), "routines": list(routines), "schema": schema}
    had = {(kind, name) for kind, name, _ in settings.untouched}
    for statement in settings.first:
        attempt(cursor, statement, statement, left)
    _add_parts(cursor, settings, tables, left)
    as_made = _clean(cursor, settings, of)
    for statement in settings.last:
        attempt(cursor, statement, statement, left)
    for kind, name, right in settings.untouched:
        if right and (kind, name) not in as_made:
            attempt(cursor, right, right, [])
    cursor.execute(_DEFAULTS, of)
    for kind, name, right in cursor.fetchall():
        if (kind, name) not in had:
            cursor.execute(right)
    return left


def _clean(cursor: Any, settings: TableSettings, of: dict[str, Any]) -> set[tuple[str, str]]:
    """Take off what is set; the kinds and names of those that nobody had set anything on, neither then nor now."""
    cursor.execute(_CLEAN, of)
    found = cursor.fetchall()
    had = {(kind, name) for kind, name, _ in settings.untouched}
    untouched = {(kind, name) for kind, name, right in settings.untouched if right}
    for kind, name, is_default, statement in found:
        if (kind, name) in had and not (is_default and (kind, name) in untouched):
            cursor.execute(statement)
    return {(kind, name) for kind, name, is_default, _ in found if is_default}


def _statements(cursor: Any, query: str, of: dict[str, list[str]]) -> list[str]:
    cursor.execute(query, of)
    return [row[-1] for row in cursor.fetchall()]


def _add_parts(cursor: Any, settings: TableSettings, tables: Sequence[str], left: list[str]) -> None:
    there = parts_of(cursor, tables)
    for kind, name, statement in settings.parts:
        label = f"{kind.lower()} {name}"
        if (kind, name) in there:
            continue
        if statement is None:
            left.append(label)
        else:
            attempt(cursor, statement, label, left)


def attempt(cursor: Any, statement: str, label: str, left: list[str]) -> None:
    """Execute the statement, or add the label to what is left when a thing that it names is not there."""
    cursor.execute("SAVEPOINT thai_chat_setting")
    try:
        cursor.execute(statement)
    except _MISSING:
        cursor.execute("ROLLBACK TO SAVEPOINT thai_chat_setting")
        left.append(label)
    cursor.execute("RELEASE SAVEPOINT thai_chat_setting")
