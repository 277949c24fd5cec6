"""The options that a session has for its models beside the question: a system prompt and sampling options, checked
here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from math import isfinite

import orjson

from thai_chat.chat.text import require_storable
from thai_chat.domain.errors import BadOption, UnknownOption
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.options import TOOLS, Options
from thai_chat.domain.sampling import COMMON, SAMPLING

SYSTEM_PROMPT = "system_prompt"
SYSTEM_PROMPT_CHARS = 20_000
OPTIONS_BYTES = 16_384
"""The most bytes of the sampling options as JSON, the system prompt aside."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_NOT_OPTIONS = frozenset({"model", "messages", "input", "prompt", "stream", "stream_options", "store", "n"}) | TOOLS
"""They would change whom is asked what, or in which form the reply comes: nobody here carries out a tool's call."""
_USUAL = ("temperature", "top_p", "top_k", "max_tokens", "stop")
_SUGGESTED = 3


def checked(options: JsonObject, known: Options) -> JsonObject:
    """Return the options without empty texts. Raises UnknownOption for the first that is not `known`, as no
    backend passes it on, BadOption for the first that can't be, with what it may be, and UnreadableText for what no
    store can keep.

    None stays, under any name that may be: nothing is sent for it, whatever stands below (a session's options below a
    reply's, a model's preset below a session's).
    """
    return _checked(options, known, keeps_unknown=False)


def checked_as_stored(options: JsonObject) -> JsonObject:
    """Return the options as `checked` does, for those of an earlier version or another place: all names are kept that
    may be, and a reply says which ones it was asked without. Every adapter looks at the values once more."""
    return _checked(options, {**COMMON, **SAMPLING}, keeps_unknown=True)


def _checked(options: JsonObject, known: Options, *, keeps_unknown: bool) -> JsonObject:
    kept = {name: value for name, value in options.items() if value != ""}
    for name, value in kept.items():
        if not _NAME.fullmatch(name) or name in _NOT_OPTIONS:
            raise _unknown(name, known)
        if name == SYSTEM_PROMPT:
            _check_system_prompt(value)
        elif name not in known:
            if value is not None and not keeps_unknown:
                raise _unknown(name, known)
        elif value is not None and not known[name].fits(value):
            raise BadOption(param=name, allowed=known[name].allowed)
    try:
        size = len(orjson.dumps({name: value for name, value in kept.items() if name != SYSTEM_PROMPT}))
    except (TypeError, RecursionError) as exc:
        raise BadOption(param="options", allowed="JSON") from exc
    if size > OPTIONS_BYTES:
        raise BadOption(param="options", allowed=f"≤ {OPTIONS_BYTES // 1024} KB")
    for name, value in kept.items():
        _check_inside(name, value)
    return kept


def _unknown(name: str, known: Options) -> UnknownOption:
    close = get_close_matches(name[:60], known, n=_SUGGESTED)
    return UnknownOption(param=name[:60], allowed=", ".join(close) or f"{', '.join(_USUAL)} …")


def system_prompt_of(options: JsonObject) -> str:
    prompt = options.get(SYSTEM_PROMPT)
    return prompt if isinstance(prompt, str) else ""


def sampling_of(options: JsonObject) -> JsonObject:
    """Return the options that a model is sent beside the system prompt."""
    return {name: value for name, value in options.items() if name != SYSTEM_PROMPT and value is not None}


def _check_inside(name: str, value: JsonValue) -> None:
    """Refuse what JSON as Python reads it may hold, and neither a store nor a model server takes."""
    match value:
        case str():
            require_storable(value)
        case float() if not isfinite(value):
            raise BadOption(param=name, allowed="JSON")
        case Mapping():
            for key, inner in value.items():
                require_storable(key)
                _check_inside(name, inner)
        case Sequence():
            for inner in value:
                _check_inside(name, inner)


def _check_system_prompt(value: JsonValue) -> None:
    if value is None:
        return
    if not isinstance(value, str) or len(value) > SYSTEM_PROMPT_CHARS:
        raise BadOption(param=SYSTEM_PROMPT, allowed=f"≤ {SYSTEM_PROMPT_CHARS}")
    require_storable(value)
