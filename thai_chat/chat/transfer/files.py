"""Reads what a person hands in, JSON files and ZIP archives of them, session by session; finds out whose export it is.

It is foreign, so all of this runs in a process of its own (`reader`).
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import IO

from thai_chat.chat.transfer import archives, chatgpt, openwebui, own
from thai_chat.chat.transfer.fields import Loaded, Place
from thai_chat.chat.transfer.scan import JsonFile, Source, Span
from thai_chat.chat.transfer.upload import GivenFile, Upload
from thai_chat.domain.errors import ImportRefused
from thai_chat.domain.messages import Preset
from thai_chat.domain.transfer import ImportLimits, KeptSession

_MOST_MEMBERS = 1_000
"""Of the object that a file is: exports have a handful, one conversation some twenty."""

Read = Callable[[Loaded, Place], KeptSession]


@dataclass(frozen=True, slots=True)
class _Part:
    """A JSON file that holds sessions."""

    file: JsonFile
    spans: Sequence[Span]
    read: Read
    presets: Sequence[Span] = ()


class Import:
    """The sessions of an upload. Its methods read the disk, and raise ImportRefused."""

    def __init__(self, upload: Upload, limits: ImportLimits) -> None:
        """`upload` stays open."""
        self._upload = upload
        self._limits = limits
        self._parts: list[_Part] = []
        self._stack = ExitStack()

    def open(self) -> None:
        """Finds the place of every session, and keeps no more of them in memory."""
        unpacked: IO[bytes] = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        found: list[tuple[bool, GivenFile]] = []
        for given in self._upload.files:
            if archives.is_archive(self._upload.file, given):
                found += [(True, file) for file in archives.unpack(self._upload.file, given, unpacked, self._limits)]
            else:
                found.append((False, given))
        unpacked.flush()
        # One map for all files of a kind: each map holds a descriptor.
        sources = {False: self._mapped(self._upload.file), True: self._mapped(unpacked)}
        for is_unpacked, given in found:
            file = JsonFile(sources[is_unpacked], given.name, given.start, given.start + given.size)
            self._parts.append(_Finder(file, self._limits).part())
            self._require_few("sessions", self.total, self._limits.sessions)
            self._require_few("presets", sum(len(part.presets) for part in self._parts), self._limits.presets)

    def close(self) -> None:
        """Unpacked files are gone then. Safe to call twice."""
        self._parts.clear()
        self._stack.close()

    @property
    def total(self) -> int:
        """Sessions in all files."""
        return sum(len(part.spans) for part in self._parts)

    def sessions(self) -> Iterator[tuple[KeptSession, Place]]:
        """Each read when it is asked for, with where it stands."""
        for part in self._parts:
            for number, span in enumerate(part.spans, 1):
                place = Place(part.file.name, part.file.line_of(span.start), number)
                _require_small(span, place, self._limits)
                yield part.read(part.file.load(span), place), place

    def presets(self) -> Iterator[Preset]:
        """Those of our own files."""
        for part in self._parts:
            for number, span in enumerate(part.presets, 1):
                place = Place(part.file.name, part.file.line_of(span.start), number, is_preset=True)
                _require_small(span, place, self._limits)
                yield own.read_preset(part.file.load(span), place)

    def _mapped(self, file: IO[bytes]) -> Source:
        file.seek(0, 2)
        if file.tell() == 0:
            return b""
        return self._stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def _require_few(self, what: str, number: int, limit: int) -> None:
        if number > limit:
            raise _refused(f"import_many_{what}", self._upload.names, limit=limit)


class _Finder:
    """Finds out whose export a file is, and where its sessions are."""

    def __init__(self, file: JsonFile, limits: ImportLimits) -> None:
        self._file = file
        self._limits = limits

    def part(self) -> _Part:
        file = self._file
        start, first = file.begin()
        if first == b"[":
            return self._listed(self._spans(start, is_all=True), own.read_session)
        members = dict(islice(file.members(start), _MOST_MEMBERS + 1))
        if len(members) > _MOST_MEMBERS:
            raise self._unknown(start)
        head: dict[str, Loaded] = {name: self._load(members[name]) for name in ("format", "version") if name in members}
        if own.is_ours(head):
            return self._own(head, members)
        for name in ("conversations", "chats", "data"):
            if name in members and "mapping" not in members and file.is_list(members[name]):
                spans = self._spans(members[name].start)
                if spans:
                    return self._listed(spans, own.read_session)
        return self._listed([file.span_at(start)], own.read_session)

    def _listed(self, spans: Sequence[Span], otherwise: Read) -> _Part:
        return _Part(self._file, spans, self._reader(spans[0]) if spans else otherwise)

    def _own(self, head: Mapping[str, Loaded], members: Mapping[str, Span]) -> _Part:
        file, version = self._file, head.get("version")
        if not isinstance(version, int) or version < 1:
            raise _refused("import_wrong", file.name, field="version", expected="import_expects_number")
        if version > own.VERSION:
            raise _refused("import_newer", file.name, version=version)
        sessions, presets = members.get("sessions"), members.get("presets")
        if sessions is None or not file.is_list(sessions):
            raise _refused("import_missing", file.name, field="sessions")
        # Exports of single sessions have none, and neither had those before presets were exported.
        of_presets = self._spans(presets.start) if presets and file.is_list(presets) else []
        return _Part(file, self._spans(sessions.start), own.read_session, of_presets)

    def _reader(self, span: Span) -> Read:
        """By the first session: whoever exported it exported the rest."""
        first = self._load(span)
        if chatgpt.is_chatgpt(first):
            return chatgpt.read_session
        if isinstance(first, dict) and "session_id" in first and "messages" in first:
            return own.read_session
        if openwebui.is_openwebui(first):
            return openwebui.read_session
        raise self._unknown(span.start)

    def _unknown(self, position: int) -> ImportRefused:
        line = self._file.line_of(position)
        return ImportRefused(why="import_unknown", place="import_at_line", file=self._file.name, line=line)

    def _spans(self, start: int, *, is_all: bool = False) -> list[Span]:
        """Those of the list at `start`, up to one more than there may be: the rest need not be looked for."""
        return list(islice(self._file.elements(start, is_all=is_all), self._limits.sessions + 1))

    def _load(self, span: Span) -> Loaded:
        _require_small(span, Place(self._file.name, self._file.line_of(span.start), 1), self._limits)
        return self._file.load(span)


def _require_small(span: Span, place: Place, limits: ImportLimits) -> None:
    if span.end - span.start > limits.session_bytes:
        raise place.refused("import_session_large", limit=limits.session_bytes // 1_000_000)
    if span.tokens > limits.session_tokens:
        raise place.refused("import_session_tangled", limit=limits.session_tokens)


def _refused(reason: str, file: str, **params: str | int) -> ImportRefused:
    return ImportRefused("", why=reason, place="import_in_file", file=file, **params)
