"""Streams chat completions from any server with OpenAI's API, through the official client over aiohttp.

A stream's bytes are read raw and only the few fields that matter are decoded: a third of the CPU time that the
client's own objects take (`docs/backends.md` has the figures).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from functools import partial
from typing import Any, ClassVar, TypeAlias, cast

import httpx2
import openai

from thai_chat.backends.address import moved_to, secrets_of
from thai_chat.backends.bounds import MOST_MODELS, is_page
from thai_chat.backends.failures import NO_SUCH_ROUTE
from thai_chat.backends.json_text import lenient
from thai_chat.backends.listing import entries
from thai_chat.backends.named import described, told_in
from thai_chat.backends.openai_api.completion_stream import CompletionStream
from thai_chat.backends.openai_api.connection import connection, post
from thai_chat.backends.openai_api.counter import Counter
from thai_chat.backends.openai_api.errors import translate, translation
from thai_chat.backends.openai_api.event_stream import EventStream
from thai_chat.backends.openai_api.exchange import Api, Exchange, RequestAttempt, Ways
from thai_chat.backends.openai_api.parameters import Learned
from thai_chat.backends.openai_api.relay import Relay
from thai_chat.backends.openai_api.reply_reader import read_reply
from thai_chat.backends.openai_api.response_stream import ResponseStream
from thai_chat.backends.reasoning import UnseenReasoning
from thai_chat.backends.timeouts import (
    DEFAULT_TIMEOUTS,
    MODELS_TIMEOUT_S,
    Timeouts,
)
from thai_chat.backends.translation import again_if_closed
from thai_chat.domain.backend_errors import (
    BackendError,
    BackendMoved,
    NotOffered,
    OnlyReasoning,
    WebPage,
)
from thai_chat.domain.events import Finished, Notice, Progress, ReasoningDelta, StreamEvent, TextDelta, Usage
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.ports.backend import ModelInfo, PromptMessage, ReplyRequest
from thai_chat.domain.ports.relay import RelayCall, RelayKind

Response: TypeAlias = "openai.AsyncAPIResponse[Any]"
_NOT_STREAMED = Notice("answer_not_streamed")
_EVERY_MODEL = ""
_USUAL_PATH = "/v1"
_MOST_MOVES = 3
_NO_COUNTER_S = 600.0
"""How long a server is believed to have no counter: it may be replaced by a newer one."""


class OpenAICompatible:
    """Implements `Backend`. Subclasses have what differs between servers: the list of models, the extras they take."""

    ways: ClassVar[Ways] = Ways()

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        api_key: str | None = None,
        default_model: str | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        may_fetch: bool = False,
    ) -> None:
        """Take the server's address. It may hold "user:password@", which goes before the key."""
        self._name = name
        self._default_model = default_model
        self._timeouts = timeouts
        self._learned = Learned()
        self._unseen = UnseenReasoning()
        self._client = connection(base_url, api_key=api_key, timeouts=timeouts)
        secrets = secrets_of(base_url, api_key)
        self._relay = Relay(name, partial(post, self._client), translate, secrets=secrets, may_fetch=may_fetch)

    @property
    def name(self) -> str:
        return self._name

    @property
    def default_model(self) -> str | None:
        return self._default_model

    @property
    def loading_models(self) -> Collection[str]:
        return ()

    @property
    def warm_models(self) -> Collection[str] | None:
        return None

    async def models(self) -> Sequence[ModelInfo]:
        """Return the server's models. Without a list the default model alone: any other may be there, too."""
        with translation(backend=self._name):
            async with asyncio.timeout(MODELS_TIMEOUT_S):
                cards = await self._listed()
            if cards is None:
                return [described(self._default_model)] if self._default_model else []
            return self._offered(cards[:MOST_MODELS])

    async def _listed(self) -> list[dict[str, Any]] | None:
        """Return the entries of the server's list; None when it has no list. The address becomes the one that has
        it."""
        base = str(self._client.base_url).rstrip("/")
        tried = [base] if base.endswith(_USUAL_PATH) else [base, base + _USUAL_PATH]
        page: WebPage | None = None
        for address in tried:
            try:
                content, self._client.base_url = await self._list_at(address)
                return entries(lenient(content))
            except WebPage as error:
                page = error
            except openai.APIStatusError as error:
                if error.status_code not in NO_SUCH_ROUTE:
                    raise
                translated = translate(error)
                page = translated if isinstance(translated, WebPage) else page
        if page:
            raise page
        return None

    async def _list_at(self, base: str) -> tuple[bytes, str]:
        """Return the list below `base`, and the base that it came from: the server may have said that it has moved."""
        for _ in range(_MOST_MOVES):
            try:
                answer = await self._client.get(f"{base}/models", cast_to=httpx2.Response)
            except openai.APIStatusError as error:
                moved = moved_to(f"{base}/models", error.status_code, error.response.headers.get("location", ""))
                if not moved.endswith("/models"):
                    raise
                base = moved.removesuffix("/models")
                continue
            if is_page("", answer.content[:1_000].decode(errors="replace")):
                raise WebPage("a web page came")
            return answer.content, base
        raise BackendMoved("again and again")

    def _offered(self, cards: Sequence[dict[str, Any]]) -> Sequence[ModelInfo]:
        """Return the models of the server's `cards`, in the order of the picker."""
        return [described(str(card["id"]), **told_in(card)) for card in cards]

    def _preferred_api(self, model: str) -> Api:
        return Api.COMPLETIONS

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[StreamEvent, None]:
        exchange = Exchange(request, self.ways, self._learned, api=self._preferred_api(request.model))
        told: list[Notice] = []
        with translation(backend=self._name, model=request.model):
            while True:
                attempt = exchange.attempt()
                if not attempt.streams and _NOT_STREAMED not in told:
                    told.append(_NOT_STREAMED)  # before the long wait for it
                    yield _NOT_STREAMED
                splitter = self._unseen.splitter(request)
                reply = ResponseStream() if attempt.api is Api.RESPONSES else CompletionStream(splitter)
                async with aclosing(self._attempt(exchange, attempt, reply)) as events:
                    async for event in events:
                        if isinstance(event, ReasoningDelta) and reply.only_reasoned and attempt.prefill is not None:
                            break
                        if isinstance(event, Notice):
                            if event in told:
                                continue
                            told.append(event)
                        yield event
                if reply.only_reasoned and exchange.mistook_for_reasoning(attempt):
                    continue
                if reply.finish_reason:
                    break
            self._unseen.note(request, splitter)
            if reply.only_reasoned and reply.finish_reason == "length":
                raise OnlyReasoning("all tokens went into thinking")
            yield Finished(reply.finish_reason)

    def relay(self, model: str, call: RelayCall) -> AsyncGenerator[JsonObject, None]:
        reasons = call.kind is RelayKind.RESPONSES or self._preferred_api(model) is Api.RESPONSES
        timeouts = self._timeouts.while_reasoning() if reasons else self._timeouts
        return self._relay.objects(model, call, timeouts)

    async def count_tokens(self, model: str, messages: Sequence[PromptMessage]) -> int | None:
        for counter in self._counters():
            tokens = await self._count(counter, model, messages)
            if tokens is not None:
                return tokens
        return None

    def _counters(self) -> Sequence[Counter]:
        """Return where the server may count, best first."""
        return ()

    async def prepare(self, model: str) -> None:
        return None

    async def pull(self, model: str) -> AsyncGenerator[Progress, None]:
        raise NotOffered("models are not fetched here", backend=self.name, model=model)
        yield  # makes it a generator

    async def close(self) -> None:
        await self._client.close()

    async def _attempt(
        self, exchange: Exchange, attempt: RequestAttempt, reply: EventStream
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yield what one attempt gives; nothing when the next one will leave out more."""
        timeouts = self._timeouts.while_reasoning() if attempt.api is Api.RESPONSES else self._timeouts
        deadline = asyncio.get_running_loop().time() + timeouts.first_token_s
        async with AsyncExitStack() as stack:
            response = await self._send(exchange, attempt, stack)
            if response is None:
                return
            for notice in attempt.notices:
                yield notice
            continuation = exchange.continuation(attempt)
            reading = read_reply(
                response.headers.get("content-type", ""),
                response.iter_bytes(),
                reply,
                deadline=deadline,
                timeouts=timeouts,
                within=translation(backend=self._name),
            )
            pieces = await stack.enter_async_context(aclosing(reading))
            begun = False
            try:
                async for events in pieces:
                    for event in continuation.join(events) if continuation else events:
                        begun = begun or not isinstance(event, Usage)
                        yield event
            except BackendError as error:
                if not begun and exchange.settle(error, attempt):
                    return  # vLLM opens the stream before its engine has looked at every option
                if continuation and (held := continuation.end()):
                    yield TextDelta(held)
                raise
            exchange.succeeded(attempt)
            if continuation and (held := continuation.end()):
                yield TextDelta(held)

    async def _send(self, exchange: Exchange, attempt: RequestAttempt, stack: AsyncExitStack) -> Response | None:
        """Return the response with its headers read, which `stack` closes; None when the next attempt may do better."""
        try:
            return await again_if_closed(lambda: self._response(exchange.model, attempt, stack))
        except BackendError as error:
            if exchange.settle(error, attempt):
                return None
            raise

    async def _response(self, model: str, attempt: RequestAttempt, stack: AsyncExitStack) -> Response:
        limit_s = self._timeouts.first_token_s if attempt.streams else self._timeouts.whole_reply_s
        with translation(backend=self._name, model=model):
            async with asyncio.timeout(limit_s):
                return cast("Response", await stack.enter_async_context(self._opening(model, attempt)))

    def _opening(self, model: str, attempt: RequestAttempt) -> AbstractAsyncContextManager[Any]:
        messages = [{"role": message.role.value, "content": message.content} for message in attempt.messages]
        # In the extra body, which goes as it is: the client spends 0.2 ms on looking at each typed message.
        if attempt.api is Api.RESPONSES:
            return self._client.responses.with_streaming_response.create(
                model=model, input=[], stream=attempt.streams, extra_body={**attempt.extras, "input": messages}
            )
        return self._client.chat.completions.with_streaming_response.create(
            model=model, messages=[], stream=attempt.streams, extra_body={**attempt.extras, "messages": messages}
        )

    async def _count(self, counter: Counter, model: str, messages: Sequence[PromptMessage]) -> int | None:
        """Return the server's count; None where it does not count this way, which is remembered for a while."""
        if self._learned.refuses(_EVERY_MODEL, counter):
            return None
        with translation(backend=self._name, model=model):
            tokens = await counter.count(self._client, model, messages)
        if tokens is None:
            self._learned.refuse(_EVERY_MODEL, counter, for_s=_NO_COUNTER_S)
        return tokens
