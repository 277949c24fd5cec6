r"""Finds formulas in Markdown, $...$, $$...$$, \(...\) and \[...\], so that their source stays as it was written."""

from __future__ import annotations

from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_INLINE = {"$$": "$$", "\\(": "\\)", "\\[": "\\]"}
_BLOCK = {"$$": "$$", "\\[": "\\]"}


def inline_formula(state: StateInline, silent: bool) -> bool:
    """Take a formula inside of a line, or over lines of one paragraph."""
    start = state.pos
    opening = state.src[start : start + 2]
    if opening in _INLINE:
        end = _end_of(state, _INLINE[opening], start + 2)
        if end > start + 2:
            return _take(state, start + 2, end, end + 2, silent)
    if opening.startswith("$"):
        end = _end_of_short(state, start + 1)
        if end > start + 1:
            return _take(state, start + 1, end, end + 1, silent)
    return False


def block_formula(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take a formula that stands in lines of its own."""
    if state.is_code_block(start):
        return False
    first = state.bMarks[start] + state.tShift[start]
    closing = _BLOCK.get(state.src[first : first + 2])
    none_left = state.env.setdefault("no_formula_end", set())
    if closing is None or closing in none_left:
        return False
    line = start
    while True:
        written = state.src[first + 2 if line == start else state.bMarks[line] : state.eMarks[line]].rstrip()
        if written.endswith(closing):
            break
        if closing in written and line == start:
            return False  # it goes on as text
        line += 1
        if line >= end or (not state.isEmpty(line) and state.sCount[line] < state.blkIndent):
            none_left.add(closing)
            return False
    if silent:
        return True
    text = state.src[first + 2 : state.eMarks[line]].rstrip().removesuffix(closing)
    token = state.push("formula_block", "", 0)
    token.content = text.strip("\n")
    token.map = [start, line + 1]
    state.line = line + 1
    return True


def _take(state: StateInline, start: int, end: int, after: int, silent: bool) -> bool:
    if not silent:
        token = state.push("formula", "", 0)
        token.content = state.src[start:end]
    state.pos = after
    return True


def _end_of(state: StateInline, closing: str, start: int) -> int:
    """Return where the closing stands; -1 for none. Once there is none behind a place, nobody looks again."""
    none_left: dict[str, int] = state.env.setdefault("no_inline_end", {})
    key = f"{closing}{id(state.tokens)}"
    if key in none_left:
        return -1
    end = state.src.find(closing, start, state.posMax)
    if end < 0:
        none_left[key] = start
    return end


def _end_of_short(state: StateInline, start: int) -> int:
    """Return where a $ closes what another one opened, as people write formulas and not prices; -1 for none."""
    src = state.src
    if start >= state.posMax or src[start] in " \n\t$":
        return -1
    end = _end_of(state, "$", start)
    if end < 0 or src[end - 1] in " \n\t\\" or "\n" in src[start:end]:
        return -1
    follows = src[end + 1 : end + 2]
    return -1 if follows.isdigit() or follows == "$" else end
