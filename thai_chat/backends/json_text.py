"""Reads a server's JSON, also where characters in it came in halves, and puts the halves together.

A server that cuts a text at tokens may cut a character: it then sends half of a surrogate pair, or some of the bytes.
"""

from __future__ import annotations

import json
import re

import orjson

from thai_chat.domain.backend_errors import BackendGarbled

REPLACEMENT = "\ufffd"
_HALF = re.compile("[\ud800-\udfff]")
_BEGUN = re.compile("(?:[\ud800-\udbff]|[\udcc2-\udcf4][\udc80-\udcbf]{0,2})\\Z")
"""The first part of a character at the end of a text: half of a pair, or bytes as `surrogateescape` reads them."""
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_CHARACTER_CHARS = 4


def strict(payload: bytes) -> object:
    """Return the value of the JSON in `payload`. Raises orjson.JSONDecodeError, also for halves of characters and
    NaN."""
    value: object = orjson.loads(payload)
    return value


def lenient(payload: bytes) -> object:
    """Return the value, ten times as slowly: its strings may hold lone halves, which `Halves` or `whole` mends.

    Raises BackendGarbled for what is no JSON.
    """
    try:
        value: object = json.loads(_decoded(payload), parse_int=_number)
    except (ValueError, RecursionError) as exc:
        raise BackendGarbled("no JSON") from exc
    return value


def _number(digits: str) -> int | float:
    """Return an integer, as a float where `orjson` reads one: it could not write the integer again."""
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else float(digits)


def _decoded(payload: bytes) -> str:
    """Return the text of bytes: halves of pairs that are written as bytes are halves of pairs, other bytes are kept one
    by one."""
    try:
        return payload.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return payload.decode("utf-8", "surrogateescape")


def whole(text: str) -> str:
    """Return `text` with its halves put together where they are neighbours, and U+FFFD for each that stays alone."""
    if not _HALF.search(text):
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return _NO_BYTE.sub(REPLACEMENT, joined).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def clean(value: object) -> object:
    """Return a JSON value whose strings are whole. Raises RecursionError for what no parser gives."""
    match value:
        case str():
            return whole(value)
        case list():
            return [clean(item) for item in value]
        case dict():
            return {whole(name): clean(item) for name, item in value.items()}
    return value


class Halves:
    """Puts the halves of characters together over the pieces of one text."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """Return what is whole by now; the beginning of a character waits for the next piece."""
        text = self._held + piece
        begun = _BEGUN.search(text, max(0, len(text) - _CHARACTER_CHARS))
        self._held = begun[0] if begun else ""
        return whole(text[: len(text) - len(self._held)])

    @property
    def holds(self) -> bool:
        """Whether the beginning of a character waits."""
        return bool(self._held)

    def end(self) -> str:
        """Return U+FFFD when the second half never came, else nothing."""
        held, self._held = self._held, ""
        return whole(held)
