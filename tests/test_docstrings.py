"""Docstrings that a stranger reads once: none begins with a word whose noun stands elsewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = [path for room in ("thai_chat", "tests", "scripts") for path in sorted((ROOT / room).rglob("*.py"))]
FRAGMENT = re.compile(r"(Of|As|Those|What)\b")


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each docstring: a module's, a class', a function's, and those below a name."""
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", [])
        for statement in body if isinstance(body, list) else []:
            match statement:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield statement.lineno, text


def test_no_docstring_begins_with_a_fragment() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text[:40]}"
        for path in MODULES
        # A step of the schema that has landed keeps its text.
        if not {"node_modules", "versions"} & set(path.parts)
        for line, text in docstrings(path.read_text())
        if FRAGMENT.match(text.strip())
    ]
    assert found == []


@pytest.mark.parametrize("source", ['"""Of a name."""', 'X = 1\n"""What it is."""', 'def f():\n    """As `g`."""'])
def test_a_fragment_is_found(source: str) -> None:
    ((_, text),) = docstrings(source)
    assert FRAGMENT.match(text)
