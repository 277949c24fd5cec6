"""Cuts a stream of bytes into lines."""

from __future__ import annotations

from thai_chat.domain.errors import BackendGarbled

MAX_LINE_BYTES = 16 * 1024 * 1024


class Lines:
    """Cuts at LF only, on bytes.

    `str.splitlines`, which HTTP clients use for this, also cuts at U+0085, U+2028 and U+2029, and those may stand
    unescaped inside JSON.
    """

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes, without their ends; raises BackendGarbled for a line that never ends."""
        if self._rest:
            chunk = self._rest + chunk
        lines = chunk.split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > MAX_LINE_BYTES:
            raise BackendGarbled("a line without an end")
        return lines

    def end(self) -> list[bytes]:
        """The last line, when the server did not end it."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []
