"""Decodes the server-sent events of a streamed chat completion; knows nothing of the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from thai_chat.backends.failures import failure, read_refusal
from thai_chat.backends.lines import Lines
from thai_chat.backends.thinking import ThinkingSplitter
from thai_chat.domain.errors import BackendError, BackendGarbled, ReplyCut
from thai_chat.domain.events import Finished, Reasoning, StreamEvent, Text, Usage


class CompletionStream:
    """Feed it what the server sends, as it comes; `end` tells whether the reply is whole.

    What arrives together comes out together: one event for a run of pieces, so that a fast server costs little.
    """

    __slots__ = ("_failure", "_lines", "_splitter", "done", "finish_reason")

    def __init__(self) -> None:
        self._lines = Lines()
        self._splitter = ThinkingSplitter()
        self._failure: BackendError | None = None
        self.finish_reason = ""
        """Not empty once the server said that the reply is whole; the usage may still follow."""
        self.done = False
        """The server said that nothing more comes."""

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """Raises BackendGarbled, or what an error inside the stream stands for; never before what came ahead of it."""
        if self._failure:
            raise self._failure
        return self._decode(self._lines.feed(chunk))

    def end(self) -> list[StreamEvent]:
        """The last events, Finished at their end. Raises ReplyCut when the server had not said that it is whole."""
        if self._failure:
            raise self._failure
        events = self._decode(self._lines.end())
        events += self._splitter.end()
        if not self.finish_reason:
            raise ReplyCut("the stream ended without a finish_reason")
        events.append(Finished(self.finish_reason))
        return events

    def whole(self, body: bytes) -> list[StreamEvent]:
        """The events of a completion that came in one piece, Finished at their end."""
        return [*self._part(body), *self.end()]

    def _decode(self, lines: Sequence[bytes]) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        for line in lines:
            if line.startswith(b"data:"):
                payload = line[5:].strip()
                if payload == b"[DONE]":
                    self.done = True
                    break
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
                self._failure, self.done = error, True
                break
        return _joined(events) if len(events) > 1 else events

    def _part(self, payload: bytes) -> list[StreamEvent]:
        try:
            part = orjson.loads(payload)
        except orjson.JSONDecodeError as exc:
            raise BackendGarbled("a chunk is no JSON") from exc
        if not isinstance(part, dict):
            raise BackendGarbled("a chunk is no JSON object")
        if part.get("error") or part.get("object") == "error":
            raise failure(read_refusal(_status(part), part))
        try:
            return self._events(part)
        except (AttributeError, KeyError, TypeError) as exc:
            raise BackendGarbled("a chunk is no chat completion") from exc

    def _events(self, part: dict[str, Any]) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        choices = part.get("choices")
        if choices:
            choice = choices[0]
            delta = choice.get("delta") or choice.get("message")
            if delta:
                # vLLM renamed the field; both are on the way.
                if thought := delta.get("reasoning") or delta.get("reasoning_content"):
                    events.append(Reasoning(_text(thought)))
                if content := delta.get("content"):
                    events += self._splitter.feed(_text(content))
            if reason := choice.get("finish_reason"):
                self.finish_reason = _text(reason)
        if usage := part.get("usage"):
            events.append(Usage(usage.get("prompt_tokens"), usage.get("completion_tokens")))
        return events


def _joined(events: Sequence[StreamEvent]) -> list[StreamEvent]:
    """Neighbouring texts as one, and the last usage only."""
    joined: list[StreamEvent] = []
    pieces: list[str] = []
    usage: Usage | None = None
    run: type[Text] | type[Reasoning] = Text
    for event in events:
        if isinstance(event, Usage):
            usage = event
        elif isinstance(event, Text | Reasoning):
            if pieces and run is not type(event):
                joined.append(run("".join(pieces)))
                pieces = []
            run = type(event)
            pieces.append(event.text)
    if pieces:
        joined.append(run("".join(pieces)))
    if usage:
        joined.append(usage)
    return joined


def _status(part: dict[str, Any]) -> int:
    """An error inside a stream has no status of its own but often names one."""
    inner = part["error"] if isinstance(part.get("error"), dict) else part
    code = inner.get("code")
    return code if isinstance(code, int) and 400 <= code < 600 else 500


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value
