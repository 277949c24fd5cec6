"""Every table of the product in one file, and back: independent of the server's version, checked on both ways.

The search index is left out: it is made anew, in the background, from what was restored.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import IO

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ
from psycopg2.extensions import connection as Connection

from thai_chat.domain.errors import HistoryUnavailable, StartError
from thai_chat.history import indexing, probe

_FORMAT = "thai-chat-backup/1"
_MANIFEST = "manifest.json"
_CHUNK_BYTES = 1 << 20
# Ours are the tables that live beside Alembic's and belong to its owner; the user may have others in the database.
_OURS = """
SELECT ours.oid, ours.relname FROM pg_class ours JOIN pg_class alembic
  ON ours.relnamespace = alembic.relnamespace AND ours.relowner = alembic.relowner
WHERE alembic.oid = to_regclass('alembic_version') AND ours.oid <> alembic.oid
  AND ours.relkind IN ('r', 'p') AND NOT ours.relispartition AND ours.relname <> ALL (%s)
"""
_COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
_REFERENCES = """
SELECT child.relname, parent.relname FROM pg_constraint
JOIN pg_class child ON child.oid = conrelid JOIN pg_class parent ON parent.oid = confrelid
WHERE contype = 'f' AND child.relname = ANY(%(tables)s) AND parent.relname = ANY(%(tables)s) AND child <> parent
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCopy:
    name: str
    columns: Sequence[str]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    made_at: str
    revision: str
    tables: Sequence[TableCopy]
    """A table comes after those it refers to."""

    @property
    def rows(self) -> Mapping[str, int]:
        return {table.name: table.rows for table in self.tables}


def save(address: str, file: Path) -> Manifest:
    """Writes `file` (mode 0600), whole or not at all, from one moment of the database, which may be in use meanwhile.

    Raises HistoryUnavailable, or StartError when the file can't be written or there is nothing to save.
    """
    with _foreign_errors(file), closing(probe.connect(address)) as connection:
        connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
        revision = probe.revision(connection)
        if revision is None:
            raise StartError("The database holds no chats of Thai Chat yet; there is nothing to back up.")
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = file.with_name(f"{file.name}.partial")
        try:
            with open(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as output:
                manifest = _write(connection, revision, output)
                output.flush()
                os.fsync(output.fileno())
            partial.rename(file)
        finally:
            partial.unlink(missing_ok=True)
    return manifest


def verify(file: Path) -> Manifest:
    """Reads the whole file and compares every table with the manifest. Raises StartError."""
    with _foreign_errors(file), zipfile.ZipFile(file) as archive:
        manifest = _read_manifest(archive, file)
        for table in manifest.tables:
            digest = hashlib.sha256()
            with archive.open(_entry(table.name)) as rows:
                while chunk := rows.read(_CHUNK_BYTES):
                    digest.update(chunk)
            if digest.hexdigest() != table.sha256:
                raise StartError(f"{file} is damaged: {table.name} is not what was saved. Use another backup.")
    return manifest


def count_rows(address: str) -> int:
    """Rows in tables of the product; 0 also when there are none yet."""
    with _foreign_errors(None), closing(probe.connect(address)) as connection, connection:
        return sum(_count(connection, table) for table in _tables(connection))


def count_other_connections(address: str) -> int:
    with _foreign_errors(None), closing(probe.connect(address)) as connection, connection:
        return _one(connection, _OTHERS)


def load(address: str, file: Path, *, rebuild: Callable[[str], None]) -> Manifest:
    """Puts what `save` wrote into the database, all or nothing, after `rebuild` has made it empty.

    `rebuild` is called with the revision of the schema that the backup was made from. Raises as `save` does.
    """
    manifest = verify(file)
    rebuild(manifest.revision)
    with _foreign_errors(file), zipfile.ZipFile(file) as archive, closing(probe.connect(address)) as connection:
        with connection:
            for table in manifest.tables:
                _load_table(connection, archive, table)
            indexing.start_over(connection)
        with connection, connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return manifest


def _write(connection: Connection, revision: str, output: IO[bytes]) -> Manifest:
    tables = []
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for name in _tables(connection):
            tables.append(_save_table(connection, archive, name))
        manifest = Manifest(made_at=datetime.now(UTC).isoformat(timespec="seconds"), revision=revision, tables=tables)
        described = {
            "format": _FORMAT,
            "made_at": manifest.made_at,
            "revision": revision,
            "tables": [
                {"name": table.name, "columns": table.columns, "rows": table.rows, "sha256": table.sha256}
                for table in tables
            ],
        }
        archive.writestr(_MANIFEST, json.dumps(described, indent=1))
    return manifest


def _save_table(connection: Connection, archive: zipfile.ZipFile, name: str) -> TableCopy:
    columns = _columns(connection, name)
    statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(_listed(columns), sql.Identifier(name))
    with archive.open(_entry(name), "w", force_zip64=True) as entry, connection.cursor() as cursor:
        output = _Hashed(entry)
        cursor.copy_expert(statement, output, _CHUNK_BYTES)
        return TableCopy(name=name, columns=columns, rows=cursor.rowcount, sha256=output.digest.hexdigest())


def _load_table(connection: Connection, archive: zipfile.ZipFile, table: TableCopy) -> None:
    name, columns = sql.Identifier(table.name), _listed(table.columns)
    with archive.open(_entry(table.name)) as rows, connection.cursor() as cursor:
        # What triggers derived is in the backup already; foreign keys are still checked.
        cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
        cursor.copy_expert(sql.SQL("COPY {} ({}) FROM STDIN").format(name, columns), rows, _CHUNK_BYTES)
        if cursor.rowcount != table.rows:
            raise StartError(f"{table.name}: {cursor.rowcount} of {table.rows} rows arrived. Nothing was restored.")
        cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name))
        for column in table.columns:
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", (table.name, column))
            if sequence := cursor.fetchone()[0]:
                last = sql.SQL("SELECT setval(%s, max({})) FROM {}").format(sql.Identifier(column), name)
                cursor.execute(last, (sequence,))


