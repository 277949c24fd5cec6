"""Reads a server's list of models, entry by entry: one that is odd costs none of the others."""

from __future__ import annotations

from typing import Any

from thai_chat.backends.json_text import clean
from thai_chat.domain.backend_errors import BackendGarbled

_NAMES = ("id", "name", "model")


def entries(body: object) -> list[dict[str, Any]]:
    """Return the entries that name a model, each with its name as `id`, in the server's order.

    Knows OpenAI's `{"data": [...]}`, Ollama's `{"models": [...]}`, a bare list, and entries that are only names. Raises
    BackendGarbled for what is no list of models.
    """
    listed = body
    if isinstance(body, dict):
        if not {"data", "models"} & body.keys():
            raise BackendGarbled("no list of models")
        listed = body.get("data") or body.get("models") or []
    if not isinstance(listed, list):
        raise BackendGarbled("no list of models")
    named = []
    for entry in listed:
        card = {"id": entry} if isinstance(entry, str) else entry
        if isinstance(card, dict) and (name := _name_in(card)):
            named.append({**card, "id": name})
    return named


def _name_in(card: dict[str, Any]) -> str:
    names = (clean(card.get(field)) for field in _NAMES)
    return next((name for name in names if isinstance(name, str) and name.strip()), "")
