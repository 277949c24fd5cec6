"""Fills the empty tables of one transaction from a backup: rows first, indexes and foreign keys last, all checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg2
from psycopg2 import sql
from sqlalchemy.dialects.postgresql import JSONB

from thai_chat.domain.errors import StartError
from thai_chat.history.postgres.backup import archive
from thai_chat.history.postgres.backup.archive import Backup, Meter
from thai_chat.history.postgres.backup.manifest import TableCopy
from thai_chat.history.postgres.search import indexing
from thai_chat.history.postgres.sql.tables import metadata

_UNCHANGED = "Nothing was changed. Use another backup."
_KEYS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype IN ('p', 'u', 'x', 'f')
    AND (conrelid = ANY (%(tables)s::regclass[]) OR confrelid = ANY (%(tables)s::regclass[]))
ORDER BY contype <> 'f', conrelid::regclass::text, conname
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY (%(tables)s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
ORDER BY 1
"""
_MISPLACED = """
SELECT EXISTS (SELECT FROM chat_messages WHERE parent_order NOT BETWEEN 0 AND message_order - 1) OR EXISTS (
    SELECT FROM chat_messages m JOIN chat_messages parent ON parent.message_id = m.parent_id
    WHERE parent.session_id <> m.session_id OR parent.message_order >= m.message_order)
"""
_PRESENT = "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(quote_ident(name)) IS NOT NULL ORDER BY name"


def known(backup: Backup) -> list[str]:
    """Return the tables of the backup that are the product's: earlier versions took others of the same owner along."""
    ours = set(metadata.tables) - set(indexing.TABLES)
    return [table.name for table in backup.manifest.tables if table.name in ours]


def lock(cursor: Any, mode: str) -> None:
    """Lock the product's tables as the search path finds them, or wait for whoever has them."""
    names = _present(cursor, [*metadata.tables, "alembic_version"])
    cursor.execute(sql.SQL("LOCK TABLE {} IN {} MODE").format(archive.listed(names), sql.SQL(mode)))


def analyze(cursor: Any) -> None:
    cursor.execute(sql.SQL("ANALYZE {}").format(archive.listed(_present(cursor, list(metadata.tables)))))


def count(cursor: Any) -> int:
    """Return how many rows the product's tables have that a backup would hold."""
    total = 0
    for name in _present(cursor, [name for name in metadata.tables if name not in indexing.TABLES]):
        total += _rows(cursor, name)
    return total


def load(cursor: Any, backup: Backup, meter: Meter) -> None:
    """Fill the tables that the search path finds, which this transaction has made. Raises StartError."""
    names = known(backup)
    tables = [table for table in backup.manifest.tables if table.name in names]
    made = _present(cursor, [name for name in metadata.tables if name not in indexing.TABLES])
    if set(made) != set(names):
        raise StartError(f"{backup.file} is damaged: it does not have the tables of its version. Use another backup.")
    dropped = _strip(cursor, names)
    done, total = 0, backup.size_bytes
    for table in tables:
        done = _load_table(cursor, backup, table, meter, done, total)
    for table in tables:
        meter(f"checking {table.name}", 0, 0)
        _compare(cursor, backup, table)
    for statement in dropped:
        meter("building indexes", 0, 0)
        cursor.execute(statement)
    for table in tables:
        cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table.name)))


def require_sound(cursor: Any, backup: Backup) -> None:
    """Refuse rows that no constraint refuses and no reader expects, in tables that are up to date. Raises
    StartError."""
    cursor.execute(_MISPLACED)
    if cursor.fetchone()[0]:
        raise StartError(
            f"{backup.file} is damaged: chat_messages has a message that stands below none before it. {_UNCHANGED}"
        )
    for table in metadata.tables.values():
        for column in (column for column in table.columns if isinstance(column.type, JSONB)):
            statement = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE jsonb_typeof({}) <> {})")
            expected = column.info.get("json", "object")
            name, kind = sql.Identifier(column.name), sql.Literal(expected)
            cursor.execute(statement.format(sql.Identifier(table.name), name, kind))
            if cursor.fetchone()[0]:
                raise StartError(
                    f"{backup.file} is damaged: {table.name} has a row whose {column.name} is no JSON "
                    f"{'list' if expected == 'array' else expected}. {_UNCHANGED}"
                )


def _strip(cursor: Any, names: Sequence[str]) -> list[str]:
    """Drop keys and indexes of the tables; return the statements that make them again, in order."""
    cursor.execute(_KEYS, {"tables": list(names)})
    keys = cursor.fetchall()
    cursor.execute(_INDEXES, {"tables": list(names)})
    indexes = cursor.fetchall()
    for table, key, _ in keys:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {key}")
    for index, _ in indexes:
        cursor.execute(f"DROP INDEX {index}")
    added = [f"ALTER TABLE {table} ADD CONSTRAINT {key} {definition}" for table, key, definition in reversed(keys)]
    foreign = [statement for statement in added if "FOREIGN KEY" in statement]
    return [
        *(statement for statement in added if statement not in foreign),
        *(definition for _, definition in indexes),
        *foreign,
    ]


def _load_table(cursor: Any, backup: Backup, table: TableCopy, meter: Meter, done: int, total: int) -> int:
    """Fill a table and return how many bytes are done after it."""
    name = sql.Identifier(table.name)
    # The rows that triggers derive are in the backup already.
    cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
    # FREEZE, since nobody else sees the table yet: nothing has to look at these rows again to clean up after the load.
    copy = sql.SQL("COPY {} ({}) FROM STDIN WITH (FREEZE)").format(name, archive.listed(table.columns))

    def count_bytes(size: int) -> None:
        nonlocal done
        done += size
        meter(table.name, done, total)

    with backup.rows(table) as rows:
        rows.on_read = count_bytes
        try:
            cursor.copy_expert(copy, rows, archive.CHUNK_BYTES)
        except (psycopg2.DataError, psycopg2.IntegrityError) as error:
            # The server's sentence would quote the row.
            raise StartError(f"{backup.file} is damaged: {table.name} has a row that can't be read.") from error
        except psycopg2.Error:
            if rows.failure:
                raise rows.failure from None
            raise
        rows.check()
    _continue_numbers(cursor, table)
    return done


def _compare(cursor: Any, backup: Backup, table: TableCopy) -> None:
    if backup.manifest.is_pinned:
        found = archive.digest(cursor.connection, table)
        is_right = found == (table.rows, table.sha256)
    else:
        is_right = _rows(cursor, table.name) == table.rows
    if not is_right:
        raise StartError(f"{table.name} did not arrive as it was saved. Nothing was changed.")


def _continue_numbers(cursor: Any, table: TableCopy) -> None:
    for column in table.columns:
        cursor.execute("SELECT pg_get_serial_sequence(quote_ident(%s), %s)", (table.name, column))
        if sequence := cursor.fetchone()[0]:
            last = sql.SQL("SELECT setval(%s, max({})) FROM {}")
            cursor.execute(last.format(sql.Identifier(column), sql.Identifier(table.name)), (sequence,))


def _present(cursor: Any, names: Sequence[str]) -> list[str]:
    cursor.execute(_PRESENT, (list(names),))
    return [name for (name,) in cursor.fetchall()]


def _rows(cursor: Any, table: str) -> int:
    cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
    return int(cursor.fetchone()[0])
