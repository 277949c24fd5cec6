"""Tells Markdown that a browser can draw at once from what would hold it for seconds, or break what draws it.

The Chatbot's `marked` looks for the other half of a sign of emphasis through the rest of its paragraph, for that of a
formula through the rest of the text and once for each that is open, and goes one call deeper for each quotation or list
inside another; KaTeX takes milliseconds for each formula. The figures were measured with Gradio 6.31 in Chromium.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

MOST_CHARS = 400_000
_MOST_DEPTH = 60
"""The most quotations and lists inside each other. At some thousand the browser's stack ends, and no message is
shown."""
_MOST_STEPS = 4_000_000
"""Signs times the characters behind them: half a second."""
_MOST_FORMULAS = 500
_MOST_FORMULA_CHARS = 4_000
_MOST_IN_FORMULAS = 20_000
_MOST_OPEN = 200_000_000
"""Formulas without an end, squared, times the characters of the text: a third of a second."""

_MOST_CELLS = 20_000
"""The most cells of tables: a row has as many as the line of dashes, however few are written."""

_SIGNS = re.compile(r"[*_~`]+")
_INSIDE = re.compile(r"^(?P<indent>[ \t]*)(?P<markers>(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]*)+)", re.MULTILINE)
_MARKER = re.compile(r">|[-*+]|\d{1,9}[.)]")
_FENCE = re.compile(r"[ \t]*(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)$")
_DASHES = re.compile(r"[ \t>|:\-*+\d.)]*\Z")
_FORMULA = re.compile(r"\\[()\[\]]|\$\$")
_ENDS = {r"\(": r"\)", r"\[": r"\]", "$$": "$$"}


def can_be_drawn(markdown: str) -> bool:
    """Tell whether a text is not better shown as it was written. Takes linear time itself."""
    return (
        len(markdown) <= MOST_CHARS
        and _depth(markdown) <= _MOST_DEPTH
        and _cells(markdown) <= _MOST_CELLS
        and _steps(markdown) <= _MOST_STEPS
        and _has_few_formulas(markdown)
    )


def _depth(markdown: str) -> int:
    """Return at most how many quotations and lists are inside each other: by the markers of a line, and by the indents
    of all, each of which may stand for one."""
    indents, most = set[str](), 0
    for line in _INSIDE.finditer(markdown):
        indents.add(line["indent"])
        most = max(most, sum(1 for _ in _MARKER.finditer(line["markers"])))
    return most + len(indents)


def _cells(markdown: str) -> int:
    """Return at most how many cells the tables have: each line of a paragraph below a line of dashes may be a row of
    it."""
    cells = columns = 0
    for line in markdown.split("\n"):
        if not line.strip():
            columns = 0
            continue
        cells += columns
        if "|" in line and "-" in line and _DASHES.match(line):
            columns = max(columns, line.count("|") + 1)
            cells += 2 * columns
    return cells


def _steps(markdown: str) -> int:
    """Return about how many signs the reader of Markdown looks at.

    Each sign of emphasis or code is looked for to the end of its line; one that has no other half there, to the end of
    its paragraph.
    """
    steps = signs = size = 0
    for line in _lines_outside_code(markdown):
        if not line.strip():
            steps += signs * size
            signs = size = 0
            continue
        found, left = _signs_in(line)
        steps += found * len(line)
        signs += left
        size += len(line)
    return steps + signs * size


def _signs_in(line: str) -> tuple[int, int]:
    """Return how many signs of emphasis and code there are, and how many of those that open something nothing
    closes."""
    found, opened = 0, Counter[str]()
    for sign in _SIGNS.finditer(line):
        found += 1
        if opened[sign[0]] and not line[sign.start() - 1].isspace():
            opened[sign[0]] -= 1
        elif not line[sign.end() : sign.end() + 1].isspace():
            opened[sign[0]] += 1
    return found, opened.total()


def _lines_outside_code(markdown: str) -> Iterator[str]:
    """Yield the lines; those of fenced code come as empty ones."""
    fence = ""
    for line in markdown.split("\n"):
        found = _FENCE.match(line)
        if fence:
            if found and found["fence"].startswith(fence) and not found["info"].strip():
                fence = ""
        elif found:
            fence = found["fence"]
        yield "" if fence or found else line


def _has_few_formulas(markdown: str) -> bool:
    """Tell whether formulas are few and short, also in code, where the Chatbot looks for them too."""
    formulas = opened = longest = together = 0
    end, start = "", 0
    for sign in _FORMULA.finditer(markdown):
        if end and sign[0] == end:
            size = sign.start() - start
            formulas, longest, together, end = formulas + 1, max(longest, size), together + size, ""
        elif sign[0] in _ENDS:
            opened += 1
            if not end:
                end, start = _ENDS[sign[0]], sign.end()
    few = formulas <= _MOST_FORMULAS and longest <= _MOST_FORMULA_CHARS and together <= _MOST_IN_FORMULAS
    return few and (opened - formulas) ** 2 * len(markdown) <= _MOST_OPEN
