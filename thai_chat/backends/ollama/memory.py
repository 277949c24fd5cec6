"""Which models Ollama has in memory and which it is loading, as far as can be known without asking every time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager

from thai_chat.backends.ollama.client import OllamaClient
from thai_chat.backends.ollama.errors import translation
from thai_chat.backends.ollama.models import full_name
from thai_chat.domain.backend_errors import BackendError

_WARM_S = 20.0
"""How long a model that was used or seen in memory is believed to be there; Ollama keeps it for 5 minutes."""
_PS_TIMEOUT_S = 1.0


class Memory:
    def __init__(self, client: OllamaClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._warm_at: dict[str, float] = {}
        self._loading: Counter[str] = Counter()
        """How many requests wait for a model to be loaded, by its name as it was asked for."""

    @property
    def loading(self) -> Collection[str]:
        return tuple(self._loading)

    @property
    def warm(self) -> Collection[str]:
        """The models in memory, by full name."""
        since = self._clock() - _WARM_S
        return {model for model, at in self._warm_at.items() if at > since}

    def note_warm(self, models: Iterable[str]) -> None:
        """Note models that were seen in memory, or have just answered."""
        now = self._clock()
        self._warm_at |= {full_name(model): now for model in models}

    async def is_cold(self, model: str, *, ask: bool = False) -> bool:
        """Tell whether the model must be loaded, or is being loaded, before it can answer; False when nobody knows.

        To be asked before the request: Ollama lists a model as soon as it begins to load it. `ask` has the server asked
        even when the model was there a moment ago.
        """
        name = full_name(model)
        if name in {full_name(loading) for loading in self._loading}:
            return True
        if not ask and self._clock() - self._warm_at.get(name, -_WARM_S) < _WARM_S:
            return False
        try:
            with translation(backend="ollama"):
                async with asyncio.timeout(_PS_TIMEOUT_S):
                    running = await self._client.ps()
        except BackendError:
            return False
        self.note_warm(str(found.model) for found in running.models)
        return name not in {full_name(str(found.model)) for found in running.models}

    @contextmanager
    def while_loading(self, model: str) -> Iterator[None]:
        self._loading[model] += 1
        self._warm_at.clear()  # Ollama may have others make room for it
        try:
            yield
        finally:
            self._loading[model] -= 1
            self._loading += Counter()  # drops what is at zero