class _Hashed:
    """Passes bytes on to a file and hashes them on the way."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, chunk: bytes) -> int:
        self.digest.update(chunk)
        return self._file.write(chunk)


def _read_manifest(archive: zipfile.ZipFile, file: Path) -> Manifest:
    try:
        described = json.loads(archive.read(_MANIFEST))
        if described["format"] != _FORMAT:
            raise StartError(f"{file} was made by a newer Thai Chat: update this one, then restore.")
        return Manifest(
            made_at=described["made_at"],
            revision=described["revision"],
            tables=[TableCopy(**table) for table in described["tables"]],
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise StartError(f"{file} is not a backup that ./manage.sh backup made.") from exc


def _tables(connection: Connection) -> list[str]:
    """A table comes after those it refers to."""
    with connection.cursor() as cursor:
        cursor.execute(_OURS, (list(indexing.TABLES),))
        names = sorted(name for _, name in cursor.fetchall())
        cursor.execute(_REFERENCES, {"tables": names})
        order = TopologicalSorter({name: set[str]() for name in names})
        for child, parent in cursor.fetchall():
            order.add(child, parent)
        return list(order.static_order())


def _columns(connection: Connection, table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, (table,))
        return [name for (name,) in cursor.fetchall()]


def _listed(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _count(connection: Connection, table: str) -> int:
    return _one(connection, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))


def _one(connection: Connection, statement: str | sql.Composed) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


def _entry(table: str) -> str:
    return f"{table}.copy"


@contextmanager
def _foreign_errors(file: Path | None) -> Iterator[None]:
    try:
        yield
    except psycopg2.OperationalError as exc:
        raise HistoryUnavailable(probe.said(exc)) from exc
    except psycopg2.Error as exc:
        raise StartError(f"The database refused: {probe.said(exc)}") from exc
    except (zipfile.BadZipFile, zlib.error, EOFError) as exc:
        raise StartError(f"{file} is damaged or no backup: {exc}. Use another one.") from exc
    except OSError as exc:
        raise StartError(f"{file} can't be used: {exc.strerror or exc}.") from exc
