"""Fetches models, and adds up what `/api/pull` reports layer by layer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

import ollama

from thai_chat.backends.ollama.client import OllamaClient
from thai_chat.backends.ollama.errors import pull_translation
from thai_chat.backends.translation import next_within
from thai_chat.domain.backend_errors import ModelNotFetched
from thai_chat.domain.events import Progress

_PULL_STEP_S = 900.0
"""The time between two words on a fetch; checking the sum of a large layer takes minutes in silence."""
_MOST_LAYERS = 1_000
"""A model has about five; a server that reports others without end makes no sum of ours slower."""
_STATUS_CHARS = 200


class Layers:
    """A model is fetched as several layers, some at once; their sizes become known as each begins."""

    def __init__(self) -> None:
        self._total: dict[str, int] = {}
        self._completed: dict[str, int] = {}

    def add(self, part: ollama.ProgressResponse) -> Progress:
        """Return what has come and what is known to come of all layers together, with the server's word for this
        step."""
        if part.digest and (part.digest in self._total or len(self._total) < _MOST_LAYERS):
            # `completed` is left out until the first bytes, and goes back when a broken piece is fetched again.
            self._total[part.digest] = part.total or self._total.get(part.digest, 0)
            self._completed[part.digest] = min(part.completed or 0, self._total[part.digest])
        return Progress((part.status or "")[:_STATUS_CHARS], sum(self._completed.values()), sum(self._total.values()))


async def fetch(client: OllamaClient, model: str) -> AsyncGenerator[Progress, None]:
    """Have the server fetch a model. Raises BackendError."""
    layers = Layers()
    last = ""
    with pull_translation(backend="ollama", model=model):
        parts = cast("AsyncGenerator[ollama.ProgressResponse, None]", await client.pull(model, stream=True))
        async with aclosing(parts):
            while part := await next_within(parts, asyncio.get_running_loop().time() + _PULL_STEP_S):
                progress = layers.add(part)
                last = progress.status
                yield progress
        if last != "success":
            raise ModelNotFetched("the stream ended before the model was there")
