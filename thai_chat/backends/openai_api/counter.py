"""Where a server counts the tokens of a prompt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counter:
    """A route that counts the tokens of messages: its path, and the answer's field with the count."""

    path: str
    field: str


LLAMACPP_COUNTER = Counter("/chat/completions/input_tokens", "input_tokens")
