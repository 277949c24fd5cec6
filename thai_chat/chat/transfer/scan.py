"""Finds the parts of a large JSON file without reading it as a whole: where each of its sessions begins and ends."""

from __future__ import annotations

import json
import mmap
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from thai_chat.domain.errors import ImportRefused

Source: TypeAlias = mmap.mmap | bytes

# Possessive, so that a text of a million escapes (ChatGPT writes Thai as \uXXXX) needs no memory to go back.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(_STRING + rb'|[\[\]{}]|"', re.DOTALL)
_KEY = re.compile(rb"\s*(" + _STRING + rb")\s*:\s*", re.DOTALL)
_SCALAR = re.compile(_STRING + rb"|[^\s,\]}\[{\"]+", re.DOTALL)
_SPACE = re.compile(rb"\s*")
_BOM = b"\xef\xbb\xbf"
_COUNTED_BYTES = 1 << 20


_DEPTH = 4_000
"""Python's parser takes about a kilobyte of the stack for each."""


@contextmanager
def _deep() -> Iterator[None]:
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, _DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands in its file: bytes from `start` to before `end`."""

    start: int
    end: int
    tokens: int = 1
    """Brackets and texts in it: what it takes of memory goes by them as much as by its length."""


class JsonFile:
    """A JSON file of any size, which lies in bytes or in a memory map that others may share. Errors say the line."""

    def __init__(self, source: Source, name: str, start: int = 0, end: int | None = None) -> None:
        """Take what `source` holds from `start` to before `end`; positions count from the beginning of `source`."""
        self.name = name
        self._source = source
        self._start = start
        self._end = len(source) if end is None else end
        self._counted = (start, 1)

    def begin(self) -> tuple[int, bytes]:
        """Return where the value begins, and its first byte. Raises ImportRefused for an empty file and for no JSON."""
        head = self._source[self._start : min(self._start + 4, self._end)]
        start = self._after_space(self._start + (len(_BOM) if head.startswith(_BOM) else 0))
        first = self._at(start)
        if b"\x00" in head or first in (b"\xff", b"\xfe"):
            raise self._refused("import_not_utf8", self._start)
        if not first:
            raise self._refused("import_empty")
        if first not in (b"{", b"["):
            raise self._refused("import_no_json", start)
        return start, first

    def is_lines(self, start: int) -> bool:
        """Tell whether the file has one object a line (JSONL): the first line is one, and another follows."""
        end = self._source.find(b"\n", start, self._end)
        if end < 0 or self._at(self._after_space(end)) != b"{":
            return False
        return self._source[max(start, end - 200) : end].rstrip().endswith(b"}")

    def lines(self, start: int) -> Iterator[Span]:
        """Yield the spans of objects that follow each other, each on its line. Raises ImportRefused."""
        position = start
        while position < self._end:
            if self._at(position) != b"{":
                raise self._broken(position)
            span = self.span_at(position)
            yield span
            position = self._after_space(span.end)

    def holds_objects(self, start: int) -> bool:
        """Tell whether the list at `start` begins with an object; an empty one does, and one that is cut off."""
        return self._at(self._after_space(start + 1)) in (b"{", b"]", b"")

    def elements(self, start: int, *, is_all: bool = False) -> Iterator[Span]:
        """Yield the span of each object in the list at `start`.

        Raises ImportRefused, also when more follows a list that `is_all`.
        """
        position = self._after_space(start + 1)
        while self._at(position) != b"]":
            if self._at(position) != b"{":
                raise self._broken(position)
            span = self.span_at(position)
            yield span
            position = self._after_comma(span.end, b"]")
        if is_all:
            self._require_end(position + 1)

    def members(self, start: int) -> Iterator[tuple[str, Span]]:
        """Yield the members of the object at `start`, which is all there is. Raises ImportRefused, also for a name that
        comes twice: one of the two would be passed over in silence."""
        position = self._after_space(start + 1)
        seen: set[str] = set()
        while self._at(position) != b"}":
            key = _KEY.match(self._source, position, self._end)
            if key is None:
                raise self._broken(position)
            span = self.span_at(key.end())
            name = self._loaded(Span(*key.span(1)))
            if name in seen:
                raise self._broken(position)
            seen.add(name)
            yield name, span
            position = self._after_comma(span.end, b"}")
        self._require_end(position + 1)

    def is_list(self, span: Span) -> bool:
        return self._at(span.start) == b"["

    def load(self, span: Span) -> Any:
        """Return the value itself. Raises ImportRefused."""
        return self._loaded(span)

    def line_of(self, position: int) -> int:
        """Return the number of a position's line, from 1. Quick when asked for places in their order."""
        at, line = self._counted if self._counted[0] <= position else (self._start, 1)
        while at < position:
            upto = min(position, at + _COUNTED_BYTES)
            line += self._source[at:upto].count(b"\n")
            at = upto
        self._counted = (position, line)
        return line

    def _loaded(self, span: Span) -> Any:
        value = self._source[span.start : span.end]
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return self._loaded_patiently(span, value)

    def _loaded_patiently(self, span: Span, value: bytes) -> Any:
        """Return the value as Python reads JSON: halves of characters, which some programs write, are let through, and
        so are objects as deep in each other as the messages of a long chat may stand."""
        try:
            text = value.decode()
        except UnicodeDecodeError as exc:
            raise self._refused("import_not_utf8", span.start + exc.start) from exc
        try:
            with _deep():
                return json.loads(text)
        except json.JSONDecodeError as exc:
            raise self._broken(span.start + len(text[: exc.pos].encode())) from exc
        except (RecursionError, ValueError) as exc:  # the second is a number of more digits than Python reads
            raise self._broken(span.start) from exc

    def span_at(self, start: int) -> Span:
        """Return the whole of the value at `start`. Raises ImportRefused."""
        if self._at(start) not in (b"{", b"["):
            scalar = _SCALAR.match(self._source, start, self._end)
            if scalar is None:
                raise self._broken(start)
            return Span(start, scalar.end())
        depth = tokens = 0
        for token in _TOKEN.finditer(self._source, start, self._end):
            tokens += 1
            if token.end() - token.start() > 1:  # a text
                continue
            match token[0]:
                case b"{" | b"[":
                    depth += 1
                case b"}" | b"]":
                    depth -= 1
                    if depth == 0:
                        return Span(start, token.end(), tokens)
                case _:  # a text without an end
                    break
        raise self._refused("import_cut_off", self._end)

    def _after_comma(self, position: int, closing: bytes) -> int:
        position = self._after_space(position)
        if self._at(position) == closing:
            return position
        if self._at(position) != b",":
            raise self._broken(position)
        position = self._after_space(position + 1)
        if self._at(position) == closing:
            raise self._broken(position)
        return position

    def _require_end(self, position: int) -> None:
        position = self._after_space(position)
        if position < self._end:
            raise self._broken(position)

    def _after_space(self, position: int) -> int:
        found = _SPACE.match(self._source, position, self._end)
        return found.end() if found else position

    def _at(self, position: int) -> bytes:
        return bytes(self._source[position : min(position + 1, self._end)])

    def _broken(self, position: int) -> ImportRefused:
        if position >= self._end:
            return self._refused("import_cut_off", self._end)
        return self._refused("import_broken", position)

    def _refused(self, reason: str, position: int | None = None) -> ImportRefused:
        if position is None:
            return ImportRefused(why=reason, place="import_in_file", file=self.name)
        line = self.line_of(position)
        # Columns count characters, as editors do; the start of the line is looked for only so far back.
        before = self._source[max(self._start, position - 4000) : position].rpartition(b"\n")[2]
        column = len(before.decode(errors="replace")) + 1
        return ImportRefused(why=reason, place="import_at_line", file=self.name, line=line, column=column)
