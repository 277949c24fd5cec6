"""What is asked of Ollama beside the messages: options by its own names, and `think` as the model takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from thai_chat.backends.ollama_models import Card
from thai_chat.domain.messages import JsonObject, JsonValue

_NAMES: Mapping[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "seed": "seed",
    "stop": "stop",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "repetition_penalty": "repeat_penalty",
    "repeat_penalty": "repeat_penalty",
    "max_tokens": "num_predict",
    "max_completion_tokens": "num_predict",
    "num_predict": "num_predict",
}
"""Ollama's names for options. `num_ctx` is not among them: another value would have the model loaded anew."""

_THINK = ("think", "reasoning_effort")
"""The first one that is given counts."""
_EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")
"""OpenAI's, weakest first; a model without the one that was asked for gets its nearest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    options: Mapping[str, JsonValue]
    think: bool | str | None = None
    """None leaves it to the model."""
    dropped: Sequence[str] = ()
    """What was asked for and has no meaning for this model."""


def asked_of(options: JsonObject, card: Card | None) -> Asked:
    sent = {_NAMES[name]: value for name, value in options.items() if name in _NAMES and value is not None}
    dropped = [
        name for name, value in options.items() if name not in (*_NAMES, *_THINK) and value not in (None, {}, [])
    ]
    name = next((name for name in _THINK if options.get(name) is not None), None)
    think = None
    if name:
        wish = options[name]
        think = _think(wish, card.thinking if card else ())
        if think is None and not _is_off(wish):
            dropped.append(name)
    return Asked(options=sent, think=think, dropped=dropped)


def with_num_ctx(asked: Asked, num_ctx: int | None) -> dict[str, object]:
    options = cast("dict[str, object]", dict(asked.options))
    if num_ctx:
        options["num_ctx"] = num_ctx
    return options


def _think(wish: JsonValue, values: tuple[bool | str, ...]) -> bool | str | None:
    """The value to send for a wish; None to send nothing."""
    if not values:
        return None
    if _is_off(wish):
        return False  # for every model that thinks "request no thinking, if the model permits it"
    if wish is True or wish in values:
        return cast("bool | str", wish)
    if not isinstance(wish, str):
        return None
    levels = [value for value in values if isinstance(value, str)]
    if wish in _EFFORTS and (known := [level for level in _EFFORTS if level in levels]):
        return min(known, key=lambda level: abs(_EFFORTS.index(level) - _EFFORTS.index(wish)))
    return True if True in values else None


def _is_off(wish: JsonValue) -> bool:
    return wish is False or wish == "none"
