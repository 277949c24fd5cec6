"""vLLM: it tells how it is and how large each model's window is, counts tokens, and goes on with a reply by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

import httpx2
import openai

from thai_chat.backends.address import base_of, root_of, with_default_path
from thai_chat.backends.named import described, told_in
from thai_chat.backends.openai_api.compatible import OpenAICompatible
from thai_chat.backends.openai_api.counter import LLAMACPP_COUNTER, Counter
from thai_chat.backends.openai_api.errors import translate
from thai_chat.backends.openai_api.exchange import Ways
from thai_chat.backends.timeouts import DEFAULT_TIMEOUTS, Timeouts
from thai_chat.backends.vllm.options import OPTIONS
from thai_chat.domain.backend_errors import BackendLoading, EngineDead, WebPage
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.ports.backend import ModelInfo

_HEALTH_TIMEOUT_S = 2.0
_CONTINUE: JsonObject = {"continue_final_message": True, "add_generation_prompt": False}


class VLLMBackend(OpenAICompatible):
    """Any other server with OpenAI's API fits here too; what it does not tell stays unknown."""

    ways: ClassVar[Ways] = Ways(
        options=OPTIONS,
        # The counts of every chunk, so that a stopped reply has true ones.
        stream_options={"include_usage": True, "continuous_usage_stats": True},
        # Its reasoning parsers take for thinking what comes without an end of thinking before it, so also the rest of
        # a reply, unless they are told that there is none. Mistral's tokenizers refuse to be told anything.
        prefills=(_CONTINUE, {**_CONTINUE, "chat_template_kwargs": {"enable_thinking": False}}),
    )

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        default_model: str | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        address = with_default_path(base_of(base_url), "/v1")
        super().__init__("vllm", address, api_key=api_key, default_model=default_model, timeouts=timeouts)

    @property
    def _root(self) -> str:
        return root_of(str(self._client.base_url))

    async def _listed(self) -> list[dict[str, Any]] | None:
        """Return the list. Raises EngineDead too: vLLM's list stays the same when its engine has died."""
        cards = await super()._listed()
        # Only vLLM itself is asked: LiteLLM has every model say something, which takes time and money.
        if cards and any(card.get("owned_by") == "vllm" for card in cards):
            await self._check_health()
        return cards

    async def _check_health(self) -> None:
        """Raise EngineDead on a clear word only, which outvotes the list: no answer, or a gateway's, is none."""
        try:
            async with asyncio.timeout(_HEALTH_TIMEOUT_S):
                await self._client.get(f"{self._root}/health", cast_to=httpx2.Response)
        except openai.APIStatusError as exc:
            if exc.status_code == 503:
                error = translate(exc)
                raise error if isinstance(error, BackendLoading) else EngineDead("HTTP 503 at /health") from exc
        except (WebPage, openai.APIConnectionError, TimeoutError):
            return

    def _counters(self) -> Sequence[Counter]:
        return Counter(f"{self._root}/tokenize", "count"), LLAMACPP_COUNTER

    def _offered(self, cards: Sequence[dict[str, Any]]) -> Sequence[ModelInfo]:
        windows = {card["id"]: _window(card) for card in cards}
        return [
            # A LoRA adapter has no window of its own: it lives in its parent's.
            described(
                str(card["id"]),
                context_window=windows[card["id"]] or windows.get(str(card.get("parent"))),
                **told_in(card),
            )
            for card in cards
        ]


def _window(card: dict[str, Any]) -> int | None:
    tokens = card.get("max_model_len")
    return tokens if isinstance(tokens, int) and tokens > 0 else None
