"""Every table of the product in one file: written from one moment of the database, and read back with all checks.

The search index is left out: it is made anew, in the background, from what was restored.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ
from psycopg2.extensions import connection as Connection

from thai_chat.domain.errors import StartError
from thai_chat.history.postgres import probe, session_settings
from thai_chat.history.postgres.backup import unfinished
from thai_chat.history.postgres.backup.failures import damages, foreign_errors
from thai_chat.history.postgres.backup.manifest import Manifest, TableCopy, read_manifest, write_manifest
from thai_chat.history.postgres.search import indexing
from thai_chat.history.postgres.sql.tables import metadata

Meter = Callable[[str, int, int], None]
"""Told what is under way, how many bytes of it are done, and of how many: 0 where that is not known."""

CHUNK_BYTES = 1 << 17
"""The bytes that are unpacked while the server is at what came before."""
LINE_BYTES = 160_000_000
"""The most bytes of a row as COPY writes it. An import takes sessions of 100 MB at the most, and COPY and JSON together
write no character of theirs longer than by half. A server quotes what it can't read, so that longer rows fill the
memory."""
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Others unpack all of an entry at once, whatever is asked for."""
# Tables of these names are the product's when they live beside Alembic's; the user may have others in the database.
_OURS = """
SELECT ours.relname FROM pg_class ours JOIN pg_class alembic ON ours.relnamespace = alembic.relnamespace
WHERE alembic.oid = to_regclass('alembic_version') AND ours.relkind IN ('r', 'p') AND ours.relname = ANY (%s)
ORDER BY ours.relname
"""
_COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""


def save(address: str, file: Path, meter: Meter = lambda *_: None) -> Manifest:
    """Write `file` (mode 0600), whole or not at all, from one moment of the database, which may be in use meanwhile.

    What was written is read back before it gets its name. Raises HistoryUnavailable, or StartError when the file can't
    be written or there is nothing to save.
    """
    with foreign_errors(file), closing(probe.connect(address)) as connection:
        names = _found(connection)
        connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ)
        _hold(connection, names)
        revision = probe.revision(connection)
        assert revision is not None, "the tables are locked"
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with unfinished.opened(file) as output:
            manifest = _write(connection, revision, names, output, meter)
            output.flush()
            os.fsync(output.fileno())
            verify(Path(output.name))
    return manifest


def verify(file: Path) -> Manifest:
    """Read the whole file and compare every table with the manifest. Raises StartError."""
    with opened(file) as backup:
        for table in backup.manifest.tables:
            with backup.rows(table) as rows:
                while rows.read(CHUNK_BYTES):
                    pass
                rows.check()
        return backup.manifest


class Backup:
    """An open backup, whose entries are known to be those that the manifest names."""

    def __init__(self, archive: zipfile.ZipFile, file: Path) -> None:
        """Read the manifest of `archive`. Raises StartError when the file is no backup, or one of a later version."""
        self.file = file
        self._archive = archive
        if any(entry.compress_type not in _PACKED for entry in archive.infolist()):
            raise StartError(f"{file} is not a backup that ./manage.sh backup made: it is packed in another way.")
        found = Counter(archive.namelist())
        self.manifest = read_manifest(archive, file)
        for table in self.manifest.tables:
            if found[_entry(table.name)] != 1:
                raise StartError(f"{file} is damaged: it must have {table.name} once. Use another backup.")

    @property
    def size_bytes(self) -> int:
        """How much all rows are, unpacked."""
        return sum(self._archive.getinfo(_entry(table.name)).file_size for table in self.manifest.tables)

    @contextmanager
    def rows(self, table: TableCopy) -> Iterator[RowsFile]:
        with damages(self.file):
            rows = self._archive.open(_entry(table.name))
        with rows:
            yield RowsFile(rows, self.file, table)


