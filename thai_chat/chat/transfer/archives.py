"""Unpacks ZIP archives that people hand in: the files that may hold chats, one after the other into one file."""

from __future__ import annotations

import io
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from thai_chat.chat.transfer.upload import GivenFile
from thai_chat.domain.errors import ImportRefused
from thai_chat.domain.transfer import ImportLimits

_CHUNK_BYTES = 1 << 20
_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")
# Numbered since 2026: conversations-000.json, conversations-001.json, ...
_CHATGPT_FILE = re.compile(r"conversations(?:-\d+)?\.json", re.IGNORECASE)


def is_archive(file: IO[bytes], given: GivenFile) -> bool:
    return os.pread(file.fileno(), min(4, given.size), given.start) in _BEGINNINGS


def unpack(file: IO[bytes], given: GivenFile, into: IO[bytes], limits: ImportLimits) -> Iterator[GivenFile]:
    """Yield the files that may hold chats, each when it stands at the end of `into`. Raises ImportRefused.

    What an archive says of its sizes may be a lie, and its entries may share their packed bytes: what comes out is
    counted, and held against the size of the archive itself. Archives within it are not opened.
    """
    most_bytes = max(limits.ratio_from_bytes, given.size * limits.ratio)
    begins_at = into.tell()
    try:
        with zipfile.ZipFile(io.BufferedReader(_Window(file, given))) as archive:
            for entry in _wanted(archive, given.name, limits.members):
                start = into.tell()
                with archive.open(entry) as packed:
                    while chunk := _read_packed(packed):
                        end = into.tell() + len(chunk)
                        if end > limits.unpacked_bytes or end - begins_at > most_bytes:
                            limit = min(most_bytes, limits.unpacked_bytes) // 1_000_000
                            raise _refused("import_zip_large", given.name, limit=limit)
                        into.write(chunk)
                yield GivenFile(f"{given.name}: {PurePosixPath(entry.filename).name}", start, into.tell() - start)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as exc:
        # RuntimeError is an archive with a password, ValueError one whose directory leads before its beginning.
        raise _refused("import_zip_broken", given.name) from exc


class _Window(io.RawIOBase):
    """A part of a file as a file, with a position of its own."""

    def __init__(self, file: IO[bytes], given: GivenFile) -> None:
        self._file = file
        self._given = given
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._given.size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        wanted = max(0, min(len(buffer), self._given.size - self._position))
        found = os.pread(self._file.fileno(), wanted, self._given.start + self._position)
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)


def _read_packed(packed: IO[bytes]) -> bytes:
    """Raises BadZipFile for what each way of packing has its own errors for."""
    try:
        return packed.read(_CHUNK_BYTES)
    except (OSError, lzma.LZMAError) as exc:
        raise zipfile.BadZipFile from exc


def _wanted(archive: zipfile.ZipFile, name: str, most: int) -> list[zipfile.ZipInfo]:
    """ChatGPT's conversations where there are any (its archives hold much else), else every JSON file."""
    entries = [
        entry
        for entry in archive.infolist()
        if not entry.is_dir()
        and entry.filename.lower().endswith(".json")
        and not PurePosixPath(entry.filename).name.startswith(".")
        and "__MACOSX" not in entry.filename
    ]
    conversations = [entry for entry in entries if _CHATGPT_FILE.fullmatch(PurePosixPath(entry.filename).name)]
    wanted = sorted(conversations or entries, key=lambda entry: entry.filename)
    if not wanted:
        raise _refused("import_zip_nothing", name)
    if len(wanted) > most:
        raise _refused("import_zip_many", name, limit=most)
    return wanted


def _refused(reason: str, file: str, **params: str | int) -> ImportRefused:
    return ImportRefused("", why=reason, place="import_in_file", file=file, **params)
