"""Relays a program's request to a server with OpenAI's API, and its answer back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import httpx2
import openai
import orjson

from thai_chat.backends.failures import NO_SUCH_ROUTE, Refusal, failure, read_refusal, retry_after_of
from thai_chat.backends.openai_api.errors import translate, translation
from thai_chat.backends.openai_api.program_errors import error_for_program
from thai_chat.backends.openai_api.relay_stream import RelayStream
from thai_chat.backends.openai_api.reply_reader import read_reply
from thai_chat.backends.timeouts import Timeouts
from thai_chat.backends.translation import again_if_closed
from thai_chat.domain.backend_errors import BackendError, ModelNotFound, NotOffered, WebPage
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.ports.relay import RelayCall, RelayKind


@dataclass(frozen=True, slots=True)
class Relay:
    """The way of programs to one server."""

    client: openai.AsyncOpenAI
    backend: str
    secrets: Sequence[str] = field(default=(), repr=False)
    """The keys and passwords of this program, which no program may read in a server's words."""

    async def objects(self, model: str, call: RelayCall, timeouts: Timeouts) -> AsyncGenerator[JsonObject, None]:
        """Yield the objects of the answer. Raises BackendError."""
        limit_s = timeouts.first_token_s if call.stream else timeouts.whole_reply_s
        deadline = asyncio.get_running_loop().time() + limit_s
        with translation(backend=self.backend, model=model):
            response = await again_if_closed(lambda: self._response(model, call, deadline))
            try:
                reading = read_reply(
                    response.headers.get("content-type", ""),
                    response.aiter_bytes(),
                    RelayStream(call, self._error),
                    deadline=deadline,
                    timeouts=timeouts,
                    backend=self.backend,
                )
                async with aclosing(reading) as pieces:
                    async for objects in pieces:
                        for one in objects:
                            yield one
            finally:
                await response.aclose()

    async def _response(self, model: str, call: RelayCall, deadline: float) -> httpx2.Response:
        """Return the response with its headers read."""
        body = {"model": model, **call.body} | ({"stream": True} if call.stream else {})
        with translation(backend=self.backend, model=model):
            async with asyncio.timeout_at(deadline):
                try:
                    return await self.client.post(
                        f"/{call.kind}",
                        content=orjson.dumps(body),
                        cast_to=httpx2.Response,
                        options={"headers": {"Content-Type": "application/json"}},
                        stream=True,
                    )
                except openai.APIStatusError as exc:
                    raise self._refused(exc, call) from exc

    def _refused(self, exc: openai.APIStatusError, call: RelayCall) -> BackendError:
        error = translate(exc)
        if isinstance(error, WebPage):
            return error
        refusal = read_refusal(exc.status_code, exc.body)
        has_no_route = exc.status_code in NO_SUCH_ROUTE and not isinstance(error, ModelNotFound)
        if has_no_route and call.kind is not RelayKind.CHAT:
            return NotOffered(f"HTTP {exc.status_code}")
        return self._error(refusal, retry_after=retry_after_of(exc.response.headers))

    def _error(self, refusal: Refusal, *, retry_after: str | None = None) -> BackendError:
        return error_for_program(failure(refusal, retry_after=retry_after), refusal, secrets=self.secrets)
