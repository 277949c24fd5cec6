"""Relays a program's request to a server with OpenAI's API, and its answer back; by whichever HTTP client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Protocol, TypeAlias

import orjson

from thai_chat.backends.bounds import is_page
from thai_chat.backends.failures import NO_SUCH_ROUTE, Refusal, failure, read_refusal, retry_after_of
from thai_chat.backends.json_text import lenient
from thai_chat.backends.openai_api.program_errors import error_for_program
from thai_chat.backends.openai_api.relay_stream import RelayStream
from thai_chat.backends.openai_api.reply_reader import read_reply
from thai_chat.backends.timeouts import Timeouts
from thai_chat.backends.translation import Translation, Translator
from thai_chat.domain.backend_errors import BackendError, BackendGarbled, ModelNotFound, NotOffered, WebPage
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.ports.relay import RelayCall, RelayKind


class UnreadResponse(Protocol):
    """The common part of the responses of httpx and httpx2."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    async def aread(self) -> bytes: ...
    def aiter_bytes(self) -> AsyncIterator[bytes]: ...
    async def aclose(self) -> None: ...


Post: TypeAlias = Callable[[str, bytes], Awaitable[UnreadResponse]]
"""Sends JSON to a path below `/v1`, and returns the response, also a refusing one, with its headers read."""


class Relay:
    """The way of programs to one server."""

    def __init__(
        self,
        backend: str,
        post: Post,
        translate: Translator,
        *,
        read: Callable[[Refusal], BackendError | None] = lambda refusal: None,
        secrets: Sequence[str] = (),
    ) -> None:
        """Take what `post` may raise as `translate`, and what only this server's refusals say as `read`.

        `secrets` are the keys and passwords of this program: nobody may read them in a server's words.
        """
        self._backend = backend
        self._post = post
        self._translate = translate
        self._read = read
        self._secrets = secrets

    async def objects(self, model: str, call: RelayCall, timeouts: Timeouts) -> AsyncGenerator[JsonObject, None]:
        """Yield the objects of the answer. Raises BackendError."""
        limit_s = timeouts.first_token_s if call.stream else timeouts.whole_reply_s
        deadline = asyncio.get_running_loop().time() + limit_s
        within = Translation(self._translate, backend=self._backend, model=model)
        with within:
            async with asyncio.timeout_at(deadline):
                response = await self._post(f"/{call.kind}", _body(model, call))
            try:
                if response.status_code >= 300:
                    async with asyncio.timeout_at(deadline):
                        raise self._refused(response, await response.aread(), call)
                reading = read_reply(
                    response.headers.get("content-type", ""),
                    response.aiter_bytes(),
                    RelayStream(call, self._error),
                    deadline=deadline,
                    timeouts=timeouts,
                    within=within,
                )
                async with aclosing(reading) as pieces:
                    async for objects in pieces:
                        for one in objects:
                            yield one
            finally:
                await response.aclose()

    def _refused(self, response: UnreadResponse, body: bytes, call: RelayCall) -> BackendError:
        status = response.status_code
        text = body.decode(errors="replace")
        has_no_route = status in NO_SUCH_ROUTE
        if has_no_route and is_page(response.headers.get("content-type", ""), text):
            return WebPage(f"HTTP {status}")
        refusal = read_refusal(status, _json_or(text, body))
        error = self._error(refusal, retry_after=retry_after_of(response.headers))
        if has_no_route and call.kind is not RelayKind.CHAT and not isinstance(error, ModelNotFound):
            return NotOffered(f"HTTP {status}")
        return error

    def _error(self, refusal: Refusal, *, retry_after: str | None = None) -> BackendError:
        error = self._read(refusal) or failure(refusal, retry_after=retry_after)
        return error_for_program(error, refusal, secrets=self._secrets)


def _body(model: str, call: RelayCall) -> bytes:
    streams = {"stream": True} if call.stream else {}
    return orjson.dumps({"model": model, **call.body, **streams})


def _json_or(text: str, body: bytes) -> object:
    try:
        return lenient(body)
    except BackendGarbled:
        return text
