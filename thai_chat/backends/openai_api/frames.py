"""Finds the JSON in a stream of server-sent events, as they come over the wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from thai_chat.backends.lines import MAX_LINE_BYTES, Lines
from thai_chat.domain.backend_errors import BackendGarbled

_LINE_BYTES = 64
"""The bytes that a line counts beside its own: a million empty ones are an event without an end, too."""
_BOM = b"\xef\xbb\xbf"
_JSON = (b"{", b"[")


class Frames:
    """Finds the JSON in the lines of an event stream."""

    __slots__ = ("_after_cr", "_begun", "_bytes", "_idle_bytes", "_is_event", "_lines", "_open", "event")

    def __init__(self) -> None:
        self._lines = Lines()
        self._after_cr = False
        self._begun = False
        self._open: list[bytes] = []
        """The first lines of JSON that goes on in the next one."""
        self._is_event = False
        """These are lines of an event, and no bare ones."""
        self._bytes = 0
        self._idle_bytes = 0
        """The bytes of the lines since the last payload."""
        self.event = b""
        """The name of the event that is under way, where it has one."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Return the payloads that `chunk` completes. Raises BackendGarbled for a line or an event without an end."""
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:  # an end of line alone, too
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return self._payloads(self._lines.feed(chunk))

    def end(self) -> Iterator[bytes]:
        return self._payloads((*self._lines.end(), b""))

    def _payloads(self, lines: Sequence[bytes]) -> Iterator[bytes]:
        if lines and not self._begun:
            self._begun = True
            lines = (lines[0].removeprefix(_BOM), *lines[1:])
        for payload in self._found(lines):
            self._idle_bytes = 0
            yield payload

    def _found(self, lines: Sequence[bytes]) -> Iterator[bytes]:
        for line in lines:
            self._idle_bytes += len(line) + _LINE_BYTES
            if self._idle_bytes > MAX_LINE_BYTES:
                raise BackendGarbled("lines without an event")
            if line.startswith(b"data:"):
                payload = line[5:].strip()
                if self._open and not self._is_event:
                    yield from self._close()
                if not self._open and ((payload.endswith(b"}") and payload.startswith(_JSON)) or payload == b"[DONE]"):
                    yield payload
                elif self._open or payload.startswith(_JSON):
                    self._hold(payload, is_event=True)
            elif not line.strip():
                yield from self._close()
                self.event = b""
            elif line.startswith(b"event:"):
                self.event = line[6:].strip()
            elif (bare := self._bare(line)) is not None:
                yield bare

    def _bare(self, line: bytes) -> bytes | None:
        """Return the payload of any other line; None for one that says nothing, or is held until its end comes."""
        if line.startswith(b"error:"):  # llama.cpp before 2026
            return line[6:].strip()
        if self._open:
            if not self._is_event:
                self._hold(line, is_event=False)
        elif line.lstrip().startswith(_JSON):
            if line.rstrip().endswith((b"}", b"]")):
                return line.strip()
            self._hold(line, is_event=False)
        return None

    def _hold(self, line: bytes, *, is_event: bool) -> None:
        """Hold a line: an event may have several, and so has bare JSON; both end with an empty one."""
        self._open.append(line)
        self._is_event = is_event
        self._bytes += len(line) + _LINE_BYTES
        if self._bytes > MAX_LINE_BYTES:
            raise BackendGarbled("an event without an end")

    def _close(self) -> Iterator[bytes]:
        if self._open:
            payload = b"\n".join(self._open).strip()
            self._open.clear()
            self._bytes = 0
            yield payload
