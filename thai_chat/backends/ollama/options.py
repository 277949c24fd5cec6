"""The wishes to Ollama beside the messages: options by its own names, and `think` as the model takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, cast

from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.options import Options, count, either, flag, number, one_of
from thai_chat.domain.sampling import COMMON, EFFORTS, SAMPLING, TOKENS

if TYPE_CHECKING:
    from thai_chat.backends.ollama.models import Card

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
    "repeat_last_n": "repeat_last_n",
    "typical_p": "typical_p",
}
"""Ollama's names for options. `num_ctx` is not among them: another value would have the model loaded anew."""

OPTIONS: Options = {
    **{name: rule for name, rule in {**COMMON, **SAMPLING}.items() if name in _NAMES},
    "repeat_penalty": SAMPLING["repetition_penalty"],
    "repeat_last_n": count(-1, 8_192),
    "typical_p": number(0, 1),
    "num_predict": TOKENS,
    "response_format": COMMON["response_format"],
    "reasoning_effort": COMMON["reasoning_effort"],
    "think": either(flag(), one_of(*EFFORTS)),
}
"""The options of Ollama's docs/modelfile.mdx and docs/api.md, those for which no model is loaded anew."""

_FORMAT = "response_format"
_THINK = ("think", "reasoning_effort")
"""The first one that is given counts."""
_EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")
"""OpenAI's, weakest first; a model without the one that was asked for gets its nearest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOptions:
    options: Mapping[str, JsonValue]
    think: bool | str | None = None
    """None leaves it to the model."""
    format: JsonObject | Literal["json"] | None = None
    """JSON, or JSON by this schema; None is free text."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The names of `options` under which they were asked for."""
    dropped: Sequence[str] = ()
    """Options that were asked for and have no meaning for this model."""
    left_out: Sequence[str] = ()
    """Options that were asked for and are not passed on to any model."""


def asked_of(wanted: JsonObject, card: Card | None) -> AskedOptions:
    options = {name: value for name, value in wanted.items() if name in OPTIONS and OPTIONS[name].fits(value)}
    left_out = [name for name, value in wanted.items() if name not in options and value not in (None, {}, [])]
    sent = {
        _NAMES[name]: _as_taken(name, value) for name, value in options.items() if name in _NAMES and value is not None
    }
    dropped = []
    form = _format(options.get(_FORMAT))
    if form is None and not _is_free_text(options.get(_FORMAT)):
        dropped.append(_FORMAT)
    name = next((name for name in _THINK if options.get(name) is not None), None)
    think = None
    if name:
        wish = options[name]
        think = _think(wish, card.thinking if card else ())
        if think is None and not _is_off(wish):
            dropped.append(name)
    names = {_NAMES[name]: name for name in options if name in _NAMES}
    return AskedOptions(options=sent, think=think, format=form, names=names, dropped=dropped, left_out=left_out)


def without(asked: AskedOptions, name: str) -> tuple[AskedOptions, str] | None:
    """Return what is asked less the option that Ollama calls `name`, and how it was asked for; None when it was not."""
    if name == "thinking" and asked.think is not None:
        return replace(asked, think=None), "think"
    if name in asked.options:
        options = {kept: value for kept, value in asked.options.items() if kept != name}
        return replace(asked, options=options), asked.names.get(name, name)
    return None


def with_num_ctx(asked: AskedOptions, num_ctx: int | None) -> dict[str, object]:
    options = cast("dict[str, object]", dict(asked.options))
    if num_ctx:
        options["num_ctx"] = num_ctx
    return options


def _as_taken(name: str, value: JsonValue) -> JsonValue:
    """Return a value as Ollama takes it: a list of stop words only, where OpenAI takes a single one too."""
    return [value] if name == "stop" and isinstance(value, str) else value


def _format(wish: JsonValue) -> JsonObject | Literal["json"] | None:
    """Return OpenAI's `response_format` as Ollama has it; None for what it has not."""
    if not isinstance(wish, Mapping):
        return None
    if wish.get("type") == "json_object":
        return "json"
    inner = wish.get("json_schema")
    schema = inner.get("schema") if isinstance(inner, Mapping) else None
    return schema if isinstance(schema, Mapping) else None


def _is_free_text(wish: JsonValue) -> bool:
    return wish is None or (isinstance(wish, Mapping) and wish.get("type") == "text")


def _think(wish: JsonValue, values: tuple[bool | str, ...]) -> bool | str | None:
    """Return the value to send for a wish; None to send nothing."""
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


def keep_alive_of(setting: str | None) -> str | float | None:
    """Return the setting as Ollama reads it: a number is seconds, and only as a JSON number."""
    try:
        return float(setting) if setting else None
    except ValueError:
        return setting
