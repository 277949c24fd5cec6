"""What a session asks of its models beside the question: a system prompt and sampling options, checked here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import isfinite

import orjson

from thai_chat.chat.text import require_storable
from thai_chat.domain.errors import BadOption
from thai_chat.domain.messages import JsonObject, JsonValue
from thai_chat.routing.quirks import TOOLS

SYSTEM_PROMPT = "system_prompt"
SYSTEM_PROMPT_CHARS = 20_000
OPTIONS_BYTES = 16_384
"""Of the sampling options as JSON, the system prompt aside."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_NOT_OPTIONS = frozenset({"model", "messages", "input", "prompt", "stream", "stream_options", "store", "n"}) | TOOLS
"""They would change whom is asked what, or in which form the reply comes: nobody here carries out a tool's call."""

Check = Callable[[JsonValue], bool]


def _number(low: float, high: float) -> Check:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _count(low: int, high: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _words(value: JsonValue) -> bool:
    listed = [value] if isinstance(value, str) else value
    return isinstance(listed, Sequence) and 0 < len(listed) <= 16 and all(isinstance(word, str) for word in listed)


# Known options are checked here, so that a slip of the hand is told at once; others go to the server as they are.
_KNOWN: Mapping[str, tuple[Check, str]] = {
    "temperature": (_number(0, 2), "0–2"),
    "top_p": (_number(0, 1), "0–1"),
    "min_p": (_number(0, 1), "0–1"),
    "top_k": (_count(-1, 1_000_000), "-1, 0, 1, 2 …"),
    "max_tokens": (_count(1, 10_000_000), "1, 2, 3 …"),
    "max_completion_tokens": (_count(1, 10_000_000), "1, 2, 3 …"),
    "thinking_token_budget": (_count(0, 10_000_000), "0, 1, 2 …"),
    "presence_penalty": (_number(-2, 2), "-2–2"),
    "frequency_penalty": (_number(-2, 2), "-2–2"),
    "repetition_penalty": (_number(0, 10), "0–10"),
    "seed": (_count(-(2**63), 2**63 - 1), "… -1, 0, 1 …"),
    "stop": (_words, '"…", ["…", …]'),
    "chat_template_kwargs": (lambda value: isinstance(value, Mapping), "{…}"),
}


def checked(options: JsonObject) -> JsonObject:
    """The options without empty texts. Raises BadOption for the first that can't be, with what it may be, and
    UnreadableText for what no store can keep.

    None stays, under any name that may be: nothing is sent for it, whatever stands below (a session's options below a
    reply's, a model's preset below a session's).
    """
    kept = {name: value for name, value in options.items() if value != ""}
    for name, value in kept.items():
        if name in _NOT_OPTIONS or not _NAME.fullmatch(name):
            raise BadOption(param=name[:60], allowed="temperature, top_p, top_k, max_tokens …")
        if value is None:
            continue
        if name == SYSTEM_PROMPT:
            _check_system_prompt(value)
        elif name in _KNOWN and not _KNOWN[name][0](value):
            raise BadOption(param=name, allowed=_KNOWN[name][1])
    try:
        size = len(orjson.dumps({name: value for name, value in kept.items() if name != SYSTEM_PROMPT}))
    except (TypeError, RecursionError) as exc:
        raise BadOption(param="options", allowed="JSON") from exc
    if size > OPTIONS_BYTES:
        raise BadOption(param="options", allowed=f"≤ {OPTIONS_BYTES // 1024} KB")
    for name, value in kept.items():
        _check_inside(name, value)
    return kept


def system_prompt_of(options: JsonObject) -> str:
    prompt = options.get(SYSTEM_PROMPT)
    return prompt if isinstance(prompt, str) else ""


def sampling_of(options: JsonObject) -> JsonObject:
    """What a model is sent of them beside the system prompt."""
    return {name: value for name, value in options.items() if name != SYSTEM_PROMPT and value is not None}


def _check_inside(name: str, value: JsonValue) -> None:
    """What JSON as Python reads it may hold, and neither a store nor a model server takes."""
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
    if not isinstance(value, str) or len(value) > SYSTEM_PROMPT_CHARS:
        raise BadOption(param=SYSTEM_PROMPT, allowed=f"≤ {SYSTEM_PROMPT_CHARS}")
    require_storable(value)
