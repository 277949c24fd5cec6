"""Reads the body of a reply from the network, with its time-outs, and hands it to the decoder of its API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import openai

from thai_chat.backends.event_stream import EventStream
from thai_chat.backends.openai_errors import translation
from thai_chat.backends.timeouts import Timeouts
from thai_chat.backends.translation import read_out
from thai_chat.domain.errors import BackendTimeout, BackendUnreachable, ReplyCut
from thai_chat.domain.events import StreamEvent, Usage

if TYPE_CHECKING:
    Response: TypeAlias = openai.AsyncAPIResponse[Any]
else:
    Response = openai.AsyncAPIResponse

_AFTER_THE_END_S = 5.0
"""How long the usage is waited for once the reply is whole."""


async def read_reply(
    response: Response, reply: EventStream, *, deadline: float, timeouts: Timeouts, backend: str
) -> AsyncGenerator[list[StreamEvent], None]:
    """The events of `reply`, as many at a time as came together, without Finished. `deadline` is the first token's."""
    if not _is_event_stream(response):
        async with asyncio.timeout(timeouts.whole_reply_s):
            body = await response.read()
        yield reply.whole(body)
        return
    loop = asyncio.get_running_loop()
    async with aclosing(_chunks(response)) as chunks:
        while chunk := await _next(chunks, reply, deadline, backend):
            events = reply.feed(chunk)
            if events:
                yield events
            if reply.done:
                break
            if reply.finish_reason:
                deadline = loop.time() + _AFTER_THE_END_S
            elif events and type(events[0]) is not Usage:
                # From here: a slow reader is no slow server. Counts alone, which come last, are no sign of life.
                deadline = loop.time() + timeouts.between_tokens_s
        yield reply.end()
        if reply.done:
            await read_out(chunks)


async def _next(chunks: AsyncGenerator[bytes, None], reply: EventStream, deadline: float, backend: str) -> bytes | None:
    """The next bytes, None at the end; what breaks after the reply was whole does no harm."""
    try:
        with translation(backend=backend):
            async with asyncio.timeout_at(deadline):
                return await anext(chunks, None)
    except BackendUnreachable as error:
        if reply.finish_reason:
            return None
        if isinstance(error, BackendTimeout):
            raise
        raise ReplyCut(str(error), **error.params) from error


def _chunks(response: Response) -> AsyncGenerator[bytes, None]:
    """The body as it arrives; the client's type hides that it is a generator, which must be closed."""
    return cast("AsyncGenerator[bytes, None]", response.iter_bytes())


def _is_event_stream(response: Response) -> bool:
    """False for a reply in one piece: it was asked for so, or the server does not stream."""
    return not response.headers.get("content-type", "").startswith("application/json")
