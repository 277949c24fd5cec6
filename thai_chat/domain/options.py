"""The options that a model may take: each backend lists its own, and nothing else is passed on to its servers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from thai_chat.domain.json_types import JsonValue

MOST_WORDS = 16
WORD_CHARS = 200
MOST_DEPTH = 12
"""The deepest nesting of lists and objects: a schema that people write has five levels."""
_TOKEN = re.compile(r"\d{1,7}")
"""A token's number in a vocabulary."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`fits` is false for a value that can't be; `allowed` says to a person what can, in signs of any language."""

    fits: Callable[[JsonValue], bool]
    allowed: str


Options = Mapping[str, Rule]
"""The rules of options, each by the name under which a person sets the option."""

TOOLS = frozenset({"tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"})
"""They make a model ask for something to be done instead of answering, and nobody here would do it."""


def number(low: float, high: float) -> Rule:
    return Rule(lambda value: _is_number(value) and low <= value <= high, f"{low:g}–{high:g}")  # type: ignore[operator]


def count(low: int, high: int) -> Rule:
    """Return the rule of a whole number from `low` to `high`."""
    told = ", ".join(map(str, range(low, high + 1))) if high - low < 4 else f"{low}, {low + 1} … {high}"
    return Rule(
        lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high,
        told,
    )


def flag() -> Rule:
    return Rule(lambda value: isinstance(value, bool), "true, false")


def one_of(*values: str) -> Rule:
    return Rule(lambda value: value in values, ", ".join(values))


def words(most: int = MOST_WORDS, chars: int = WORD_CHARS) -> Rule:
    """Return the rule of a text, or of a list of at most `most`, each of at most `chars` characters and not empty."""

    def fits(value: JsonValue) -> bool:
        listed = [value] if isinstance(value, str) else value
        return (
            isinstance(listed, Sequence)
            and 0 < len(listed) <= most
            and all(isinstance(word, str) and 0 < len(word) <= chars for word in listed)
        )

    return Rule(fits, f'"…", ["…", …] (≤ {most} × {chars})')


def whole_numbers(most: int, high: int) -> Rule:
    """Return the rule of a list of at most `most` whole numbers from 0 to `high`."""
    inner = count(0, high)
    return Rule(
        lambda value: _is_list(value) and 0 < len(value) <= most and all(inner.fits(item) for item in value),  # type: ignore[arg-type,union-attr]
        f"[0, 1, …] (≤ {most})",
    )


def biases(most: int = 300) -> Rule:
    """Return the rule of how much more or less likely single tokens are, by their numbers."""
    inner = number(-100, 100)
    return Rule(
        lambda value: (
            isinstance(value, Mapping)
            and len(value) <= most
            and all(_TOKEN.fullmatch(key) and inner.fits(bias) for key, bias in value.items())
        ),
        f'{{"50256": -100, …}} (≤ {most})',
    )


def fields(known: Options) -> Rule:
    """Return the rule of an object that has no other fields than the `known` ones."""
    return Rule(
        lambda value: (
            isinstance(value, Mapping)
            and all(name in known and known[name].fits(inner) for name, inner in value.items())
        ),
        f"{{{', '.join(known)}}}",
    )


def switches(*, without: frozenset[str], most: int = 20) -> Rule:
    """Return the rule of an object of plain values, under any names but those of `without`."""
    return Rule(
        lambda value: (
            isinstance(value, Mapping)
            and len(value) <= most
            and all(
                name not in without and len(name) <= WORD_CHARS and _is_plain(inner) for name, inner in value.items()
            )
        ),
        '{"…": true, …}',
    )


def schema() -> Rule:
    """Return the rule of an object nested at most MOST_DEPTH deep; the size of all options together bounds its size."""
    return Rule(lambda value: isinstance(value, Mapping) and _is_shallow(value, MOST_DEPTH), "{…}")


def either(*rules: Rule) -> Rule:
    return Rule(lambda value: any(rule.fits(value) for rule in rules), "; ".join(rule.allowed for rule in rules))


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list(value: JsonValue) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_plain(value: JsonValue) -> bool:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return len(value) <= MOST_WORDS and all(_is_scalar(item) for item in value)
    return _is_scalar(value)


def _is_scalar(value: JsonValue) -> bool:
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 2_000)


def _is_shallow(value: JsonValue, depth: int) -> bool:
    if isinstance(value, str) or not isinstance(value, Mapping | Sequence):
        return True
    inside = value.values() if isinstance(value, Mapping) else value
    return depth > 0 and all(_is_shallow(item, depth - 1) for item in inside)
