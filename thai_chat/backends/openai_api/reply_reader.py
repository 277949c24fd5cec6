"""Reads the body of a reply from the network, with its time-outs, and hands it to the decoder of its API."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import openai

from thai_chat.backends.openai_api.errors import translation
from thai_chat.backends.openai_api.event_stream import EventStream
from thai_chat.backends.timeouts import Timeouts
from thai_chat.backends.translation import read_out
from thai_chat.domain.backend_errors import BackendTimeout, BackendUnreachable, ReplyCut, WebPage
from thai_chat.domain.events import StreamEvent, Usage

if TYPE_CHECKING:
    Response: TypeAlias = openai.AsyncAPIResponse[Any]
else:
    Response = openai.AsyncAPIResponse

_TELLING_BYTES = 8
_EVENTS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:data|even|:|id:|retr|erro)")
"""How a stream of events begins, by whatever content type a server sends it."""
_AFTER_THE_END_S = 5.0
"""How long the usage is waited for once the reply is whole."""


async def read_reply(
    response: Response, reply: EventStream, *, deadline: float, timeouts: Timeouts, backend: str
) -> AsyncGenerator[list[StreamEvent], None]:
    """Yield the events of `reply`, as many at a time as came together, without Finished. `deadline` is the first
    token's."""
    loop = asyncio.get_running_loop()
    is_json = response.headers.get("content-type", "").startswith("application/json")
    if is_json:  # in one piece: it was asked for so, or the server does not stream
        deadline = loop.time() + timeouts.whole_reply_s
    async with aclosing(_chunks(response)) as chunks:
        first = await _first(chunks, reply, deadline, backend)
        if is_json and not _EVENTS.match(first):
            async with asyncio.timeout_at(deadline):
                yield reply.whole(first + b"".join([chunk async for chunk in chunks]))
            return
        chunk: bytes | None = first
        while chunk:
            events = reply.feed(chunk)
            if events:
                yield events
            if reply.done:
                break
            if reply.has_ended:
                deadline = loop.time() + _AFTER_THE_END_S
            elif events and type(events[0]) is not Usage:
                # From here: a slow reader is no slow server. Counts alone, which come last, are no sign of life.
                deadline = loop.time() + timeouts.between_tokens_s
            chunk = await _next(chunks, reply, deadline, backend)
        if events := reply.last():
            yield events
        reply.end()
        if reply.done:
            await read_out(chunks)


async def _first(chunks: AsyncGenerator[bytes, None], reply: EventStream, deadline: float, backend: str) -> bytes:
    """Return the first bytes that are not blank, as many as tell what they are; empty where there are none."""
    first = b""
    while len(first) < _TELLING_BYTES and (chunk := await _next(chunks, reply, deadline, backend)):
        first = (first + chunk).lstrip()
    if first.startswith(b"<"):
        raise WebPage("a web page came")
    return first


async def _next(chunks: AsyncGenerator[bytes, None], reply: EventStream, deadline: float, backend: str) -> bytes | None:
    """Return the next bytes, None at the end; what breaks after the reply was whole does no harm."""
    try:
        with translation(backend=backend):
            async with asyncio.timeout_at(deadline):
                return await anext(chunks, None)
    except BackendUnreachable as error:
        if reply.has_ended:
            return None
        if isinstance(error, BackendTimeout):
            if reply.finish_reason:
                return None
            raise
        raise ReplyCut(str(error), **error.params) from error


def _chunks(response: Response) -> AsyncGenerator[bytes, None]:
    """Return the body as it arrives; the client's type hides that it is a generator, which must be closed."""
    return cast("AsyncGenerator[bytes, None]", response.iter_bytes())
