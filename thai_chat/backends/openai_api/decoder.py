"""Decodes the server-sent events of an answer; knows nothing of the network, nor of what is inside an event."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import orjson

from thai_chat.backends.failures import Refusal, failure, read_refusal
from thai_chat.backends.json_text import lenient, strict
from thai_chat.backends.openai_api.frames import Frames
from thai_chat.domain.backend_errors import BackendError, BackendGarbled, ReplyCut

Item = TypeVar("Item")


class Decoder(ABC, Generic[Item]):
    """Feed it what the server sends, as it comes; then take the `last` items, and have `end` tell how it ended.

    Lines that are no JSON ("keep-alive", a comment) are passed over; JSON that stands there bare, without the event
    around it, is read like an event.
    """

    __slots__ = ("_failure", "_frames", "done")

    def __init__(self) -> None:
        self._frames = Frames()
        self._failure: BackendError | None = None
        self.done = False
        """The server said that nothing more comes."""

    @property
    @abstractmethod
    def is_whole(self) -> bool:
        """The server said that the answer is whole; more may still follow."""

    @property
    @abstractmethod
    def has_ended(self) -> bool:
        """No more words come: the server said so, and is one to be believed."""

    @abstractmethod
    def shows_life(self, items: Sequence[Item]) -> bool:
        """Tell whether these items, at least one, say that the model is still at work."""

    def feed(self, chunk: bytes) -> list[Item]:
        """Return the items that `chunk` completes. Raises BackendGarbled, or what an error inside the stream stands
        for; never before what came ahead of it."""
        if self._failure:
            raise self._failure
        return self._noted(self._decode(self._frames.feed(chunk)))

    def last(self) -> list[Item]:
        """Return the last items when nothing more comes."""
        items = [] if self._failure else self._decode(self._frames.end(), breaks_off=True)
        if not self._failure:
            self._end()
            if not self.is_whole:
                self._failure = ReplyCut("the stream ended before the server said that the reply is whole")
        return self._noted([*items, *self._held_back()])

    def end(self) -> None:
        """Raise what ended the answer before it was whole."""
        if self._failure:
            raise self._failure

    def whole(self, body: bytes) -> list[Item]:
        """Return the items of an answer that came in one piece. Raises what it says that went wrong."""
        items = [*self._noted(self._part(body)), *self.last()]
        self.end()
        return items

    @abstractmethod
    def _events(self, part: dict[str, Any]) -> list[Item]:
        """Return what one JSON object says. AttributeError, KeyError and TypeError mean that it is not understood."""

    def _break_off(self, error: BackendError) -> None:
        """End the answer with `error`, behind what came ahead of it."""
        self._failure, self.done = error, True

    def _end(self) -> None:
        """Note that nothing more comes."""

    def _held_back(self) -> list[Item]:
        return []

    def _expect_halves(self) -> None:
        """Note that characters may come in halves."""

    def _error(self, refusal: Refusal) -> BackendError:
        return failure(refusal)

    def _noted(self, items: list[Item]) -> list[Item]:
        return items

    def _together(self, items: list[Item]) -> list[Item]:
        return items

    def _decode(self, payloads: Iterator[bytes], *, breaks_off: bool = False) -> list[Item]:
        items: list[Item] = []
        try:
            for payload in payloads:
                if payload == b"[DONE]":
                    self.done = True
                    break
                items += self._part(payload)
        except BackendError as error:
            if not items and not breaks_off:
                raise
            self._break_off(error)
        return self._together(items)

    def _part(self, payload: bytes) -> list[Item]:
        try:
            part = strict(payload)
        except orjson.JSONDecodeError:
            part = lenient(payload)
            self._expect_halves()
        items: list[Item] = []
        for one in part if isinstance(part, list) else (part,):
            if not isinstance(one, dict):
                raise BackendGarbled("a chunk is no JSON object")
            if _is_error(one) or self._frames.event == b"error":
                raise self._error(refusal_inside(one))
            try:
                items += self._events(one)
            except (AttributeError, KeyError, TypeError, IndexError, RecursionError) as exc:
                raise BackendGarbled("a chunk is not what it should be") from exc
        return items


def _is_error(part: Mapping[str, Any]) -> bool:
    """Tell an error, also the bare one of a gateway, which has neither a reply's fields nor an envelope."""
    if part.get("error") or part.get("object") == "error":
        return True
    if "choices" in part or "type" in part or "object" in part:
        return False
    return any(isinstance(part.get(name), str) for name in ("message", "detail")) or "errors" in part


def failure_inside(part: Mapping[str, Any]) -> BackendError:
    """Return the error inside a stream."""
    return failure(refusal_inside(part))


def refusal_inside(part: Mapping[str, Any]) -> Refusal:
    """Read the error inside a stream, which has no status of its own but often names one."""
    error = part.get("error")
    code = (error if isinstance(error, Mapping) else part).get("code")
    status = int(code) if isinstance(code, int | str) and str(code).isdecimal() and len(str(code)) == 3 else 500
    return read_refusal(status if 400 <= status < 600 else 500, part)
