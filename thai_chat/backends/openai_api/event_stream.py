"""Decodes the server-sent events of a streamed reply; knows nothing of the network, nor of what is inside an event."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from thai_chat.backends.bounds import REASON_CHARS
from thai_chat.backends.failures import failure, read_refusal
from thai_chat.backends.json_text import Halves, lenient, strict, whole
from thai_chat.backends.lines import MAX_LINE_BYTES, Lines
from thai_chat.domain.backend_errors import BackendError, BackendGarbled, ReplyCut
from thai_chat.domain.events import ReasoningDelta, StreamEvent, TextDelta, Usage, WasReasoning

_LINE_BYTES = 64
"""The bytes that a line counts beside its own: a million empty ones are an event without an end, too."""
_BOM = b"\xef\xbb\xbf"
_JSON = (b"{", b"[")
_NO_REASON = frozenset({"", "null", "None"})


class EventStream(ABC):
    """Feed it what the server sends, as it comes; then take the `last` events, and have `end` tell how it ended.

    What arrives together comes out together: one event for a run of pieces, so that a fast server costs little. Lines
    that are no JSON ("keep-alive", a comment) are passed over; JSON that stands there bare, without the event around
    it, is read like an event.
    """

    __slots__ = ("_failure", "_frames", "_halves", "_reasoned", "_said", "done", "finish_reason")

    def __init__(self) -> None:
        self._frames = _Frames()
        self._failure: BackendError | None = None
        self._halves: tuple[Halves, Halves] | None = None
        """The halves of characters of the text and of the reasoning, once one may have come."""
        self._said = False
        self._reasoned = False
        self.finish_reason = ""
        """Not empty once the server said that the reply is whole; the usage may still follow."""
        self.done = False
        """The server said that nothing more comes."""

    @property
    def only_reasoned(self) -> bool:
        """There was thinking, and not a visible word."""
        return self._reasoned and not self._said

    @property
    def has_ended(self) -> bool:
        """No more words come: the server said so, and is one to be believed."""
        return bool(self.finish_reason)

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """Return the events that `chunk` completes. Raises BackendGarbled, or what an error inside the stream stands
        for; never before what came ahead of it."""
        if self._failure:
            raise self._failure
        return self._noted(self._decode(self._frames.feed(chunk)))

    def last(self) -> list[StreamEvent]:
        """Return the last events, without Finished, when nothing more comes."""
        events = [] if self._failure else self._decode(self._frames.end(), breaks_off=True)
        if not self.finish_reason and not self._failure:
            if self.done:
                self.finish_reason = "stop"
            else:
                self._failure = ReplyCut("the stream ended before the server said that the reply is whole")
        if self._halves:
            text, reasoning = self._halves
            events += [ReasoningDelta(half) for half in [reasoning.end()] if half]
            events += self._words(text.end())
        events += self._rest()
        return self._noted(events)

    def end(self) -> None:
        """Raise what ended the reply before it was whole."""
        if self._failure:
            raise self._failure

    def whole(self, body: bytes) -> list[StreamEvent]:
        """Return the events of a reply that came in one piece, without Finished. Raises what it says that went
        wrong."""
        events = [*self._noted(self._part(body)), *self.last()]
        self.end()
        return events

    @abstractmethod
    def _events(self, part: dict[str, Any]) -> list[StreamEvent]:
        """Return what one JSON object says. AttributeError, KeyError and TypeError mean that it is not understood."""

    def _words(self, text: str) -> list[StreamEvent]:
        """Return the events that `text`, which the model said, stands for."""
        return [TextDelta(text)] if text else []

    def _break_off(self, error: BackendError) -> None:
        """End the reply with `error`, behind what came ahead of it."""
        self._failure, self.done, self.finish_reason = error, True, ""

    def _rest(self) -> list[StreamEvent]:
        """Return what was held back."""
        return []

    def _text(self, value: object) -> str:
        """Return a piece of the reply's text, of whole characters. Raises TypeError when it is none."""
        return self._halves[0].feed(text_in(value)) if self._halves else text_in(value)

    def _reasoning(self, value: object) -> str:
        """Return a piece of its reasoning. Raises TypeError."""
        return self._halves[1].feed(text_in(value)) if self._halves else text_in(value)

    def _noted(self, events: list[StreamEvent]) -> list[StreamEvent]:
        for event in events:
            if isinstance(event, WasReasoning):
                self._said, self._reasoned = False, True
            elif not self._said:
                if isinstance(event, TextDelta):
                    self._said = not event.text.isspace()
                elif isinstance(event, ReasoningDelta) or (isinstance(event, Usage) and event.reasoning_tokens):
                    self._reasoned = True
        return events

    def _decode(self, payloads: Iterator[bytes], *, breaks_off: bool = False) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        try:
            for payload in payloads:
                if payload == b"[DONE]":
                    self.done = True
                    break
                events += self._part(payload)
        except BackendError as error:
            if not events and not breaks_off:
                raise
            self._break_off(error)
        return _joined(events) if len(events) > 1 else events

    def _part(self, payload: bytes) -> list[StreamEvent]:
        try:
            part = strict(payload)
        except orjson.JSONDecodeError:
            part = lenient(payload)
            self._halves = self._halves or (Halves(), Halves())
        events: list[StreamEvent] = []
        for one in part if isinstance(part, list) else (part,):
            if not isinstance(one, dict):
                raise BackendGarbled("a chunk is no JSON object")
            if _is_error(one) or self._frames.event == b"error":
                raise failure_inside(one)
            try:
                events += self._events(one)
            except (AttributeError, KeyError, TypeError, IndexError) as exc:
                raise BackendGarbled("a chunk is not what it should be") from exc
        return events


class _Frames:
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


def _is_error(part: Mapping[str, Any]) -> bool:
    """Tell an error, also the bare one of a gateway, which has neither a reply's fields nor an envelope."""
    if part.get("error") or part.get("object") == "error":
        return True
    if "choices" in part or "type" in part or "object" in part:
        return False
    return any(isinstance(part.get(name), str) for name in ("message", "detail")) or "errors" in part


def failure_inside(part: Mapping[str, Any]) -> BackendError:
    """Return the error inside a stream, which has no status of its own but often names one."""
    error = part.get("error")
    code = (error if isinstance(error, Mapping) else part).get("code")
    status = int(code) if isinstance(code, int | str) and str(code).isdecimal() and len(str(code)) == 3 else 500
    return failure(read_refusal(status if 400 <= status < 600 else 500, part))


def reason_in(value: object) -> str:
    """Return the word for the end of a reply, empty where there is none yet. Raises TypeError."""
    return "" if value is None or value in _NO_REASON else whole(text_in(value))[:REASON_CHARS]


def text_in(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value


def _joined(events: Sequence[StreamEvent]) -> list[StreamEvent]:
    """Return the events with neighbouring texts as one, and the last usage only."""
    joined: list[StreamEvent] = []
    pieces: list[str] = []
    usage: Usage | None = None
    run: type[TextDelta] | type[ReasoningDelta] = TextDelta
    for event in events:
        if isinstance(event, Usage):
            usage = event
            continue
        if pieces and run is not type(event):
            joined.append(run("".join(pieces)))
            pieces = []
        if isinstance(event, TextDelta | ReasoningDelta):
            run = type(event)
            pieces.append(event.text)
        else:
            joined.append(event)
    if pieces:
        joined.append(run("".join(pieces)))
    if usage:
        joined.append(usage)
    return joined
