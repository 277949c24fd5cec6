"""Every regular expression of the package takes linear time over whatever text it may see.

A new expression is in by itself; one that sees bounded text only stands in BOUNDED with the reason. What reads foreign
text in other ways is in `test_hostile_readers.py`.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import pytest
import regex

import thai_chat
from tests.growth import cost_s

PACKAGE = Path(thai_chat.__file__).parent
SIZE = 5_000
"""The characters of each text that is tried; the one that costs most is tried with CHARS of them."""
CHARS = 1_000_000
MOST_S_PER_CHAR = 2e-6
"""Ten times what the slowest linear expression takes; a quadratic one takes more than that with SIZE characters, and a
hundred times as much with CHARS."""
TRIES = 3

BOUNDED = {
    "thai_chat.place_settings": "what the operator sets",
    "thai_chat.backends.wording": "2,000 characters of a refusal (failures.MESSAGE_CHARS)",
    "thai_chat.backends.ollama.wording": "2,000 characters of a refusal (failures.MESSAGE_CHARS)",
    "thai_chat.backends.openai.models": "names of models",
    "thai_chat.backends.openai_api.profile": "names of models",
    "thai_chat.backends.ollama.kind": "names of models, and what the operator sets",
    "thai_chat.backends.setting_types": "what the operator sets",
    "thai_chat.domain.setting_values": "what the operator sets",
    "thai_chat.routing.tokenizers": "names of models",
    "thai_chat.chat.search.signs": "a line, LINE_CHARS on either side of a piece; its fences: test_hostile_readers.py",
    "thai_chat.domain.word_forms": "words of a query, and of 30 letters",
    "thai_chat.chat.search.keyboard": "a query, MAX_QUERY_CHARS",
    "thai_chat.chat.transfer.tables": "cells of at most 40 characters",
    "thai_chat.chat.words": "200 characters of a question, 100 of a name, a query, the surroundings of a hit",
    "thai_chat.gate.files": "2,000 characters of a path (doors.door_of)",
    "thai_chat.gate.pages": "the HTML of Gradio's page and of /docs, in which nobody writes",
    "thai_chat.history.outage.journal": "names of files in a folder of our own",
    "thai_chat.ui.head": "files of ours, and the fonts of Gradio's package",
    "thai_chat.ui.shell": "files of Gradio's package",
}
"""Modules whose expressions never see a long text, with what they see."""

GENERAL = (
    *(
        "a",
        "A",
        "1",
        "ก",
        "่",
        "า",
        "ำ",
        "\u0301",
        "\u200b",
        "👩\u200d",
        "🇹",
        "_",
        "-",
        ".",
        ",",
        ":",
        "'",
        '"',
        "\\",
        "/",
    ),
    *(
        "*",
        "**a ",
        "`",
        "`` ` ",
        "~",
        "#",
        ">",
        "> ",
        "- ",
        "1. ",
        "[",
        "]",
        "[a](",
        "(",
        ")",
        "{",
        "}",
        "<",
        "<a ",
        "|",
        "=",
    ),
    *(" ", "\t", "\n", "\r\n", " \n", "a ", "a\n", "aB3+", "ก ่", "x=1;", "&#38;", "\\u0000", "“”", "\ue200"),
)


class Expression(NamedTuple):
    where: str
    pattern: Any


def _held(value: object) -> Iterator[Any]:
    if isinstance(value, re.Pattern | regex.Pattern):
        yield value
    elif isinstance(value, Mapping):
        yield from _held(tuple(value.values()))
    elif isinstance(value, tuple | list | set | frozenset):
        for inner in value:
            yield from _held(inner)


def _expressions() -> list[Expression]:
    found: dict[object, Expression] = {}
    for module in pkgutil.walk_packages(thai_chat.__path__, "thai_chat."):
        if module.name.endswith("__main__") or module.name.startswith("thai_chat.migrations"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if not name.startswith("__"):
                for pattern in _held(value):
                    found.setdefault((pattern.pattern, pattern.flags), Expression(f"{module.name}.{name}", pattern))
    return list(found.values())


EXPRESSIONS = _expressions()
CHECKED = [expression for expression in EXPRESSIONS if expression.where.rpartition(".")[0] not in BOUNDED]


def _ways_of(where: str) -> list[Callable[[Any, Any], object]]:
    """Return how the package uses what has that name: told by the calls in its source, else all of them."""
    ways: dict[str, Callable[[Any, Any], object]] = {
        "search": lambda pattern, text: pattern.search(text),
        "match": lambda pattern, text: pattern.match(text),
        "fullmatch": lambda pattern, text: pattern.fullmatch(text),
        "finditer": lambda pattern, text: sum(1 for _ in pattern.finditer(text)),
        "findall": lambda pattern, text: pattern.findall(text),
        "sub": lambda pattern, text: pattern.sub(lambda found: found[0], text),
        "split": lambda pattern, text: pattern.split(text),
    }
    module, _, name = where.rpartition(".")
    calls = {(path, way) for path, called, way in CALLS if called == name and way in ways}
    used = {way for path, way in calls if path == module} or {way for _, way in calls}
    return [ways[way] for way in sorted(used) or ("search", "sub")]


def _calls() -> set[tuple[str, str, str]]:
    """Return the module, name and method of every call `NAME.method(...)` in the package."""
    return {
        (".".join(("thai_chat", *path.relative_to(PACKAGE).with_suffix("").parts)), node.func.value.id, node.func.attr)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    }


CALLS = _calls()


def _beginnings(pattern: Any) -> list[str]:
    """Return texts that almost match: an example of each beginning of the expression."""
    if isinstance(pattern, regex.Pattern):
        return []
    parts = [_example([item]) for item in parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)]
    return sorted({"".join(parts[:count]) for count in range(1, len(parts) + 1)} - {""})


def _example(items: Any) -> str:
    """Return a short text that such a piece of a parsed expression matches, as far as that is easy to tell."""
    text = ""
    for code, value in items:
        if code in (codes.LITERAL, codes.RANGE):
            text += chr(value if isinstance(value, int) else value[0])
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            text += _example(value[2]) * max(1, value[0])
        elif code is codes.SUBPATTERN:
            text += _example(value[3])
        elif code is codes.BRANCH:
            text += _example(value[1][0])
        elif code is codes.IN:
            text += "x" if value[0][0] is codes.NEGATE else _example(value[:1])
        elif code is codes.CATEGORY:
            text += {codes.CATEGORY_DIGIT: "1", codes.CATEGORY_SPACE: " "}.get(value, "x")
        elif code in (codes.ANY, codes.NOT_LITERAL):
            text += "x"
    return text


def _texts(expression: Expression, size: int) -> Iterator[Any]:
    """Yield texts that end with what no repetition expects; runs of ever other lengths need more than that to be
    told."""
    repeated = (unit * (size // len(unit)) for unit in (*GENERAL, *_beginnings(expression.pattern)))
    ladders = (" ".join(sign * length for length in range(1, round((8 * size) ** 0.5))) for sign in "`~*")
    for text in (*(f"{text}!x" for text in repeated), *ladders):
        yield text if isinstance(expression.pattern.pattern, str) else text.encode("utf-8", "surrogatepass")


def _least_s(work: Callable[[], object], most_s: float) -> float:
    """Return what the work costs, tried again while that is too much: a busy machine is slow now and then."""
    costs = []
    for _ in range(TRIES):
        costs.append(cost_s(work))
        if costs[-1] <= most_s or costs[-1] > 20 * most_s:
            break
    return min(costs)


@pytest.mark.parametrize("expression", CHECKED, ids=[f"{e.where}:{e.pattern.pattern!r}"[:90] for e in CHECKED])
def test_a_regular_expression_takes_linear_time_over_a_million_hostile_characters(expression: Expression) -> None:
    for way in _ways_of(expression.where):
        slowest: tuple[float, Any] = (0.0, "")
        for text in _texts(expression, SIZE):
            most_s = MOST_S_PER_CHAR * len(text)
            took_s = _least_s(lambda: way(expression.pattern, text), most_s)  # noqa: B023 - called at once
            assert took_s <= most_s, f"{took_s:.2f} s for {text[:40]!r} again and again"
            slowest = max(slowest, (took_s / len(text), text), key=lambda tried: tried[0])
        text = slowest[1] * (CHARS // len(slowest[1]))
        took_s = _least_s(lambda: way(expression.pattern, text), MOST_S_PER_CHAR * CHARS)  # noqa: B023
        assert took_s <= MOST_S_PER_CHAR * CHARS, f"{took_s:.2f} s for {text[:40]!r} again and again"


def test_every_regular_expression_of_the_package_stands_in_a_module_to_be_seen_here() -> None:
    """But for those that are made of words of our own."""
    made = {"domain/searching.py", "embedded/binaries.py", "ui/shell.py"}
    functions = {"search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split", "compile"}
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        inside = [
            ast.unparse(node)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ast.unparse(node.func.value) in ("re", "regex")
            and node.func.attr in functions
        ]
        name = str(path.relative_to(PACKAGE))
        assert not inside or name in made or name == "domain/spelling.py", f"{name}: {inside}"


def test_no_reason_is_left_for_a_module_without_expressions() -> None:
    assert set(BOUNDED) <= {expression.where.rpartition(".")[0] for expression in EXPRESSIONS}
