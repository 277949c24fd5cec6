"""Ollama's facts about its models: which of them chat and reason, and how much each one reads."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from thai_chat.backends.ollama.client import OllamaClient, Shown
from thai_chat.backends.ollama.errors import translation
from thai_chat.domain.backend_errors import BackendError, BackendUnreachable, ModelNotFound

REASONING_LEVELS: Mapping[str, tuple[bool | str, ...]] = {
    "gptoss": ("low", "medium", "high"),
    "gpt-oss": ("low", "medium", "high"),
}
"""Families that think by levels, for servers from before `/api/show` had `thinking.values`; all others: on or off."""

_SHOWS_AT_ONCE = 4
_LIST_SHOW_TIMEOUT_S = 1.5
_SHOW_TIMEOUT_S = 5.0
_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The facts of a model that do not change while its digest stays the same."""

    chats: bool | None = None
    """None where the server has no word on what its models can do."""
    vision: bool | None = None
    own_num_ctx: int | None = None
    """The `num_ctx` of its Modelfile: whoever made the model has chosen it."""
    largest_window: int | None = None
    """The window that the weights allow, e.g. `llama.context_length`."""
    thinking: tuple[bool | str, ...] = ()
    """The values of `think` that it takes; empty for a model that does not think."""
    is_remote: bool = False
    """It runs in Ollama's cloud: never loaded here, always with its largest window."""


def full_name(model: str) -> str:
    """Return a model's name with its tag, as Ollama lists it: "llama3" means "llama3:latest"."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"


def read_card(shown: Shown) -> Card:
    capabilities = shown.capabilities
    own = _NUM_CTX.search(shown.parameters or "")
    return Card(
        chats=None if capabilities is None else "completion" in capabilities,
        vision=None if capabilities is None else "vision" in capabilities,
        own_num_ctx=int(own[1]) if own else None,
        largest_window=_largest_window(shown),
        thinking=_reasoning(shown),
        is_remote=bool(shown.remote_host),
    )


class Cards:
    """Asks `/api/show` once for each digest."""

    def __init__(self, client: OllamaClient) -> None:
        self._client = client
        self._known: dict[str, Card] = {}
        """The cards that are known, by digest."""
        self._listed: dict[str, str] = {}
        """The digests of the last list, by full name."""
        self._unlisted: dict[str, Card] = {}
        """The cards of models that were asked before any list named them, by full name."""
        self._places = asyncio.Semaphore(_SHOWS_AT_ONCE)

    async def read(self, digests: Mapping[str, str]) -> dict[str, Card]:
        """Return the cards by model, of `digests` by model; one that is slow to be shown is left out this time."""
        self._listed = {full_name(model): digest for model, digest in digests.items()}
        self._unlisted.clear()
        missing = {digest: model for model, digest in digests.items() if digest not in self._known}
        if missing:
            tasks = [asyncio.create_task(self._learn(model, digest)) for digest, model in missing.items()]
            try:
                await asyncio.wait(tasks, timeout=_LIST_SHOW_TIMEOUT_S)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        return {model: self._known[digest] for model, digest in digests.items() if digest in self._known}

    async def of(self, model: str) -> Card | None:
        """Return the card of a model that is about to be used; None when the server can't show it.

        Raises ModelNotFound and BackendUnreachable: then it can't be used either.
        """
        name = full_name(model)
        digest = self._listed.get(name, "")
        if card := self._known.get(digest) or self._unlisted.get(name):
            return card
        try:
            async with asyncio.timeout(_SHOW_TIMEOUT_S):
                card = await self._show(model)
        except (ModelNotFound, BackendUnreachable):
            raise
        except BackendError:
            return None
        if digest:
            self._known[digest] = card
        else:
            self._unlisted[name] = card
        return card

    def note_think_refused(self, model: str) -> None:
        """Note that the server has refused `think` although the card allows it."""
        name = full_name(model)
        digest = self._listed.get(name, "")
        for cards, key in ((self._known, digest), (self._unlisted, name)):
            if card := cards.get(key):
                cards[key] = replace(card, thinking=())

    async def _learn(self, model: str, digest: str) -> None:
        try:
            async with self._places:
                self._known[digest] = await self._show(model)
        except BackendError:
            return  # the list without this card is better than no list; the next refresh asks again

    async def _show(self, model: str) -> Card:
        with translation(backend="ollama", model=model):
            return read_card(await self._client.show(model))


def _largest_window(shown: Shown) -> int | None:
    for name, value in (shown.modelinfo or {}).items():
        if name.endswith(".context_length") and isinstance(value, int) and value > 0:
            return value
    return None


def _reasoning(shown: Shown) -> tuple[bool | str, ...]:
    """Return `thinking.values` where the server tells them; before that it told only that a model reasons."""
    if shown.thinking is not None:
        values = tuple(shown.thinking.values)
        return () if values == (False,) else values
    if "thinking" not in (shown.capabilities or ()):
        return ()
    family = (shown.details.family if shown.details else None) or ""
    return REASONING_LEVELS.get(family, (True, False))
