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
from thai_chat.backends.openai_api.media import names_address
from thai_chat.backends.openai_api.parameters import Learned
from thai_chat.backends.openai_api.profile import STREAMING_REFUSED_S
from thai_chat.backends.openai_api.program_errors import OVERFLOW, error_for_program
from thai_chat.backends.openai_api.relay_stream import RelayStream
from thai_chat.backends.openai_api.reply_reader import read_reply
from thai_chat.backends.timeouts import Timeouts
from thai_chat.backends.translation import Translation, Translator
from thai_chat.domain.backend_errors import BackendError, BackendGarbled, ModelNotFound, NotOffered, WebPage
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.ports.relay import RelayCall, RelayKind
from thai_chat.domain.relay_errors import RelayRefused, ServerWords

_UNASKED = "unasked"
_A_WHILE_S = STREAMING_REFUSED_S
_ADDRESS = ServerWords(
    status=400,
    message="This model's server fetches nothing: put the picture itself into the request, as a data: URL.",
    param="messages",
    code="address_refused",
)


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
        may_fetch: bool = False,
    ) -> None:
        """Take what `post` may raise as `translate`, and what only this server's refusals say as `read`.

        `secrets` are the keys and passwords of this program: nobody may read them in a server's words. What a server
        that `may_fetch` fetches for a program, it fetches from elsewhere than this network.
        """
        self._backend = backend
        self._post = post
        self._translate = translate
        self._read = read
        self._secrets = secrets
        self._may_fetch = may_fetch
        self._learned = Learned()

    async def objects(self, model: str, call: RelayCall, timeouts: Timeouts) -> AsyncGenerator[JsonObject, None]:
        """Yield the objects of the answer. Raises BackendError."""
        asks_more = bool(call.unasked) and not self._learned.refuses(model, _UNASKED)
        if asks_more:
            begun = False
            try:
                async with aclosing(self._answer(model, call, call.unasked, timeouts)) as objects:
                    async for one in objects:
                        begun = True
                        yield one
                return
            except RelayRefused as error:
                if begun or not _may_be_about(call.unasked, error.words):
                    raise
        async with aclosing(self._answer(model, call, {}, timeouts)) as objects:
            async for one in objects:
                if asks_more:  # and it was refused for that alone
                    asks_more = False
                    self._learned.refuse(model, _UNASKED, for_s=_A_WHILE_S)
                yield one

    async def _answer(
        self, model: str, call: RelayCall, more: JsonObject, timeouts: Timeouts
    ) -> AsyncGenerator[JsonObject, None]:
        limit_s = timeouts.first_token_s if call.stream else timeouts.whole_reply_s
        deadline = asyncio.get_running_loop().time() + limit_s
        within = Translation(self._translate, backend=self._backend, model=model)
        if not self._may_fetch and names_address(call.body):
            raise RelayRefused("an address", words=_ADDRESS, backend=self._backend, model=model)
        with within:
            async with asyncio.timeout_at(deadline):
                response = await self._post(f"/{call.kind}", _body(model, call, more))
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


def _body(model: str, call: RelayCall, more: JsonObject) -> bytes:
    """Return what is sent. Raises RelayRefused for what is no JSON: nested too deeply, half of a character in it."""
    streams = {"stream": True} if call.stream else {}
    try:
        return orjson.dumps({"model": model, **call.body, **more, **streams})
    except orjson.JSONEncodeError as exc:
        words = ServerWords(status=400, message="The request is nested too deeply, or has a text that is no Unicode.")
        raise RelayRefused("no JSON", words=words) from exc


def _may_be_about(unasked: JsonObject, words: ServerWords) -> bool:
    """Tell whether what a server refuses may be a field that no program has asked for."""
    return words.code != OVERFLOW and (not words.param or words.param.partition(".")[0] in unasked)


def _json_or(text: str, body: bytes) -> object:
    try:
        return lenient(body)
    except BackendGarbled:
        return text
