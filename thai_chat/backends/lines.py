"""Cuts a stream of bytes into lines."""

from __future__ import annotations

from thai_chat.domain.backend_errors import BackendGarbled

MAX_LINE_BYTES = 16 * 1024 * 1024


class Lines:
    """Cuts at LF only, on bytes; the cost grows with the bytes, however they are cut into chunks.

    `str.splitlines`, which HTTP clients use for this, also cuts at U+0085, U+2028 and U+2029, and those may stand
    unescaped inside JSON.
    """

    __slots__ = ("_rest", "_size")

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        """The pieces of a line whose end has not come."""
        self._size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that `chunk` completes, without their ends. Raises BackendGarbled for a line that never
        ends."""
        lines = chunk.split(b"\n")
        rest = lines.pop()
        if lines:
            if self._rest:
                lines[0] = b"".join((*self._rest, lines[0]))
                self._rest.clear()
            self._size = 0
        if rest:
            self._rest.append(rest)
            self._size += len(rest)
            if self._size > MAX_LINE_BYTES:
                raise BackendGarbled("a line without an end")
        return lines

    def end(self) -> list[bytes]:
        """Return the last line, when the server did not end it."""
        rest = b"".join(self._rest)
        self._rest.clear()
        self._size = 0
        return [rest] if rest else []
