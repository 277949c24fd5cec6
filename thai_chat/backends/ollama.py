"""Ollama by its own API: the OpenAI-compatible one beside it can't say how large the context is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import cast

import httpx
import httpx_aiohttp
import ollama

from thai_chat.backends.address import certificates
from thai_chat.backends.ollama_errors import translation
from thai_chat.backends.ollama_models import Cards
from thai_chat.backends.thinking import ThinkingSplitter
from thai_chat.backends.timeouts import DEFAULT_TIMEOUTS, KEEP_ALIVE_S, MAX_CONNECTIONS, Timeouts
from thai_chat.domain.errors import BackendTimeout, BackendUnreachable, NotOffered, ReplyCut
from thai_chat.domain.events import Finished, Progress, Reasoning, StreamEvent, Usage
from thai_chat.domain.ports import ModelInfo, PromptMessage, ReplyRequest

_LIST_TIMEOUT_S = 3.0

_OPTIONS: Mapping[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "seed": "seed",
    "stop": "stop",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "repetition_penalty": "repeat_penalty",
    "max_tokens": "num_predict",
    "max_completion_tokens": "num_predict",
}
"""Ollama's names for OpenAI's options; what it has no name for is left out."""


class OllamaBackend:
    """Implements `Backend`."""

    def __init__(self, host: str, *, default_model: str | None = None, timeouts: Timeouts = DEFAULT_TIMEOUTS) -> None:
        self._default_model = default_model
        self._timeouts = timeouts
        self._client = ollama.AsyncClient(
            host,
            # aiohttp beneath halves the CPU time of a token. It reads no proxy from the environment.
            transport=httpx_aiohttp.AiohttpTransport(
                verify=certificates(host),
                limits=httpx.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=KEEP_ALIVE_S),
            ),
            # Reading has no limit here: `_next` counts from token to token.
            timeout=httpx.Timeout(None, connect=timeouts.connect_s, pool=timeouts.connect_s),
        )
        self._cards = Cards(self._client)
        self._loaded: dict[str, int] = {}
        """The context windows that models were last seen loaded with, kept when Ollama unloads them."""

    @property
    def name(self) -> str:
        return "ollama"

    @property
    def default_model(self) -> str | None:
        """With its tag, as Ollama lists it: "llama3" means "llama3:latest"."""
        if not self._default_model or ":" in self._default_model:
            return self._default_model
        return f"{self._default_model}:latest"

    async def models(self) -> Sequence[ModelInfo]:
        with translation(backend=self.name):
            async with asyncio.timeout(_LIST_TIMEOUT_S):
                listed, running = await asyncio.gather(self._client.list(), self._client.ps())
        self._loaded |= {str(model.model): model.context_length for model in running.models if model.context_length}
        digests = {model.model: model.digest or model.model for model in listed.models if model.model}
        cards = await self._cards.read(digests)
        return [
            ModelInfo(
                model=model,
                context_window=self._loaded.get(model) or (cards[model].context_window if model in cards else None),
            )
            for model in digests
            if model not in cards or cards[model].chats
        ]

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[StreamEvent, None]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeouts.first_token_s
        splitter = ThinkingSplitter()
        begun = False
        with translation(backend=self.name, model=request.model):
            async with aclosing(await self._chat(request)) as parts:
                while part := await self._next(parts, deadline, begun=begun):
                    begun = True
                    if thought := part.message.thinking:
                        yield Reasoning(thought)
                    if content := part.message.content:
                        for event in splitter.feed(content):
                            yield event
                    if part.done:
                        for last in (*splitter.end(), Usage(part.prompt_eval_count, part.eval_count)):
                            yield last
                        yield Finished(part.done_reason or "stop")
                        return
                    deadline = loop.time() + self._timeouts.between_tokens_s
            raise ReplyCut("the stream ended before it was done")

    async def count_tokens(self, model: str, messages: Sequence[PromptMessage]) -> int | None:
        return None

    async def prepare(self, model: str) -> None:
        return None

    async def pull(self, model: str) -> AsyncGenerator[Progress, None]:
        raise NotOffered("models are not fetched here", backend=self.name, model=model)
        yield  # makes it a generator

    async def close(self) -> None:
        await self._client.close()  # type: ignore[no-untyped-call]

    async def _chat(self, request: ReplyRequest) -> AsyncGenerator[ollama.ChatResponse, None]:
        """The parts of the reply; nothing is sent before the first one is asked for."""
        options = {_OPTIONS[name]: cast("object", value) for name, value in request.options.items() if name in _OPTIONS}
        parts = await self._client.chat(
            model=request.model,
            messages=[{"role": message.role.value, "content": message.content} for message in request.messages],
            stream=True,
            options=options or None,
        )
        return cast("AsyncGenerator[ollama.ChatResponse, None]", parts)

    async def _next(
        self, parts: AsyncGenerator[ollama.ChatResponse, None], deadline: float, *, begun: bool
    ) -> ollama.ChatResponse | None:
        """The next part, None at the end. Raises ReplyCut for a connection that breaks after the reply had begun."""
        try:
            with translation(backend=self.name):
                async with asyncio.timeout_at(deadline):
                    return await anext(parts, None)
        except BackendUnreachable as error:
            if isinstance(error, BackendTimeout) or not begun:
                raise
            raise ReplyCut(str(error), **error.params) from error
