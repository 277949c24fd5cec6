"""Makes texts of people and models safe and true as the Markdown that Gradio's Chatbot renders."""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_FENCE = re.compile(
    r"^(?P<prefix>[ \t]*(?:(?:>|[-*+][ \t]|\d{1,9}[.)][ \t])[ \t]*)*)(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})", re.MULTILINE
)
_BLOCK_END = re.compile(
    r"\n(?=[ \t>]*(?:\n|>|#{1,6}[ \t]|[-*+][ \t]|\d{1,9}[.)][ \t]|=+[ \t]*$|(?:[-*_][ \t]*){3,}$))", re.M
)
_ESCAPED_OR_CODE = re.compile(r"\\.|(?<!`)(?P<ticks>`+)(?!`)(?P<code>.*?)(?<!`)(?P=ticks)(?!`)", re.DOTALL)
_TAG = re.compile(r"<(?=[A-Za-z/!?])(?!https?://|mailto:|br\s*/?>)", re.IGNORECASE)
_IMAGE = re.compile(r"!(?=\[)")


def shown_as_written(text: str) -> str:
    """Markdown that shows `text` as it was typed: what a person asks is never markup.

    Entities rather than backslashes, since \\( and \\[ would begin a formula.
    """
    escaped = _PUNCTUATION.sub(lambda sign: f"&#{ord(sign.group())};", text.replace("\r\n", "\n"))
    return _INDENT.sub(lambda indent: "&nbsp;" * len(indent.group().expandtabs(4)), escaped)


def without_html(markdown: str) -> str:
    """`markdown` with its raw HTML shown instead of interpreted, and its pictures as links.

    The Chatbot's sanitiser would drop tags without a trace, and a picture from elsewhere would tell its host who
    reads. Fenced code is left alone, unless its end is not plain: then the rest is taken for text.
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
    """Where the fenced code ends for every reader of Markdown; None when that hangs on lists and quotes around it."""
    container = re.sub(r"[^ \t>]", " ", fence["prefix"])
    sign = fence["fence"][0]
    closing = re.compile(rf"(?P<indent> {{0,3}}){re.escape(sign)}{{{len(fence['fence'])},}}[ \t]*$")
    line_end = markdown.find("\n", fence.end())
    while line_end >= 0:
        start = line_end + 1
        line_end = markdown.find("\n", start)
        line = markdown[start:] if line_end < 0 else markdown[start:line_end]
        if not line.startswith(container) and line.rstrip() != (container.rstrip() if ">" in container else ""):
            return None
        if closed := closing.match(line.removeprefix(container)):
            return None if container and closed["indent"] else start + len(line)
    return None if container else len(markdown)


def _text(text: str) -> str:
    """What is not fenced code. A span of code stays inside its paragraph."""
    parts, end = [], 0
    for block in _BLOCK_END.finditer(text):
        parts.append(_paragraph(text[end : block.end()]))
        end = block.end()
    return "".join((*parts, _paragraph(text[end:])))


def _paragraph(text: str) -> str:
    parts, end = [], 0
    for found in _ESCAPED_OR_CODE.finditer(text):
        if found["ticks"] is None:
            continue
        parts += [_inert(text[end : found.start()]), _code_span(found)]
        end = found.end()
    return "".join((*parts, _inert(text[end:])))


def _code_span(found: re.Match[str]) -> str:
    """Code that holds markup is written out: harmless also where Markdown finds no code (in a link, in a cell)."""
    if _inert(found[0]) == found[0]:
        return found[0]
    return f"<code>{shown_as_written(found['code'].replace(chr(10), ' ').strip())}</code>"


def _inert(text: str) -> str:
    return _IMAGE.sub("", _TAG.sub("&lt;", text))
