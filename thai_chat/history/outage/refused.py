"""The writes that PostgreSQL would not take, set aside for a person to look at."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson

from thai_chat.domain import private_files

logger = logging.getLogger(__name__)


class RefusedWrites:
    """The writes that PostgreSQL would not take: one JSON object a line, kept for a person to look at."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "refused.jsonl"
        self._lost = 0

    def append(self, lines: Sequence[bytes]) -> None:
        """Add the lines, synced when this returns. Where the disk refuses, only their number is kept."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = private_files.open_or_create(self.path, os.O_WRONLY | os.O_APPEND)
            with open(descriptor, "ab") as file:  # which writes on where the system takes a part
                file.writelines(line + b"\n" for line in lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            self._lost += len(lines)
            logger.error("%s refused writes can't be kept: %s", len(lines), exc.strerror)

    def forget_person(self, user_id: str) -> int:
        """Delete what somebody wrote, with the ends of replies in their sessions; return how many writes are left.

        Lines that can't be read stay. Where the disk refuses, all do.
        """
        try:
            lines = self.path.read_bytes().splitlines(keepends=True)
        except OSError:
            return self.count()
        writes = [_write_in(line) for line in lines]
        sessions = {write.get("session_id") for write in writes if write.get("user_id") == user_id} - {None}
        left = [line for line, write in zip(lines, writes, strict=True) if write.get("session_id") not in sessions]
        if len(left) < len(lines):
            try:
                changed = self.path.with_suffix(".new")
                with open(private_files.create(changed), "wb") as file:
                    file.writelines(left)
                    file.flush()
                    os.fsync(file.fileno())
                changed.rename(self.path)
            except OSError as exc:
                logger.error("refused writes of somebody who is gone can't be deleted: %s", exc.strerror)
        return self.count()

    def count(self) -> int:
        """Return how many there are."""
        try:
            with self.path.open("rb") as file:
                return self._lost + sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
        except OSError:
            return self._lost


def _write_in(line: bytes) -> Mapping[str, object]:
    """Return the write of a line; nothing where there is none that can be read."""
    try:
        write = orjson.loads(line)["write"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {}
    return write if isinstance(write, Mapping) else {}


def refusal(record: bytes, reason: str) -> bytes:
    """Return one line: the write, and why it was refused."""
    fields = {"refused_at": datetime.now(UTC), "reason": reason}
    try:
        return orjson.dumps({**fields, "write": orjson.Fragment(orjson.dumps(orjson.loads(record)))})
    except orjson.JSONDecodeError:
        return orjson.dumps({**fields, "bytes": record.hex()})
