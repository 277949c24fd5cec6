"""Decodes the server-sent events of a streamed reply; knows nothing of the network, nor of what is inside an event."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from thai_chat.backends.failures import failure, read_refusal
from thai_chat.backends.lines import MAX_LINE_BYTES, Lines
from thai_chat.domain.errors import BackendError, BackendGarbled, ReplyCut
from thai_chat.domain.events import Reasoning, StreamEvent, Text, Usage, WasThinking

_OPEN_LINE_BYTES = 64
"""What a line costs beside its bytes: a million empty ones are an event without an end, too."""


class EventStream(ABC):
    """Feed it what the server sends, as it comes; `end` tells whether the reply is whole.

    What arrives together comes out together: one event for a run of pieces, so that a fast server costs little.
    """

    __slots__ = ("_failure", "_lines", "_open", "_open_bytes", "_said", "_thought", "done", "finish_reason")

    def __init__(self) -> None:
        self._lines = Lines()
        self._open: list[bytes] = []
        """The first lines of an event whose JSON goes on in the next one."""
        self._open_bytes = 0
        self._failure: BackendError | None = None
        self._said = False
        self._thought = False
        self.finish_reason = ""
        """Not empty once the server said that the reply is whole; the usage may still follow."""
        self.done = False
        """The server said that nothing more comes."""

    @property
    def only_thought(self) -> bool:
        """There was thinking, and not a visible word."""
        return self._thought and not self._said

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """Raises BackendGarbled, or what an error inside the stream stands for; never before what came ahead of it."""
        if self._failure:
            raise self._failure
        return self._noted(self._decode(self._lines.feed(chunk)))

    def end(self) -> list[StreamEvent]:
        """The last events, without Finished. Raises ReplyCut when the server had not said that the reply is whole."""
        if self._failure:
            raise self._failure
        events = self._decode((*self._lines.end(), b""))
        events += self._rest()
        if not self.finish_reason:
            raise ReplyCut("the stream ended before the server said that the reply is whole")
        return self._noted(events)

    def whole(self, body: bytes) -> list[StreamEvent]:
        """The events of a reply that came in one piece, without Finished."""
        return [*self._noted(self._part(body)), *self.end()]

    @abstractmethod
    def _events(self, part: dict[str, Any]) -> list[StreamEvent]:
        """What one JSON object says. AttributeError, KeyError and TypeError mean that it is not understood."""

    def _break_off(self, error: BackendError) -> None:
        """`error` ends the reply, behind what came ahead of it."""
        self._failure, self.done, self.finish_reason = error, True, ""

    def _rest(self) -> list[StreamEvent]:
        """What was held back."""
        return []

    def _noted(self, events: list[StreamEvent]) -> list[StreamEvent]:
        for event in events:
            if isinstance(event, WasThinking):
                self._said, self._thought = False, True
            elif not self._said:
                if isinstance(event, Text):
                    self._said = not event.text.isspace()
                elif isinstance(event, Reasoning) or (isinstance(event, Usage) and event.reasoning_tokens):
                    self._thought = True
        return events

    def _decode(self, lines: Sequence[bytes]) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        for line in lines:
            if line.startswith(b"data:"):
                payload = line[5:].strip()
                if payload == b"[DONE]":
                    self.done = True
                    break
                if self._open or not payload.endswith(b"}"):
                    self._hold(payload)
                    continue
            elif self._open and not line.strip():
                payload = b"\n".join(self._open).strip()  # its event has ended
                self._open.clear()
                self._open_bytes = 0
            elif line.startswith(b"error:"):  # llama.cpp before 2026
                payload = line[6:]
            else:
                continue
            if not payload:
                continue
            try:
                events += self._part(payload)
            except BackendError as error:
                if not events:
                    raise
                self._break_off(error)
                break
        return _joined(events) if len(events) > 1 else events

    def _hold(self, payload: bytes) -> None:
        """An event may have several lines, and ends with an empty one."""
        self._open.append(payload)
        self._open_bytes += len(payload) + _OPEN_LINE_BYTES
        if self._open_bytes > MAX_LINE_BYTES:
            raise BackendGarbled("an event without an end")

    def _part(self, payload: bytes) -> list[StreamEvent]:
        try:
            part = orjson.loads(payload)
        except orjson.JSONDecodeError as exc:
            raise BackendGarbled("a chunk is no JSON") from exc
        if not isinstance(part, dict):
            raise BackendGarbled("a chunk is no JSON object")
        if part.get("error") or part.get("object") == "error":
            raise failure_inside(part)
        try:
            return self._events(part)
        except (AttributeError, KeyError, TypeError) as exc:
            raise BackendGarbled("a chunk is not what it should be") from exc


def failure_inside(part: Mapping[str, Any]) -> BackendError:
    """An error inside a stream has no status of its own but often names one."""
    error = part.get("error")
    code = (error if isinstance(error, Mapping) else part).get("code")
    return failure(read_refusal(code if isinstance(code, int) and 400 <= code < 600 else 500, part))


def text_in(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value


def _joined(events: Sequence[StreamEvent]) -> list[StreamEvent]:
    """Neighbouring texts as one, and the last usage only."""
    joined: list[StreamEvent] = []
    pieces: list[str] = []
    usage: Usage | None = None
    run: type[Text] | type[Reasoning] = Text
    for event in events:
        if isinstance(event, Usage):
            usage = event
            continue
        if pieces and run is not type(event):
            joined.append(run("".join(pieces)))
            pieces = []
        if isinstance(event, Text | Reasoning):
            run = type(event)
            pieces.append(event.text)
        else:
            joined.append(event)
    if pieces:
        joined.append(run("".join(pieces)))
    if usage:
        joined.append(usage)
    return joined
