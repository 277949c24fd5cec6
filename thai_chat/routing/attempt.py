"""One request to one server, and what its outcome says of the server's health."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar

from thai_chat.domain.backend_errors import (
    BackendError,
    BackendTimeout,
    EmptyReply,
    NotOffered,
    ReplyCut,
    ReplyFiltered,
)
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
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import ReplyRequest
from thai_chat.domain.ports.relay import RelayCall, RelaysPrograms, has_begun
from thai_chat.routing.servers import ModelServer

_MOST_HELD_CHARS = 100_000
"""The most characters of white space, and of counts without a word, that are held ahead of the first word."""
_MOST_HELD_ITEMS = 20
"""The most objects without a word that are held ahead of a program's answer."""
Item = TypeVar("Item")


class Attempt(ABC, Generic[Item]):
    """First `until_first_word`, then `rest`, and `close` in any case: it ends the request to the server."""

    def __init__(
        self, server: ModelServer, model: str, items: AsyncGenerator[Item, None], *, clock: Callable[[], float]
    ) -> None:
        """Take the server and what it answers, which is not asked for yet."""
        self.server = server
        self.choice = Choice(server.backend.name, model)
        self._clock = clock
        self._items = items
        self._held: list[Item] = []
        self._was_loading = server.is_loading(model)
        self._is_judged = False
        self._breaker = server.breaker(model)
        self._is_probe = self._breaker.enter()
        server.in_flight += 1

    async def until_first_word(self, limit_s: float | None) -> AsyncGenerator[Notice, None]:
        """Pass notices on, and return with the first item that says something; it comes first from `rest`.

        Up to here nobody has seen anything of the answer, so somebody else may still answer. Raises BackendError: after
        `limit_s` without a word BackendTimeout.
        """
        began = self._clock()
        deadline = None if limit_s is None else asyncio.get_running_loop().time() + limit_s
        with _Judging(self):
            while True:
                item = await self._next(deadline)
                if item is None:
                    raise self._cut()
                if isinstance(item, Notice):
                    self._was_loading = self._was_loading or item.code == MODEL_LOADING
                    yield item
                    continue
                self._held.append(item)
                if self._is_first_word(item):
                    break
        self._breaker.first_word(self._waited_s(began))
        self._is_probe = False

    @abstractmethod
    def rest(self) -> AsyncGenerator[Item, None]:
        """Yield the answer from its beginning. Raises BackendError."""

    async def close(self) -> None:
        """Call it once."""
        self.server.in_flight -= 1
        if not self._is_judged:
            self._breaker.leave(is_probe=self._is_probe)
        await self._items.aclose()

    def judge(self, error: BackendError) -> None:
        """Count once what went wrong."""
        if not self._is_judged:
            self._is_judged = True
            self._breaker.failed(error, is_probe=self._is_probe)
            self.server.watch.look_soon()

    @abstractmethod
    def _is_first_word(self, item: Item) -> bool:
        """Tell whether a person, or a program, has something of this item. Raises BackendError."""

    def _waited_s(self, began: float) -> float | None:
        """Return the wait for the first word; None when it says nothing of how fast the server is."""
        return None if self._was_loading else self._clock() - began

    async def _next(self, deadline: float | None) -> Item | None:
        expiry = asyncio.timeout_at(deadline)
        try:
            async with expiry:
                return await anext(self._items, None)
        except TimeoutError as exc:
            if not expiry.expired():
                raise
            raise BackendTimeout("no first word in time", **self._names()) from exc

    def _end_well(self) -> None:
        self._is_judged = True
        self._breaker.whole_reply()

    def _cut(self) -> ReplyCut:
        return ReplyCut("the stream ended before the answer was whole", **self._names())

    def _names(self) -> dict[str, str]:
        return {"backend": self.choice.backend, "model": self.choice.model}


class ReplyAttempt(Attempt[StreamEvent]):
    """A reply, whose last event is Finished."""

    def __init__(self, server: ModelServer, request: ReplyRequest, *, clock: Callable[[], float]) -> None:
        events = server.backend.stream(replace(request, model=server.full_name(request.model)))
        super().__init__(server, request.model, events, clock=clock)
        # A reply that was whole but for its last word has nothing to add.
        self._may_be_empty = bool(request.continues.strip())
        self._held_chars = 0
        self._said_something = False

    async def rest(self) -> AsyncGenerator[StreamEvent, None]:
        """Yield the reply from its beginning; the last event is Finished. Raises BackendError."""
        with _Judging(self):
            for event in self._held:
                yield event
            if self._held and isinstance(self._held[-1], Finished):
                self._end_well()
                return
            self._held.clear()
            async for event in self._items:
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
            raise self._cut()

    def _is_first_word(self, item: StreamEvent) -> bool:
        if isinstance(item, Finished) and not self._may_be_empty:
            raise self._empty(item)
        self._said_something = isinstance(item, TextDelta) and not item.text.isspace()
        if self._said_something or isinstance(item, ReasoningDelta | Finished):
            return True
        self._held_chars += len(item.text) if isinstance(item, TextDelta) else 1
        if self._held_chars > _MOST_HELD_CHARS:
            raise EmptyReply("white space without an end", **self._names())
        return False

    def _empty(self, event: Finished) -> EmptyReply:
        kind = ReplyFiltered if event.reason == FILTERED else EmptyReply
        return kind(f"finished with {event.reason!r}", **self._names())


class RelayAttempt(Attempt[JsonObject]):
    """The answer to a program: one object, or the chunks of a stream."""

    def __init__(self, server: ModelServer, model: str, call: RelayCall, *, clock: Callable[[], float]) -> None:
        """Take the request. Raises NotOffered where the backend has no way for programs."""
        backend = server.backend
        if not isinstance(backend, RelaysPrograms):
            raise NotOffered("no way for programs", backend=backend.name, model=model)
        self._call = call
        is_cold = server.reluctance(model) > 0
        super().__init__(server, model, backend.relay(server.full_name(model), call), clock=clock)
        self._was_loading = self._was_loading or is_cold

    async def rest(self) -> AsyncGenerator[JsonObject, None]:
        with _Judging(self):
            for item in self._held:
                yield item
            self._held.clear()
            async for item in self._items:
                yield item
            self._end_well()

    def _is_first_word(self, item: JsonObject) -> bool:
        return not self._call.stream or len(self._held) >= _MOST_HELD_ITEMS or has_begun(self._call.kind, item)

    def _waited_s(self, began: float) -> float | None:
        return super()._waited_s(began) if self._call.stream else None  # it waited for the last word, too


class _Judging:
    """Tells the breaker of every failure that leaves the block."""

    def __init__(self, attempt: Attempt[Any]) -> None:
        self._attempt = attempt

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BackendError):
            self._attempt.judge(error)
