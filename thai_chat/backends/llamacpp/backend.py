"""llama.cpp on this machine: a GGUF file of the user's own, or the small demo model of the first run."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from thai_chat.backends.llamacpp.options import OPTIONS, SLOT_CONTEXT
from thai_chat.backends.llamacpp.process import LlamaCppProcess
from thai_chat.backends.llamacpp.server import LaunchOrder
from thai_chat.backends.named import described
from thai_chat.backends.openai_api.compatible import OpenAICompatible
from thai_chat.backends.openai_api.counter import LLAMACPP_COUNTER, Counter
from thai_chat.backends.openai_api.errors import translation
from thai_chat.backends.openai_api.exchange import Ways
from thai_chat.backends.openai_api.props import takes_pictures
from thai_chat.backends.timeouts import DEFAULT_TIMEOUTS, Timeouts
from thai_chat.domain.backend_errors import NotOffered
from thai_chat.domain.events import MODEL_LOADING, Notice, Progress, StreamEvent
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.messages import MODEL_CHARS
from thai_chat.domain.ports.backend import DEMO_NOTE, ModelInfo, PromptMessage, ReplyRequest
from thai_chat.domain.ports.relay import RelayCall

DEMO_MODEL = "SmolLM2-135M-Instruct (demo)"
_DEMO_TEMPERATURE = 0.2
"""Above it the demo model soon talks nonsense."""
_DEMO_MAX_TOKENS = 400
_DEMO_AGAINST_REPETITION: JsonObject = {"repeat_penalty": 1.15, "repeat_last_n": 256}
"""The options without which the demo model says one sentence again and again; with them three of four replies end by
themselves."""

_SLOTS = 2
_MOST_THREADS = 8


class LlamaCppBackend:
    """Implements `Backend`. The server is started at the first use and loads its model in the background."""

    def __init__(
        self,
        model_path: Path,
        *,
        model: str | None = None,
        demo: bool = False,
        log_file: Path | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        self._model = (model or model_path.stem)[:MODEL_CHARS]
        self._demo = demo
        self._timeouts = timeouts
        self._api_key = secrets.token_urlsafe(32)
        order = LaunchOrder(
            model_path=str(model_path.resolve()),
            model=self._model,
            api_key=self._api_key,
            slots=_SLOTS,
            slot_context=SLOT_CONTEXT,
            threads=_threads(),
        )
        self._process = LlamaCppProcess(order, log_file=log_file)
        self._server: _Server | None = None
        self._server_address = ""

    @property
    def name(self) -> str:
        return "llamacpp"

    @property
    def default_model(self) -> str | None:
        return self._model

    @property
    def loading_models(self) -> Collection[str]:
        return ()

    @property
    def warm_models(self) -> Collection[str] | None:
        return None

    async def models(self) -> Sequence[ModelInfo]:
        """Return the server's models. Raises BackendLoading until the model is loaded."""
        self._process.start()
        with translation(backend=self.name):
            server = await self._server_at(self._process.address())
        return await server.models()

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[StreamEvent, None]:
        """Yield the reply; wait for the model when it is still being loaded, and say so."""
        self._process.start()
        if self._process.is_loading:
            yield Notice(MODEL_LOADING, {"model": self._model}, is_passing=True)
        with translation(backend=self.name, model=request.model):
            address = await self._process.wait_for_address(self._timeouts.first_token_s)
            server = await self._server_at(address)
        if self._demo:
            request = replace(request, options=_demo_options(request))
        async with aclosing(server.stream(request)) as events:
            async for event in events:
                yield event

    async def relay(self, model: str, call: RelayCall) -> AsyncGenerator[JsonObject, None]:
        """Yield the answer; wait for the model when it is still being loaded."""
        self._process.start()
        with translation(backend=self.name, model=model):
            address = await self._process.wait_for_address(self._timeouts.first_token_s)
            server = await self._server_at(address)
        async with aclosing(server.relay(model, call)) as objects:
            async for one in objects:
                yield one

    async def count_tokens(self, model: str, messages: Sequence[PromptMessage]) -> int | None:
        """Count the tokens of the messages. Raises BackendLoading until the model is loaded."""
        with translation(backend=self.name, model=model):
            server = await self._server_at(self._process.address())
        return await server.count_tokens(model, messages)

    async def prepare(self, model: str) -> None:
        return None

    async def pull(self, model: str) -> AsyncGenerator[Progress, None]:
        raise NotOffered("models are not fetched here", backend=self.name, model=model)
        yield  # makes it a generator

    async def close(self) -> None:
        await self._process.close()
        if self._server is not None:
            await self._server.close()

    async def _server_at(self, address: str) -> _Server:
        """Return the client of the running server; every start has a port of its own."""
        if self._server is None or self._server_address != address:
            former, self._server_address = self._server, address
            self._server = _Server(address, api_key=self._api_key, demo=self._demo, timeouts=self._timeouts)
            if former is not None:
                await former.close()
        return self._server


class _Server(OpenAICompatible):
    ways: ClassVar[Ways] = Ways(options=OPTIONS, prefills=({},))

    def __init__(self, address: str, *, api_key: str, demo: bool, timeouts: Timeouts) -> None:
        super().__init__("llamacpp", f"{address}/v1", api_key=api_key, timeouts=timeouts)
        self._note = DEMO_NOTE if demo else None
        self._vision: bool | None = None
        """Whether it reads pictures, asked until it says so: a server has one model."""

    def _counters(self) -> Sequence[Counter]:
        return (LLAMACPP_COUNTER,)

    def _offered(self, cards: Sequence[dict[str, Any]]) -> Sequence[ModelInfo]:
        """Return the models; their window is `meta.n_ctx`, which one slot has."""
        return [
            described(
                str(card["id"]),
                context_window=(card.get("meta") or {}).get("n_ctx"),
                note=self._note,
                vision=self._vision,
            )
            for card in cards
        ]

    async def _listed(self) -> list[dict[str, Any]] | None:
        cards = await super()._listed()
        if self._vision is None:
            self._vision = await takes_pictures(self._client)
        return cards


def _demo_options(request: ReplyRequest) -> dict[str, JsonValue]:
    options = dict(request.options)
    asked = options.get("temperature")
    options["temperature"] = min(asked, _DEMO_TEMPERATURE) if isinstance(asked, int | float) else _DEMO_TEMPERATURE
    if "max_completion_tokens" not in options:
        options.setdefault("max_tokens", _DEMO_MAX_TOKENS)
    return {**_DEMO_AGAINST_REPETITION, **options}


def _threads() -> int:
    """Return half of the processors this process may use: on two, a second thread was slower than one."""
    return max(1, min(_MOST_THREADS, len(os.sched_getaffinity(0)) // 2))
