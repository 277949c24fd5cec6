"""Makes texts of people and models safe and true as the Markdown that Gradio's Chatbot renders."""

from __future__ import annotations

import re
import string
from bisect import bisect_left
from collections.abc import Iterator

_ENTITIES = {ord(sign): f"&#{ord(sign)};" for sign in string.punctuation}
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_FENCE = re.compile(
    r"^(?P<prefix>[ \t]*(?:(?:>|[-*+][ \t]|\d{1,9}[.)][ \t])[ \t]*)*)(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})", re.MULTILINE
)
_BLOCK_END = re.compile(
    r"\n(?=[ \t>]*(?:\n|>|#{1,6}[ \t]|[-*+][ \t]|\d{1,9}[.)][ \t]|=+[ \t]*$|(?:[-*_][ \t]*){3,}$))", re.M
)
_NO_CONTAINER = re.compile(r"[^ \t>]")
_CLOSING_FENCE = re.compile(r"(?P<indent> {0,3})(?P<fence>`{3,}|~{3,})[ \t]*$")
_TICKS = re.compile("`+")
_ESCAPED_OR_TICKS = re.compile(r"\\.|`+", re.DOTALL)
_TAG = re.compile(r"<(?=[A-Za-z/!?])(?!https?://|mailto:|br\s*/?>)", re.IGNORECASE)
_IMAGE = re.compile(r"!(?=\[)")


def shown_as_written(text: str) -> str:
    """Return Markdown that shows `text` as it was typed: what a person asks is never markup.

    Entities rather than backslashes, since \\( and \\[ would begin a formula.
    """
    escaped = text.replace("\r\n", "\n").translate(_ENTITIES)
    return _INDENT.sub(lambda indent: "&nbsp;" * len(indent.group().expandtabs(4)), escaped)


def without_html(markdown: str) -> str:
    """Return `markdown` with its raw HTML shown instead of interpreted, and its pictures as links.

    The Chatbot's sanitiser would drop tags without a trace, and a picture from elsewhere would tell its host who reads.
    Fenced code is left alone, unless its end is not plain: then the rest is taken for text.
    """
    markdown = markdown.replace("\r\n", "\n").replace("\r", "\n")
    parts, end = [], 0
    while fence := _FENCE.search(markdown, end):
        parts.append(_text(markdown[end : fence.start()]))
        end = fence.start()
        code_end = _end_of_code(markdown, fence)
        if code_end is None:
            return "".join((*parts, _inert(markdown[end:])))
        parts.append(markdown[end:code_end])
        end = code_end
    return "".join((*parts, _text(markdown[end:])))


def _end_of_code(markdown: str, fence: re.Match[str]) -> int | None:
    """Return where the fenced code ends for every reader of Markdown; None when that hangs on lists and quotes around
    it."""
    container = _NO_CONTAINER.sub(" ", fence["prefix"])
    line_end = markdown.find("\n", fence.end())
    while line_end >= 0:
        start = line_end + 1
        line_end = markdown.find("\n", start)
        line = markdown[start:] if line_end < 0 else markdown[start:line_end]
        if not line.startswith(container) and line.rstrip() != (container.rstrip() if ">" in container else ""):
            return None
        closed = _CLOSING_FENCE.match(line.removeprefix(container))
        if closed and closed["fence"].startswith(fence["fence"]):
            return None if container and closed["indent"] else start + len(line)
    return None if container else len(markdown)


def _text(text: str) -> str:
    """Return text that holds no fenced code, with its HTML made inert. A span of code stays inside its paragraph."""
    parts, end = [], 0
    for block in _BLOCK_END.finditer(text):
        parts.append(_paragraph(text[end : block.end()]))
        end = block.end()
    return "".join((*parts, _paragraph(text[end:])))


def _paragraph(text: str) -> str:
    if "`" not in text:
        return _inert(text)
    parts, end = [], 0
    for start, code, code_end, stop in _spans_of_code(text):
        parts += [_inert(text[end:start]), _code_span(text[start:stop], text[code:code_end])]
        end = stop
    return "".join((*parts, _inert(text[end:])))


def _spans_of_code(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield where each span begins, its code begins, its code ends and it ends: at the next backticks of the same
    number."""
    runs: dict[int, list[int]] = {}
    for run in _TICKS.finditer(text):
        runs.setdefault(run.end() - run.start(), []).append(run.start())
    at = 0
    while found := _ESCAPED_OR_TICKS.search(text, at):
        at = found.end()
        if found[0][0] == "\\" or text[found.start() - 1 : found.start()] == "`":  # the rest of an escaped run
            continue
        size = at - found.start()
        same = runs[size]
        place = bisect_left(same, at)
        if place < len(same):
            yield found.start(), at, same[place], same[place] + size
            at = same[place] + size


def _code_span(span: str, code: str) -> str:
    """Return a span of code; one that holds markup is written out.

    It is harmless then also where Markdown finds no code (in a link, in a cell).
    """
    if _inert(span) == span:
        return span
    return f"<code>{shown_as_written(code.replace(chr(10), ' ').strip())}</code>"


def _inert(text: str) -> str:
    return _IMAGE.sub("", _TAG.sub("&lt;", text))
