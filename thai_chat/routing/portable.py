"""Which other model a program's request means the same to."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.ports.relay import RelayCall, RelayKind

_THIS_MODELS = ("tools", "functions", "logit_bias", "audio")
"""The fields of a request that a model may not know what to do with, or reads by its own tokens."""
_OWN_PARTS = ("tool_calls", "function_call", "tool_call_id")
_TEXTS = (None, "text", "refusal")


class Demands(Enum):
    """The abilities that a model must have to answer a request."""

    NOTHING_ELSE = auto()
    """No other model may answer: vectors of another one are wrong, and it does not have what is kept for this one."""
    THIS_MODEL = auto()
    """The same model elsewhere."""
    PICTURES = auto()
    TEXT = auto()


def demands_of(call: RelayCall) -> Demands:
    if call.kind is not RelayKind.CHAT:
        return Demands.NOTHING_ELSE
    if any(call.body.get(name) for name in _THIS_MODELS):
        return Demands.THIS_MODEL
    demands = Demands.TEXT
    messages = call.body.get("messages")
    for message in messages if isinstance(messages, list | tuple) else ():
        if not isinstance(message, Mapping):
            continue
        if any(message.get(name) for name in _OWN_PARTS):
            return Demands.THIS_MODEL
        for kind in _kinds(message.get("content")):
            if kind == "image_url":
                demands = Demands.PICTURES
            elif kind not in _TEXTS:
                return Demands.THIS_MODEL
    return demands


def _kinds(content: JsonValue) -> list[JsonValue]:
    """Return the kinds of the parts of a message's content; it has none where it is a text."""
    if not isinstance(content, list | tuple):
        return []
    return [part.get("type") for part in content if isinstance(part, Mapping)]
