"""The audit log as JSON lines, for whoever collects logs: `audit.jsonl`, and what it was before it grew too large."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from thai_chat.domain import private_files
from thai_chat.domain.audit import AuditEntry

logger = logging.getLogger(__name__)

NAME = "audit.jsonl"
LARGEST_BYTES = 32_000_000
"""A file that has grown to this is renamed to `audit-<time>.jsonl`, and a new one is begun."""

RECENT_BYTES = 4_000_000
"""So much of the file a process that starts looks through for what the one before could not store."""


class AuditFile:
    """Opens its file for each append, so that others may append to it or move it away. Every method blocks."""

    def __init__(self, folder: Path, *, largest_bytes: int = LARGEST_BYTES) -> None:
        self.path = folder / NAME
        self._largest_bytes = largest_bytes

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Write a line for each entry. Raises OSError."""
        lines = b"".join(_line(entry) for entry in entries)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = private_files.open_or_create(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":  # a full disk has cut the last line
                lines = b"\n" + lines
            written = 0
            while written < len(lines):
                written += os.write(descriptor, lines[written:])
        finally:
            os.close(descriptor)
        if size + written >= self._largest_bytes:
            self.path.rename(self.path.with_name(f"audit-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}.jsonl"))

    def recent(self, since: datetime) -> Sequence[AuditEntry]:
        """Return the entries in the last `RECENT_BYTES` of the file; lines that are none are passed over.

        Raises OSError.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return []
        with open(descriptor, "rb") as file:
            file.seek(max(0, os.fstat(descriptor).st_size - RECENT_BYTES))
            found = [_entry(line) for line in file.read(RECENT_BYTES).splitlines()]
        return [entry for entry in found if entry and entry.at >= since]

    def forget(self, before: datetime) -> None:
        """Delete the earlier files whose last line is older than `before`. Raises OSError."""
        for path in self.path.parent.glob("audit-*.jsonl"):
            if path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)


def _line(entry: AuditEntry) -> bytes:
    values = {**asdict(entry), "entry_id": str(entry.entry_id), "at": entry.at.isoformat()}
    values["account_id"] = str(entry.account_id) if entry.account_id else None
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"


def _entry(line: bytes) -> AuditEntry | None:
    try:
        values = json.loads(line)
        account_id = values["account_id"]
        return AuditEntry(
            entry_id=UUID(values.pop("entry_id")),
            at=datetime.fromisoformat(values.pop("at")).astimezone(UTC),
            account_id=UUID(values.pop("account_id")) if account_id else values.pop("account_id"),
            **values,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
