"""The manifest of a backup: its tables, and how each can be known to be whole."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from thai_chat.domain.errors import StartError
from thai_chat.history.postgres.backup.failures import IMPORT

_FORMAT = "thai-chat-backup/1"
_MANIFEST = "manifest.json"
_MANIFEST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCopy:
    name: str
    columns: Sequence[str]
    rows: int
    sha256: str
    """The hash of the table's rows as COPY writes them, in the order in which they are in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    made_at: str
    revision: str
    tables: Sequence[TableCopy]
    is_pinned: bool = True
    """Whether the text of the rows is free of a server's own settings, so that they can be compared once restored."""

    @property
    def rows(self) -> Mapping[str, int]:
        return {table.name: table.rows for table in self.tables}


def write_manifest(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    archive.writestr(_MANIFEST, json.dumps({"format": _FORMAT, **asdict(manifest)}, indent=1))


def read_manifest(archive: zipfile.ZipFile, file: Path) -> Manifest:
    """Return the manifest. Raises StartError when the file is no backup, or one of a later version."""
    try:
        with archive.open(_MANIFEST) as entry:  # what the archive says of its size may be a lie
            found = entry.read(_MANIFEST_BYTES + 1)
        if len(found) > _MANIFEST_BYTES:
            raise ValueError("too long")
        described = json.loads(found)
        if described["format"] != _FORMAT:
            raise StartError(f"{file} was made by a newer Thai Chat: update this one, then restore.")
        return Manifest(
            made_at=datetime.fromisoformat(described["made_at"]).isoformat(timespec="seconds"),
            revision=_text(described["revision"]),
            tables=[_table(table) for table in described["tables"]],
            is_pinned=described.get("is_pinned") is True,
        )
    except (KeyError, TypeError, ValueError, RecursionError) as exc:
        raise StartError(f"{file} is not a backup that ./manage.sh backup made. {IMPORT}") from exc


def _table(described: Mapping[str, Any]) -> TableCopy:
    columns = [_text(column) for column in described["columns"]]
    rows = described["rows"]
    if not isinstance(rows, int) or rows < 0 or not columns:
        raise ValueError("rows and columns of a table")
    return TableCopy(name=_text(described["name"]), columns=columns, rows=rows, sha256=_text(described["sha256"]))


def _text(value: object) -> str:
    """Return the value, which is said to people and must be a plain word. Raises ValueError."""
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("no plain word")
    return value