class RowsFile:
    """The rows of one table as COPY takes them, hashed on the way."""

    def __init__(self, rows: IO[bytes], file: Path, table: TableCopy) -> None:
        self._rows = rows
        self._file = file
        self._table = table
        self._digest = hashlib.sha256()
        self._line_bytes = 0
        """The bytes read of the row that has begun."""
        self.on_read: Callable[[int], None] = lambda _: None
        self.failure: StartError | None = None
        """The error that `read` raised, for a caller that let psycopg2 read, which tells it in words of its own."""

    def read(self, size: int) -> bytes:
        try:
            with foreign_errors(self._file), damages(self._file):
                chunk = self._rows.read(size)
            self._measure(chunk)
        except StartError as error:
            self.failure = error
            raise
        self._digest.update(chunk)
        self.on_read(len(chunk))
        return chunk

    def _measure(self, chunk: bytes) -> None:
        ended = chunk.rfind(b"\n")
        self._line_bytes = len(chunk) - ended - 1 if ended >= 0 else self._line_bytes + len(chunk)
        if self._line_bytes > LINE_BYTES:
            raise StartError(
                f"{self._file} is damaged: {self._table.name} has a row of more than {LINE_BYTES // 1_000_000} MB, and "
                "Thai Chat stores none so long. Use another backup."
            )

    def check(self) -> None:
        """Compare what was read to its end with what was saved. Raises StartError when it is not the same."""
        if self._digest.hexdigest() != self._table.sha256:
            raise StartError(f"{self._file} is damaged: {self._table.name} is not what was saved. Use another backup.")


@contextmanager
def opened(file: Path) -> Iterator[Backup]:
    """Open a backup. Raises StartError, also for what is found to be damaged while it is read."""
    with foreign_errors(file):
        with damages(file):
            archive = zipfile.ZipFile(file)
        with archive:
            with damages(file):
                backup = Backup(archive, file)
            yield backup


def digest(connection: Connection, table: TableCopy) -> tuple[int, str]:
    """Return how many rows the table has, and their hash as the manifest has it, in the order in which they were put
    in."""
    output = _Hashed(None)
    with connection.cursor() as cursor:
        cursor.copy_expert(_copy_out(table.name, table.columns), output, CHUNK_BYTES)
        return cursor.rowcount, output.digest.hexdigest()


def listed(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _found(connection: Connection) -> list[str]:
    with connection, connection.cursor() as cursor:
        cursor.execute(_OURS, (sorted(set(metadata.tables) - set(indexing.TABLES)),))
        names = [name for (name,) in cursor.fetchall()]
        if probe.revision(connection) is None:
            raise StartError("The database holds no chats of Thai Chat yet; there is nothing to back up.")
    return names


def _hold(connection: Connection, names: Sequence[str]) -> None:
    """Begin the moment that is saved. A restore waits for its end before it puts other tables in their place."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(listed([*names, "alembic_version"])))
        session_settings.pin(cursor)


def _write(connection: Connection, revision: str, names: Sequence[str], output: IO[bytes], meter: Meter) -> Manifest:
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        tables = [_save_table(connection, archive, name, meter) for name in names]
        manifest = Manifest(made_at=datetime.now(UTC).isoformat(timespec="seconds"), revision=revision, tables=tables)
        write_manifest(archive, manifest)
    return manifest


def _save_table(connection: Connection, archive: zipfile.ZipFile, name: str, meter: Meter) -> TableCopy:
    columns = _columns(connection, name)
    with archive.open(_entry(name), "w", force_zip64=True) as entry, connection.cursor() as cursor:
        output = _Hashed(entry, lambda done: meter(name, done, 0))
        cursor.copy_expert(_copy_out(name, columns), output, CHUNK_BYTES)
        return TableCopy(name=name, columns=columns, rows=cursor.rowcount, sha256=output.digest.hexdigest())


def _copy_out(name: str, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(listed(columns), sql.Identifier(name))


class _Hashed:
    """Passes bytes on to a file, when there is one, and hashes them on the way."""

    def __init__(self, file: IO[bytes] | None, on_write: Callable[[int], None] = lambda _: None) -> None:
        self._file = file
        self._on_write = on_write
        self._written = 0
        self.digest = hashlib.sha256()

    def write(self, chunk: bytes) -> int:
        self.digest.update(chunk)
        self._written += len(chunk)
        self._on_write(self._written)
        return self._file.write(chunk) if self._file else len(chunk)


def _columns(connection: Connection, table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, (table,))
        return [name for (name,) in cursor.fetchall()]


def _entry(table: str) -> str:
    return f"{table}.copy"
