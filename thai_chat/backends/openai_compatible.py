"""Streams chat completions from any server with OpenAI's API, through the official client over aiohttp.

A stream's bytes are read raw and only the few fields that matter are decoded: a third of the CPU time that the
client's own objects take (`docs/backends.md` has the figures).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, cast

import httpx2
import openai
import orjson

from thai_chat.backends.address import certificates, is_loopback
from thai_chat.backends.completion_stream import CompletionStream
from thai_chat.backends.openai_errors import translation
from thai_chat.backends.parameters import Attempt, LearnedParameters
from thai_chat.backends.timeouts import DEFAULT_TIMEOUTS, KEEP_ALIVE_S, MAX_CONNECTIONS, MODELS_TIMEOUT_S, Timeouts
from thai_chat.domain.errors import (
    BackendGarbled,
    BackendTimeout,
    BackendUnreachable,
    NotOffered,
    ReplyCut,
    UnsupportedParameter,
)
from thai_chat.domain.events import Notice, Progress, StreamEvent
from thai_chat.domain.messages import JsonObject
from thai_chat.domain.ports import ModelInfo, PromptMessage, ReplyRequest

if TYPE_CHECKING:
    Response: TypeAlias = openai.AsyncAPIResponse[Any]

_AFTER_THE_END_S = 5.0
"""How long the usage is waited for once the reply is whole."""


class OpenAICompatible:
    """Implements `Backend`. Subclasses have what differs between servers: the list of models, the extras they take."""

    stream_options: ClassVar[JsonObject] = {"include_usage": True}

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        api_key: str | None = None,
        default_model: str | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        self._name = name
        self._default_model = default_model
        self._timeouts = timeouts
        self._learned = LearnedParameters()
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",  # the client refuses to be made without one
            max_retries=0,
            # Reading has no limit here: `_read` counts from token to token, which a server's pings don't prolong.
            timeout=httpx2.Timeout(None, connect=timeouts.connect_s, pool=timeouts.connect_s),
            http_client=openai.DefaultAioHttpClient(
                trust_env=not is_loopback(base_url),
                verify=certificates(base_url),
                limits=httpx2.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=KEEP_ALIVE_S),
            ),
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def default_model(self) -> str | None:
        return self._default_model

    async def models(self) -> Sequence[ModelInfo]:
        listing = self._client.models.with_streaming_response.list()
        with translation(backend=self._name):
            async with asyncio.timeout(MODELS_TIMEOUT_S), listing as response:
                body = orjson.loads(await response.read())
            cards = body.get("data") if isinstance(body, dict) else None
            if not isinstance(cards, list) or not all(isinstance(card, dict) and card.get("id") for card in cards):
                raise BackendGarbled("no list of models")
            return self._offered(cards)

    def _offered(self, cards: Sequence[dict[str, Any]]) -> Sequence[ModelInfo]:
        """The chat models among the server's `cards`, in the order of the picker."""
        return [ModelInfo(model=str(card["id"])) for card in cards]

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[StreamEvent, None]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeouts.first_token_s
        reply = CompletionStream()
        with translation(backend=self._name, model=request.model):
            async with AsyncExitStack() as stack:
                response, told = None, False
                while response is None:
                    attempt = self._learned.attempt(request, stream_options=self.stream_options)
                    if not attempt.streams and not told:
                        told = True  # before the long wait for it
                        yield Notice("answer_not_streamed")
                    response = await self._send(request, attempt, stack)
                for param in attempt.dropped:
                    yield Notice("parameter_dropped", {"param": param})
                if not _is_event_stream(response):
                    for event in reply.whole(await self._read_whole(response)):
                        yield event
                    return
                chunks = await stack.enter_async_context(aclosing(_chunks(response)))
                while chunk := await self._read(chunks, reply, deadline):
                    events = reply.feed(chunk)
                    for event in events:
                        yield event
                    if reply.done:
                        break
                    if reply.finish_reason:
                        deadline = loop.time() + _AFTER_THE_END_S
                    elif events:
                        deadline = loop.time() + self._timeouts.between_tokens_s
            for event in reply.end():
                yield event

    async def count_tokens(self, model: str, messages: Sequence[PromptMessage]) -> int | None:
        return None

    async def prepare(self, model: str) -> None:
        return None

    async def pull(self, model: str) -> AsyncGenerator[Progress, None]:
        raise NotOffered("models are not fetched here", backend=self.name, model=model)
        yield  # makes it a generator

    async def close(self) -> None:
        await self._client.close()

    async def _send(self, request: ReplyRequest, attempt: Attempt, stack: AsyncExitStack) -> Response | None:
        """The response with its headers read, which `stack` closes; None when the next attempt will leave out more.

        That comes to an end: a refusal counts only for what was sent, and what was refused is not sent again.
        """
        completions: Any = self._client.chat.completions.with_streaming_response
        opening = completions.create(
            model=request.model,
            messages=[{"role": message.role.value, "content": message.content} for message in request.messages],
            stream=attempt.streams,
            extra_body=attempt.parameters,
        )
        limit_s = self._timeouts.first_token_s if attempt.streams else self._timeouts.whole_reply_s
        try:
            with translation(backend=self._name, model=request.model):
                async with asyncio.timeout(limit_s):
                    return cast("Response", await stack.enter_async_context(opening))
        except UnsupportedParameter as refused:
            if self._learned.learn(request.model, str(refused.params["param"]), attempt):
                return None
            raise

    async def _read_whole(self, response: Response) -> bytes:
        async with asyncio.timeout(self._timeouts.whole_reply_s):
            return await response.read()

    async def _read(
        self, chunks: AsyncGenerator[bytes, None], reply: CompletionStream, deadline: float
    ) -> bytes | None:
        """The next bytes, None at the end; what breaks after the reply was whole does no harm."""
        try:
            with translation(backend=self._name):
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
    kind = response.headers.get("content-type", "")
    if kind.startswith("text/html"):
        raise BackendGarbled("a web page came")
    return not kind.startswith("application/json")
