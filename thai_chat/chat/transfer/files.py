"""Opens what a person hands in: JSON files, alone or many, and ZIP archives of them; finds out whose export it is."""

from __future__ import annotations

import lzma
import mmap
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from thai_chat.chat.transfer import chatgpt, openwebui, own
from thai_chat.chat.transfer.fields import Loaded, Place
from thai_chat.chat.transfer.scan import JsonFile, Source, Span
from thai_chat.domain.errors import ImportRefused
from thai_chat.domain.messages import JsonValue, Preset
from thai_chat.domain.transfer import KeptSession

MOST_UNPACKED_BYTES = 2_000_000_000
MOST_ENTRIES = 20_000
_CHUNK_BYTES = 1 << 20
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
# Numbered since 2026: conversations-000.json, conversations-001.json, ...
_CHATGPT_FILE = re.compile(r"conversations(?:-\d+)?\.json", re.IGNORECASE)

Read = Callable[[Loaded, Place], KeptSession]


@dataclass(frozen=True, slots=True)
class GivenFile:
    """What was handed in; `file` is on the disk and stays open as long as it is read."""

    name: str
    file: IO[bytes]


@dataclass(frozen=True, slots=True)
class _Part:
    """A JSON file that holds sessions."""

    file: JsonFile
    spans: Sequence[Span]
    read: Read
    presets: Sequence[Span] = ()


class Import:
    """The sessions of some files. Call its methods in a thread: they read the disk."""

    def __init__(self, files: Sequence[GivenFile]) -> None:
        """`files` are closed with it."""
        self._files = files
        self._parts: list[_Part] = []
        self._stack = ExitStack()
        self._unpacked_bytes = 0
        for given in files:
            self._stack.callback(given.file.close)

    def open(self) -> None:
        """Finds the place of every session, and keeps no more of them in memory. Raises ImportRefused."""
        for given in self._files:
            self._open(given)

    def close(self) -> None:
        """Unpacked files are gone then. Safe to call twice."""
        self._parts.clear()
        self._stack.close()

    @property
    def total(self) -> int:
        """Sessions in all files."""
        return sum(len(part.spans) for part in self._parts)

    def sessions(self) -> Iterator[KeptSession]:
        """Each read when it is asked for. Raises ImportRefused at the first that can't be kept."""
        for part in self._parts:
            for number, span in enumerate(part.spans, 1):
                place = Place(part.file.name, part.file.line_of(span.start), number)
                yield part.read(part.file.load(span), place)

    def presets(self) -> Iterator[Preset]:
        """Those of our own files. Raises ImportRefused at the first that can't be kept."""
        for part in self._parts:
            for number, span in enumerate(part.presets, 1):
                yield own.read_preset(
                    part.file.load(span), Place(part.file.name, part.file.line_of(span.start), number)
                )

    def _open(self, given: GivenFile) -> None:
        given.file.seek(0)
        if given.file.read(4) in (_ZIP, _EMPTY_ZIP):
            self._open_zip(given)
        else:
            self._parts.append(recognised(JsonFile(self._mapped(given.file), given.name)))

    def _open_zip(self, given: GivenFile) -> None:
        try:
            archive = self._stack.enter_context(zipfile.ZipFile(given.file))
            entries = _wanted(archive)
            if not entries:
                raise _refused("import_zip_nothing", given.name)
            for entry in entries:
                unpacked = self._unpacked(archive, entry, given.name)
                name = f"{given.name}: {PurePosixPath(entry.filename).name}"
                self._parts.append(recognised(JsonFile(self._mapped(unpacked), name)))
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as exc:
            # RuntimeError is an archive with a password.
            raise _refused("import_zip_broken", given.name) from exc

    def _unpacked(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> IO[bytes]:
        """On the disk. What an archive says of its sizes may be a lie, so they are counted."""
        unpacked = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - open as long as the import
        with archive.open(entry) as packed:
            while chunk := _read_packed(packed):
                self._unpacked_bytes += len(chunk)
                if self._unpacked_bytes > MOST_UNPACKED_BYTES:
                    raise _refused("import_zip_large", name)
                unpacked.write(chunk)
        unpacked.flush()
        return unpacked

    def _mapped(self, file: IO[bytes]) -> Source:
        file.seek(0, 2)
        if file.tell() == 0:
            return b""
        return self._stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def recognised(file: JsonFile) -> _Part:
    """Whose export it is, and where its sessions are. Raises ImportRefused."""
    start, first = file.begin()
    if first == b"[":
        spans = list(file.elements(start, is_all=True))
        return _Part(file, spans, _reader(file, file.load(spans[0]), spans[0]) if spans else own.read_session)
    members = dict(file.members(start))
    head: dict[str, JsonValue] = {name: file.load(members[name]) for name in ("format", "version") if name in members}
    if own.is_ours(head):
        return _own(file, head, members)
    for name in ("conversations", "chats", "data"):
        if name in members and "mapping" not in members and file.is_list(members[name]):
            spans = list(file.elements(members[name].start))
            if spans:
                return _Part(file, spans, _reader(file, file.load(spans[0]), spans[0]))
    whole = Span(start, file.end_of(start))
    return _Part(file, [whole], _reader(file, file.load(whole), whole))


def _own(file: JsonFile, head: dict[str, JsonValue], members: Mapping[str, Span]) -> _Part:
    version = head.get("version")
    if not isinstance(version, int) or version < 1:
        raise ImportRefused(
            why="import_wrong",
            place="import_in_file",
            file=file.name,
            field="version",
            expected="import_expects_number",
        )
    if version > own.VERSION:
        raise _refused("import_newer", file.name, version=version)
    sessions, presets = members.get("sessions"), members.get("presets")
    if sessions is None or not file.is_list(sessions):
        raise _refused("import_missing", file.name, field="sessions")
    # Exports of single sessions have none, and neither had those before presets were exported.
    of_presets = list(file.elements(presets.start)) if presets and file.is_list(presets) else []
    return _Part(file, list(file.elements(sessions.start)), own.read_session, of_presets)


def _reader(file: JsonFile, first: Loaded, span: Span) -> Read:
    """By the first session: whoever exported it exported the rest."""
    if chatgpt.is_chatgpt(first):
        return chatgpt.read_session
    if isinstance(first, dict) and "session_id" in first and "messages" in first:
        return own.read_session
    if openwebui.is_openwebui(first):
        return openwebui.read_session
    raise ImportRefused(why="import_unknown", place="import_at_line", file=file.name, line=file.line_of(span.start))


def _read_packed(packed: IO[bytes]) -> bytes:
    """Raises BadZipFile for what each way of packing has its own errors for."""
    try:
        return packed.read(_CHUNK_BYTES)
    except (OSError, lzma.LZMAError) as exc:
        raise zipfile.BadZipFile from exc


def _wanted(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """ChatGPT's conversations where there are any (its archives hold much else), else every JSON file."""
    entries = [
        entry
        for entry in archive.infolist()[:MOST_ENTRIES]
        if not entry.is_dir()
        and entry.filename.lower().endswith(".json")
        and not PurePosixPath(entry.filename).name.startswith(".")
        and "__MACOSX" not in entry.filename
    ]
    conversations = [entry for entry in entries if _CHATGPT_FILE.fullmatch(PurePosixPath(entry.filename).name)]
    return sorted(conversations or entries, key=lambda entry: entry.filename)


def _refused(reason: str, file: str, **params: str | int) -> ImportRefused:
    return ImportRefused("", why=reason, place="import_in_file", file=file, **params)
