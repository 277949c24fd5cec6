"""Questions to begin with, that suit a model: the page offers them, and so does the API."""

from __future__ import annotations

from thai_chat.domain.ports.backend import DEMO_NOTE, ModelInfo
from thai_chat.texts import Language, text

_NUMBERS = (1, 2, 3, 4)
ANY = "any"


def suggestions_for(info: ModelInfo | None) -> str:
    """Return the kind of questions that a model is good at: the texts are `suggestion_<kind>_<number>`."""
    if info is None:
        return ANY
    if info.note == DEMO_NOTE:
        return "demo"
    if info.thinking and info.strength in (None, "small"):
        return "thinking"
    return info.strength or ANY


def suggested(info: ModelInfo | None, language: Language) -> list[str]:
    return [text(f"suggestion_{suggestions_for(info)}_{number}", language) for number in _NUMBERS]
