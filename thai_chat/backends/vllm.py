"""vLLM: its list of models tells each one's context window, and it counts tokens as it goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from thai_chat.backends.address import with_default_path
from thai_chat.backends.openai_compatible import OpenAICompatible
from thai_chat.backends.timeouts import DEFAULT_TIMEOUTS, Timeouts
from thai_chat.domain.messages import JsonObject
from thai_chat.domain.ports import ModelInfo


class VLLMBackend(OpenAICompatible):
    """Any other server with OpenAI's API fits here too; what it does not tell stays unknown."""

    # The counts of every chunk, so that a stopped reply has true ones.
    stream_options: ClassVar[JsonObject] = {"include_usage": True, "continuous_usage_stats": True}

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        default_model: str | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        address = with_default_path(base_url, "/v1")
        super().__init__("vllm", address, api_key=api_key, default_model=default_model, timeouts=timeouts)

    def _offered(self, cards: Sequence[dict[str, Any]]) -> Sequence[ModelInfo]:
        windows = {card["id"]: _window(card) for card in cards}
        return [
            # A LoRA adapter has no window of its own: it lives in its parent's.
            ModelInfo(model=str(card["id"]), context_window=windows[card["id"]] or windows.get(card.get("parent")))
            for card in cards
        ]


def _window(card: dict[str, Any]) -> int | None:
    tokens = card.get("max_model_len")
    return tokens if isinstance(tokens, int) and tokens > 0 else None
