"""How many tokens Ollama reads of each model: what it is asked for, what it gives, and whether it cut a prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from thai_chat.backends.ollama.models import Card, full_name
from thai_chat.domain.ports.backend import PromptMessage

DEFAULT_NUM_CTX = 8192
"""The window that is asked for, some 10,000 Thai characters. Ollama's own 4096 (below 24 GiB of VRAM) is a short talk
in Thai."""
LEFT_TO_OLLAMA = 0
"""The setting with which `num_ctx` is never sent."""
_OLLAMAS_LEAST = 4096
"""The window that Ollama loads a model with at least when nobody says more (docs/context-length)."""
_FULL = 4
"""A prompt that fills the window up to this many tokens was cut to fit."""

_FEWEST_TOKENS_A_SIGN = 0.2
"""No tokenizer of 2026 takes fewer for running text in Thai or English, white space left out."""


class ContextWindows:
    """One `num_ctx` for each model, the same in every call: another one would have Ollama load the model anew."""

    def __init__(self, num_ctx: int | None) -> None:
        """Take the setting; None asks for DEFAULT_NUM_CTX, and never for less than a model was seen with."""
        self._setting = num_ctx
        self._loaded: dict[str, int] = {}
        """The windows that models were last seen loaded with, by full name, kept when Ollama unloads them."""
        self._most: dict[str, int] = {}
        """The most that they were seen with: asked for from then on, so that they are not loaded again for less."""

    def note_loaded(self, loaded: Iterable[tuple[str, int]]) -> None:
        for model, window in loaded:
            name = full_name(model)
            self._loaded[name] = window
            self._most[name] = max(window, self._most.get(name, 0))

    def num_ctx(self, model: str, card: Card | None) -> int | None:
        """Return what to send; None for nothing: the Modelfile's own goes before ours, and without a card we don't
        know."""
        if card is None or card.own_num_ctx or card.is_remote or self._setting == LEFT_TO_OLLAMA:
            return None
        wanted = self._setting or max(DEFAULT_NUM_CTX, self._most.get(full_name(model), 0))
        return min(wanted, card.largest_window or wanted)

    def in_force(self, model: str, card: Card | None) -> int | None:
        """Return how much the model reads when we ask it."""
        if card is None:
            return self._loaded.get(full_name(model))
        if card.is_remote:
            return card.largest_window
        given = self.num_ctx(model, card) or card.own_num_ctx or self._loaded.get(full_name(model)) or _OLLAMAS_LEAST
        return min(given, card.largest_window or given)


def was_cut(messages: Sequence[PromptMessage], *, window: int | None, counted: int | None) -> bool:
    """Tell whether it is certain that the server left out a part of the prompt, of which it says no word.

    `counted` is the server's count of the prompt. It is no proof when it is small: Ollama drops whole messages, but
    older servers count only what they had not cached.
    """
    if window is None or (counted or 0) > window:
        return False
    if counted is not None and counted >= window - _FULL:
        return True
    return sum(_fewest_tokens(message.content) for message in messages) > window


def _fewest_tokens(text: str) -> float:
    return len("".join(text.split())) * _FEWEST_TOKENS_A_SIGN
