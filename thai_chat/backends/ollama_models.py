"""What Ollama knows of its models: which of them chat, and how much each one reads."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

import ollama

from thai_chat.backends.ollama_errors import translation
from thai_chat.domain.errors import BackendError

DEFAULT_CONTEXT = 4096
"""What Ollama loads a model with below 24 GiB of VRAM when nobody says more (docs/context-length); above, more."""

_SHOWS_AT_ONCE = 4
_SHOW_TIMEOUT_S = 1.5
_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Card:
    """What does not change while the model's digest stays the same."""

    chats: bool
    context_window: int
    """Its Modelfile's `num_ctx`, else what Ollama gives at least."""


def read_card(shown: ollama.ShowResponse) -> Card:
    capabilities = shown.capabilities
    set_window = _NUM_CTX.search(shown.parameters or "")
    return Card(
        chats=capabilities is None or "completion" in capabilities,
        context_window=int(set_window[1]) if set_window else min(DEFAULT_CONTEXT, _largest_window(shown)),
    )


class Cards:
    """Asks `/api/show` once for each digest."""

    def __init__(self, client: ollama.AsyncClient) -> None:
        self._client = client
        self._known: dict[str, Card] = {}
        self._places = asyncio.Semaphore(_SHOWS_AT_ONCE)

    async def read(self, digests: Mapping[str, str]) -> dict[str, Card]:
        """The cards by model, of `digests` by model; one that is slow to be shown is left out this time."""
        missing = {digest: model for model, digest in digests.items() if digest not in self._known}
        if missing:
            tasks = [asyncio.create_task(self._show(model, digest)) for digest, model in missing.items()]
            try:
                await asyncio.wait(tasks, timeout=_SHOW_TIMEOUT_S)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        return {model: self._known[digest] for model, digest in digests.items() if digest in self._known}

    async def _show(self, model: str, digest: str) -> None:
        try:
            async with self._places:
                with translation(backend="ollama", model=model):
                    self._known[digest] = read_card(await self._client.show(model))
        except BackendError:
            return  # the list without this figure is better than no list; the next refresh asks again


def _largest_window(shown: ollama.ShowResponse) -> int:
    """What the weights allow, e.g. `llama.context_length`."""
    for name, value in (shown.modelinfo or {}).items():
        if name.endswith(".context_length") and isinstance(value, int) and value > 0:
            return value
    return DEFAULT_CONTEXT
