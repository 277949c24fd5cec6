"""One request to one server, and what its outcome says of the server's health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from thai_chat.domain.backend_errors import BackendError, BackendTimeout, EmptyReply, ReplyCut, ReplyFiltered
from thai_chat.domain.events import (
    FILTERED,
    MODEL_LOADING,
    Finished,
    Notice,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    WasReasoning,
)
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import ReplyRequest
from thai_chat.routing.servers import ModelServer

_MOST_HELD_CHARS = 100_000
"""The most characters of white space, and of counts without a word, that are held ahead of the first word."""


class Attempt:
    """First `until_first_word`, then `rest`, and `close` in any case: it ends the request to the server."""

    def __init__(self, server: ModelServer, request: ReplyRequest, *, clock: Callable[[], float]) -> None:
        self.server = server
        self.choice = Choice(server.backend.name, request.model)
        self._clock = clock
        self._events = server.backend.stream(replace(request, model=server.full_name(request.model)))
        # A reply that was whole but for its last word has nothing to add.
        self._may_be_empty = bool(request.continues.strip())
        self._held: list[StreamEvent] = []
        self._held_chars = 0
        self._said_something = False
        self._was_loading = server.is_loading(request.model)
        self._is_judged = False
        self._breaker = server.breaker(request.model)
        self._is_probe = self._breaker.enter()
        server.in_flight += 1

    async def until_first_word(self, limit_s: float | None) -> AsyncGenerator[Notice, None]:
        """Pass notices on, and return with the first thing that a person can read; it comes first from `rest`.

        Up to here nobody has seen anything of the reply, so somebody else may still answer. Raises BackendError: after
        `limit_s` without a word BackendTimeout.
        """
        began = self._clock()
        deadline = None if limit_s is None else asyncio.get_running_loop().time() + limit_s
        with _Judging(self):
            while True:
                event = await self._next(deadline)
                match event:
                    case Notice(code):
                        self._was_loading = self._was_loading or code == MODEL_LOADING
                        yield event
                        continue
                    case Finished() if not self._may_be_empty:
                        raise self._empty(event)
                    case None:
                        raise ReplyCut("the stream ended without Finished", **self._names())
                self._held.append(event)
                self._said_something = isinstance(event, TextDelta) and not event.text.isspace()
                if self._said_something or isinstance(event, ReasoningDelta | Finished):
                    break
                self._held_chars += len(event.text) if isinstance(event, TextDelta) else 1
                if self._held_chars > _MOST_HELD_CHARS:
                    raise EmptyReply("white space without an end", **self._names())
        self._breaker.first_word(None if self._was_loading else self._clock() - began)
        self._is_probe = False

    async def rest(self) -> AsyncGenerator[StreamEvent, None]:
        """Yield the reply from its beginning; the last event is Finished. Raises BackendError."""
        with _Judging(self):
            for event in self._held:
                yield event
            if self._held and isinstance(self._held[-1], Finished):
                self._end_well()
                return
            self._held.clear()
            async for event in self._events:
                if isinstance(event, WasReasoning):
                    self._said_something = False
                elif not self._said_something and isinstance(event, TextDelta):
                    self._said_something = not event.text.isspace()
                elif isinstance(event, Finished):
                    if not (self._said_something or self._may_be_empty):
                        raise self._empty(event)
                    self._end_well()
                    yield event
                    return
                yield event
            raise ReplyCut("the stream ended without Finished", **self._names())

    async def close(self) -> None:
        """Call it once."""
        self.server.in_flight -= 1
        if not self._is_judged:
            self._breaker.leave(is_probe=self._is_probe)
        await self._events.aclose()

    def judge(self, error: BackendError) -> None:
        """Count once what went wrong."""
        if not self._is_judged:
            self._is_judged = True
            self._breaker.failed(error, is_probe=self._is_probe)
            self.server.watch.look_soon()

    async def _next(self, deadline: float | None) -> StreamEvent | None:
        expiry = asyncio.timeout_at(deadline)
        try:
            async with expiry:
                return await anext(self._events, None)
        except TimeoutError as exc:
            if not expiry.expired():
                raise
            raise BackendTimeout("no first word in time", **self._names()) from exc

    def _end_well(self) -> None:
        self._is_judged = True
        self._breaker.whole_reply()

    def _empty(self, event: Finished) -> EmptyReply:
        kind = ReplyFiltered if event.reason == FILTERED else EmptyReply
        return kind(f"finished with {event.reason!r}", **self._names())

    def _names(self) -> dict[str, str]:
        return {"backend": self.choice.backend, "model": self.choice.model}


class _Judging:
    """Tells the breaker of every failure that leaves the block."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BackendError):
            self._attempt.judge(error)
