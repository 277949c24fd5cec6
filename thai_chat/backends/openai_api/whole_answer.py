"""Answers in one piece: what is one, and one as the chunks that a program has asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.ports.relay import RelayKind

_FIELD: Mapping[RelayKind, str] = {
    RelayKind.CHAT: "choices",
    RelayKind.EMBEDDINGS: "data",
    RelayKind.RESPONSES: "output",
}


def is_answer(kind: RelayKind, part: JsonObject) -> bool:
    """Tell whether `part` is an answer of the kind, by the field that is never missing in one."""
    return isinstance(part.get(_FIELD[kind]), list)


def as_chunks(completion: Mapping[str, Any], asked: JsonObject) -> list[JsonObject]:
    """Return a completion as chunks: one with everything, and one with the counts where they were asked for."""
    shared = {name: value for name, value in completion.items() if name not in ("choices", "usage")}
    shared |= {"object": "chat.completion.chunk"}
    choices = [_as_delta(choice) for choice in completion["choices"]]
    options, usage = asked.get("stream_options"), completion.get("usage")
    counts_are_asked_for = isinstance(options, Mapping) and bool(options.get("include_usage"))
    chunks: list[JsonObject] = [{**shared, "choices": choices}]
    if usage and counts_are_asked_for:
        chunks.append({**shared, "choices": [], "usage": usage})
    return chunks


def _as_delta(choice: Mapping[str, Any]) -> dict[str, Any]:
    delta = dict(choice["message"])
    if calls := delta.get("tool_calls"):
        delta["tool_calls"] = [{"index": at, **call} for at, call in enumerate(calls)]
    rest = {name: value for name, value in choice.items() if name not in ("message", "delta")}
    return {**rest, "delta": delta, "finish_reason": choice.get("finish_reason") or "stop"}
