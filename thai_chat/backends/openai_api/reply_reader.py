"""Reads the body of an answer from the network, with its time-outs, and hands it to its decoder."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import cast

from thai_chat.backends.openai_api.decoder import Decoder, Item
from thai_chat.backends.timeouts import Timeouts
from thai_chat.backends.translation import Translation, read_out
from thai_chat.domain.backend_errors import BackendTimeout, BackendUnreachable, ReplyCut, WebPage

_TELLING_BYTES = 8
_EVENTS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:data|even|:|id:|retr|erro)")
"""How a stream of events begins, by whatever content type a server sends it."""
_AFTER_THE_END_S = 5.0
"""How long the usage is waited for once the reply is whole."""


async def read_reply(
    kind: str,
    body: AsyncIterator[bytes],
    reply: Decoder[Item],
    *,
    deadline: float,
    timeouts: Timeouts,
    within: Translation,
) -> AsyncGenerator[list[Item], None]:
    """Yield the items that `reply` finds in a body of a content type, as many at a time as came together.

    `deadline` is the first token's; `within` translates what reading raises. The body, which is a generator although
    the clients' types hide it, is closed.
    """
    loop = asyncio.get_running_loop()
    is_json = kind.startswith("application/json")
    if is_json:  # in one piece: it was asked for so, or the server does not stream
        deadline = loop.time() + timeouts.whole_reply_s
    async with aclosing(cast("AsyncGenerator[bytes, None]", body)) as chunks:
        first = await _first(chunks, reply, deadline, within)
        if is_json and not _EVENTS.match(first):
            async with asyncio.timeout_at(deadline):
                yield reply.whole(first + b"".join([chunk async for chunk in chunks]))
            return
        chunk: bytes | None = first
        while chunk:
            items = reply.feed(chunk)
            if items:
                yield items
            if reply.done:
                break
            if reply.has_ended:
                deadline = loop.time() + _AFTER_THE_END_S
            elif items and reply.shows_life(items):
                # From here: a slow reader is no slow server.
                deadline = loop.time() + timeouts.between_tokens_s
            chunk = await _next(chunks, reply, deadline, within)
        if items := reply.last():
            yield items
        reply.end()
        if reply.done:
            await read_out(chunks)


async def _first(
    chunks: AsyncGenerator[bytes, None], reply: Decoder[Item], deadline: float, within: Translation
) -> bytes:
    """Return the first bytes that are not blank, as many as tell what they are; empty where there are none."""
    first = b""
    while len(first) < _TELLING_BYTES and (chunk := await _next(chunks, reply, deadline, within)):
        first = (first + chunk).lstrip()
    if first.startswith(b"<"):
        raise WebPage("a web page came")
    return first


async def _next(
    chunks: AsyncGenerator[bytes, None], reply: Decoder[Item], deadline: float, within: Translation
) -> bytes | None:
    """Return the next bytes, None at the end; what breaks after the reply was whole does no harm."""
    try:
        with within:
            async with asyncio.timeout_at(deadline):
                return await anext(chunks, None)
    except BackendUnreachable as error:
        if reply.has_ended:
            return None
        if isinstance(error, BackendTimeout):
            if reply.is_whole:
                return None
            raise
        raise ReplyCut(str(error), **error.params) from error
