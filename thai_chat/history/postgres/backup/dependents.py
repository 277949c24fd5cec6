"""Things of other people that hang on the product's tables, and would follow them when they move.

Views, and functions whose body the server has parsed (BEGIN ATOMIC), are made again in their place. Whatever else the
server knows to depend on the tables stops who would move or drop them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thai_chat.domain.errors import StartError

# Expects a search path of pg_catalog alone. What hangs on a thing of a table (its rules, constraints, defaults) has the
# table as its root; what has one of ours there goes along.
_HANGING = """
WITH RECURSIVE ours (classid, objid) AS (
    SELECT 'pg_class'::regclass::oid, unnest(%(tables)s::regclass[])::oid
    UNION ALL
    SELECT 'pg_proc'::regclass::oid, unnest(%(routines)s::regprocedure[])::oid
    UNION ALL
    SELECT 'pg_class'::regclass::oid, s.oid FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        AND d.refobjid = ANY (%(tables)s::regclass[])
    UNION ALL
    SELECT 'pg_type'::regclass::oid, unnest(ARRAY[oid, typarray]) FROM pg_type
    WHERE typrelid = ANY (%(tables)s::regclass[])
), hanging AS (
    SELECT d.classid, d.objid, d.refclassid, CASE d.classid
        WHEN 'pg_class'::regclass THEN coalesce((SELECT indrelid FROM pg_index WHERE indexrelid = d.objid), d.objid)
        WHEN 'pg_constraint'::regclass THEN (SELECT conrelid FROM pg_constraint WHERE oid = d.objid)
        WHEN 'pg_trigger'::regclass THEN (SELECT tgrelid FROM pg_trigger WHERE oid = d.objid)
        WHEN 'pg_attrdef'::regclass THEN (SELECT adrelid FROM pg_attrdef WHERE oid = d.objid)
        WHEN 'pg_rewrite'::regclass THEN (SELECT ev_class FROM pg_rewrite WHERE oid = d.objid)
        WHEN 'pg_policy'::regclass THEN (SELECT polrelid FROM pg_policy WHERE oid = d.objid)
        WHEN 'pg_statistic_ext'::regclass THEN (SELECT stxrelid FROM pg_statistic_ext WHERE oid = d.objid)
        WHEN 'pg_publication_rel'::regclass THEN (SELECT prrelid FROM pg_publication_rel WHERE oid = d.objid)
        WHEN 'pg_type'::regclass THEN (SELECT typrelid FROM pg_type WHERE oid = d.objid)
        ELSE d.objid END AS root
    FROM pg_depend d JOIN ours o ON o.classid = d.refclassid AND o.objid = d.refobjid WHERE d.deptype = 'n'
), foreign_ones AS (
    SELECT h.* FROM hanging h WHERE NOT EXISTS (SELECT FROM ours o WHERE o.objid = h.root
        AND o.classid = CASE h.classid WHEN 'pg_proc'::regclass THEN h.classid ELSE 'pg_class'::regclass END)
), views (oid, kind, is_first) AS (
    SELECT c.oid, c.relkind, true FROM foreign_ones f JOIN pg_class c ON c.oid = f.root
    WHERE f.classid = 'pg_rewrite'::regclass AND c.relkind IN ('v', 'm')
    UNION
    SELECT c.oid, c.relkind, false FROM views v
        JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = v.oid
        JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        JOIN pg_class c ON c.oid = r.ev_class AND c.oid <> v.oid AND c.relkind IN ('v', 'm')
)
"""
_STOPPING = f"""
{_HANGING}
SELECT pg_describe_object(f.classid, f.objid, 0) FROM foreign_ones f
WHERE NOT (%(may_be_remade)s AND (
    f.classid = 'pg_rewrite'::regclass AND f.root IN (SELECT oid FROM views WHERE kind = 'v')
    OR f.classid = 'pg_proc'::regclass AND f.refclassid <> 'pg_type'::regclass))
UNION
SELECT 'materialized view ' || oid::regclass::text FROM views WHERE kind = 'm'
ORDER BY 1
"""
_REMADE = f"""
{_HANGING}
SELECT format('CREATE OR REPLACE VIEW %%s%%s AS %%s', v.oid::regclass, ' WITH (' || (SELECT string_agg(
        format('%%s=%%L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ')
        FROM unnest(c.reloptions) o) || ')', pg_get_viewdef(v.oid))
FROM views v JOIN pg_class c ON c.oid = v.oid WHERE v.is_first
UNION
SELECT pg_get_functiondef(f.objid) FROM foreign_ones f WHERE f.classid = 'pg_proc'::regclass
"""


def require_none(cursor: Any, tables: Sequence[str], routines: Sequence[str], *, may_be_remade: bool) -> None:
    """Raise StartError when things of other people hang on the tables and routines, whose names have their schemas.

    Those that `remade` makes again do not count where they may be.
    """
    of = {"tables": list(tables), "routines": list(routines), "may_be_remade": may_be_remade}
    cursor.execute(_STOPPING, of)
    if hanging := [what for (what,) in cursor.fetchall()]:
        raise StartError(
            f"Other things in the database hang on the tables of Thai Chat: {', '.join(hanging)}. "
            "Drop them, and make them again afterwards. Nothing was changed."
        )


def remade(cursor: Any, tables: Sequence[str], routines: Sequence[str]) -> list[str]:
    """Return the statements that make views and functions again over the tables of the same names.

    They keep their owners, rights, comments and options, and whatever hangs on them.
    """
    cursor.execute(_REMADE, {"tables": list(tables), "routines": list(routines)})
    return [statement for (statement,) in cursor.fetchall()]
