"""OpenAI, and other clouds with its API: many models, of which the ones that chat are offered.

At OpenAI itself the models that think are asked by the Responses API, as only that one tells what they think.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from thai_chat.backends.named import described, told_in
from thai_chat.backends.openai.models import chats, is_openai, is_snapshot, sees
from thai_chat.backends.openai.options import OPTIONS
from thai_chat.backends.openai_api.compatible import OpenAICompatible
from thai_chat.backends.openai_api.exchange import Api, Ways
from thai_chat.backends.openai_api.profile import thinks
from thai_chat.backends.timeouts import DEFAULT_TIMEOUTS, Timeouts
from thai_chat.domain.ports.backend import ModelInfo


class OpenAIBackend(OpenAICompatible):
    ways: ClassVar[Ways] = Ways(options=OPTIONS)

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str,
        default_model: str | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        address = urlsplit(base_url)
        super().__init__(
            "openai",
            base_url,
            api_key=api_key,
            default_model=default_model,
            timeouts=timeouts,
            may_fetch=address.scheme == "https",  # a cloud's network is not ours
        )
        self._host = address.hostname or ""

    def _preferred_api(self, model: str) -> Api:
        return Api.RESPONSES if is_openai(self._host) and thinks(model) else Api.COMPLETIONS

    def _offered(self, cards: Sequence[dict[str, Any]]) -> Sequence[ModelInfo]:
        """Return the models, newest first, dated copies last."""
        newest = sorted(cards, key=lambda card: (is_snapshot(str(card["id"])), -_created(card), str(card["id"])))
        return [described(str(card["id"]), **self._told(card)) for card in newest]

    def _told(self, card: dict[str, Any]) -> dict[str, bool]:
        if not is_openai(self._host):
            return told_in(card)
        model = str(card["id"])
        return {"chats": chats(model, host=self._host), "vision": sees(model), "thinking": thinks(model)}


def _created(card: dict[str, Any]) -> int:
    created = card.get("created")
    return created if isinstance(created, int) else 0
