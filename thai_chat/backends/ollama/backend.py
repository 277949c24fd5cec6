"""Ollama by its own API: the OpenAI-compatible one beside it can't say how large the context is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import ExitStack, aclosing
from typing import Literal, cast

import ollama

from thai_chat.backends.address import secrets_of
from thai_chat.backends.bounds import MOST_MODELS, REASON_CHARS
from thai_chat.backends.continuation import Continuation
from thai_chat.backends.named import described
from thai_chat.backends.ollama.client import OllamaClient
from thai_chat.backends.ollama.errors import read_for_program, translate, translation
from thai_chat.backends.ollama.memory import Memory
from thai_chat.backends.ollama.models import Card, Cards, full_name
from thai_chat.backends.ollama.options import AskedOptions, asked_of, keep_alive_of, with_num_ctx, without
from thai_chat.backends.ollama.pull import fetch
from thai_chat.backends.ollama.windows import ContextWindows, was_cut
from thai_chat.backends.openai_api.relay import Relay
from thai_chat.backends.reasoning import UnseenReasoning
from thai_chat.backends.timeouts import Timeouts
from thai_chat.backends.translation import next_within, read_out
from thai_chat.domain.backend_errors import (
    BackendError,
    BackendTimeout,
    BackendUnreachable,
    OnlyReasoning,
    ReplyCut,
    UnsupportedParameter,
)
from thai_chat.domain.events import (
    MODEL_LOADING,
    Finished,
    Notice,
    Progress,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    Usage,
    WasReasoning,
)
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Role
from thai_chat.domain.ports.backend import ModelInfo, PromptMessage, ReplyRequest
from thai_chat.domain.ports.relay import RelayCall

OLLAMA_TIMEOUTS = Timeouts(first_token_s=600.0)
"""Before its first word a model is loaded, which takes minutes from a slow disk, and waits for other replies: by
default Ollama writes one at a time and says nothing meanwhile."""

_LIST_TIMEOUT_S = 3.0


class OllamaBackend:
    """Implements `Backend`."""

    def __init__(
        self,
        host: str,
        *,
        default_model: str | None = None,
        num_ctx: int | None = None,
        keep_alive: str | None = None,
        timeouts: Timeouts = OLLAMA_TIMEOUTS,
    ) -> None:
        """Take the server's address. `num_ctx`: see `ContextWindows`.

        `keep_alive` is how long Ollama keeps a model in memory, in its own words ("30m", "-1" for ever); None leaves
        that to the server.
        """
        self._default_model = default_model
        self._keep_alive = keep_alive_of(keep_alive)
        self._timeouts = timeouts
        self._client = OllamaClient(host, connect_s=timeouts.connect_s)
        self._cards = Cards(self._client)
        self._windows = ContextWindows(num_ctx)
        self._memory = Memory(self._client)
        self._unseen = UnseenReasoning()
        self._relay = Relay(
            self.name, self._client.post, translate, read=read_for_program, secrets=secrets_of(host, None)
        )

    @property
    def name(self) -> str:
        return "ollama"

    @property
    def default_model(self) -> str | None:
        return full_name(self._default_model) if self._default_model else None

    @property
    def loading_models(self) -> Collection[str]:
        return self._memory.loading

    @property
    def warm_models(self) -> Collection[str] | None:
        return self._memory.warm

    async def models(self) -> Sequence[ModelInfo]:
        with translation(backend=self.name):
            async with asyncio.timeout(_LIST_TIMEOUT_S):
                listed, running = await asyncio.gather(self._client.listed(), self._client.running())
        loaded = {entry.model: entry.context_length for entry in running}
        self._memory.note_warm(loaded.keys() - set(self._memory.loading))
        self._windows.note_loaded((model, window) for model, window in loaded.items() if window)
        digests = {entry.model: entry.digest or entry.model for entry in listed[:MOST_MODELS]}
        cards = await self._cards.read(digests)
        return [
            described(
                model,
                context_window=self._windows.in_force(model, card := cards.get(model)),
                is_cloud=card is not None and card.is_remote,
                chats=card.chats if card else None,
                vision=card.vision if card else None,
                thinking=bool(card.thinking) if card else None,
            )
            for model in digests
        ]

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[StreamEvent, None]:
        with translation(backend=self.name, model=request.model):
            card = await self._cards.of(request.model)
            asked = asked_of(request.options, card)
            for param in asked.left_out:
                yield Notice("option_left_out", {"param": param})
            for param in asked.dropped:
                yield Notice("parameter_dropped", {"param": param})
            is_cold = not (card and card.is_remote) and await self._memory.is_cold(request.model)
            if is_cold:
                yield Notice(MODEL_LOADING, {"model": request.model}, is_passing=True)
            while True:
                try:
                    async with aclosing(self._joined(request, card, asked, is_cold=is_cold)) as events:
                        async for event in events:
                            yield event
                    return
                except UnsupportedParameter as error:
                    less = without(asked, str(error.params["param"]))
                    if less is None:
                        raise
                asked, name = less
                if name == "think":
                    self._cards.note_think_refused(request.model)
                yield Notice("parameter_dropped", {"param": name})

    async def relay(self, model: str, call: RelayCall) -> AsyncGenerator[JsonObject, None]:
        """Yield the answer of the part of Ollama that speaks OpenAI's protocol, which takes no `num_ctx`."""
        is_cold = await self._memory.is_cold(model)
        with ExitStack() as waiting:
            if is_cold:
                waiting.enter_context(self._memory.while_loading(model))
            async with aclosing(self._relay.objects(model, call, self._timeouts)) as objects:
                async for one in objects:
                    waiting.close()
                    yield one
        self._memory.note_warm([model])

    async def count_tokens(self, model: str, messages: Sequence[PromptMessage]) -> int | None:
        return None

    async def prepare(self, model: str) -> None:
        with translation(backend=self.name, model=model), ExitStack() as stack:
            card = await self._cards.of(model)
            if card and card.is_remote:
                return
            if await self._memory.is_cold(model, ask=True):
                stack.enter_context(self._memory.while_loading(model))
            async with asyncio.timeout(self._timeouts.first_token_s):
                await self._client.chat(
                    model=model,
                    messages=[],
                    options=with_num_ctx(AskedOptions(options={}), self._windows.num_ctx(model, card)) or None,
                    keep_alive=self._keep_alive,
                )
            self._memory.note_warm([model])

    def pull(self, model: str) -> AsyncGenerator[Progress, None]:
        return fetch(self._client, model)

    async def close(self) -> None:
        await self._client.close()

    async def _joined(
        self, request: ReplyRequest, card: Card | None, asked: AskedOptions, *, is_cold: bool
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yield the reply, less what it says again of its beginning. Raises OnlyReasoning, after the counts."""
        # Whether a message is left open depends on the model's template: some begin the reply anew.
        continuation = Continuation(request.continues, prefilled=False) if request.continues.strip() else None
        reasoning = said = False
        async with aclosing(self._reply(request, card, asked, is_cold=is_cold)) as events:
            try:
                async for event in events:
                    reasoning = reasoning or isinstance(event, ReasoningDelta | WasReasoning)
                    said = not isinstance(event, WasReasoning) and (
                        said or (isinstance(event, TextDelta) and not event.text.isspace())
                    )
                    if isinstance(event, Finished):
                        if continuation and (held := continuation.end()):
                            yield TextDelta(held)
                        if event.reason == "length" and reasoning and not said:
                            raise OnlyReasoning("all tokens went into thinking")
                    for joined in continuation.join([event]) if continuation else (event,):
                        yield joined
            except BackendError:
                if continuation and (held := continuation.end()):
                    yield TextDelta(held)
                raise

    async def _reply(
        self, request: ReplyRequest, card: Card | None, asked: AskedOptions, *, is_cold: bool
    ) -> AsyncGenerator[StreamEvent, None]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeouts.first_token_s
        splitter = self._unseen.splitter(request)
        with ExitStack() as waiting:
            if is_cold:
                waiting.enter_context(self._memory.while_loading(request.model))
            async with aclosing(await self._chat(request, card, asked)) as parts:
                begun = False
                while part := await self._next(parts, deadline, begun=begun):
                    if not begun:
                        begun = True
                        waiting.close()
                    if reasoning := part.message.thinking:
                        splitter.stop_watching()
                        yield ReasoningDelta(reasoning)
                    if content := part.message.content:
                        for event in splitter.feed(content):
                            yield event
                    if part.done:
                        self._memory.note_warm([request.model])
                        rest = splitter.end(is_whole=part.done_reason != "length")
                        self._unseen.note(request, splitter)
                        for last in (*rest, *self._end(request, card, part)):
                            yield last
                        await read_out(parts)
                        return
                    if reasoning or content:
                        deadline = loop.time() + self._timeouts.between_tokens_s
        raise ReplyCut("the stream ended before it was done")

    def _end(self, request: ReplyRequest, card: Card | None, part: ollama.ChatResponse) -> Sequence[StreamEvent]:
        window = self._windows.in_force(request.model, card)
        events: list[StreamEvent] = []
        if was_cut(request.messages, window=window, counted=part.prompt_eval_count):
            events.append(Notice("prompt_truncated", {"model": request.model, "context_window": window}))
        return [
            *events,
            Usage(part.prompt_eval_count, part.eval_count),
            Finished((part.done_reason or "stop")[:REASON_CHARS]),
        ]

    async def _chat(
        self, request: ReplyRequest, card: Card | None, asked: AskedOptions
    ) -> AsyncGenerator[ollama.ChatResponse, None]:
        """Return the parts of the reply; nothing is sent before the first one is asked for."""
        messages = [{"role": message.role.value, "content": message.content} for message in request.messages]
        if request.continues.strip():
            # Ollama leaves a last message of the assistant open, and the model goes on behind it.
            messages.append({"role": Role.ASSISTANT.value, "content": request.continues})
        parts = await self._client.chat(
            model=request.model,
            messages=messages,
            stream=True,
            think=cast("bool | None", asked.think),
            format=cast("dict[str, object] | Literal['json'] | None", asked.format),
            options=with_num_ctx(asked, self._windows.num_ctx(request.model, card)) or None,
            keep_alive=self._keep_alive,
        )
        return cast("AsyncGenerator[ollama.ChatResponse, None]", parts)

    async def _next(
        self, parts: AsyncGenerator[ollama.ChatResponse, None], deadline: float, *, begun: bool
    ) -> ollama.ChatResponse | None:
        """Return the next part, None at the end. Raises ReplyCut for a connection that breaks after the reply had
        begun."""
        try:
            with translation(backend=self.name):
                return await next_within(parts, deadline)
        except BackendUnreachable as error:
            if isinstance(error, BackendTimeout) or not begun:
                raise
            raise ReplyCut(str(error), **error.params) from error
