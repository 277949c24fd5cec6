"""Makes the text of a reply that is kept as HTML: with its paragraphs, lists, code, emphasis and links as Markdown."""

from __future__ import annotations

import contextlib
import html
import re

# Neither a tag nor what it holds is looked through twice: each ends before the next "<".
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})([^<>]*)>")
_HREF = re.compile(r'\bhref="(https?://[^"<>]{1,2000})"')
_BLANK_LINES = re.compile(r"\n{3,}")
_LINE_ENDS = re.compile(r"(?<![ \t])[ \t]++(?=\n)")
_PARAGRAPHS = {"p", "div", "ul", "ol", "table", "blockquote", "section"}
_LINES = {"br", "tr"}
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_AROUND = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`"}
_SILENT = {"script", "style"}


def text_in(content: str) -> str:
    made: list[str] = []
    position = 0
    is_silent = is_code = False
    links: list[str] = []
    for tag in _TAG.finditer(content):
        if not is_silent:
            made.append(_unescaped(content[position : tag.start()]))
        position = tag.end()
        is_end, name = bool(tag[1]), tag[2].lower()
        if name in _SILENT:
            is_silent = not is_end
        elif name == "pre":
            made.append("\n```\n" if is_end else "\n\n```\n")
            is_code = not is_end
        elif is_code or is_silent:
            continue
        elif name == "a":
            made.append(_link(tag[3], links, is_end=is_end))
        else:
            made.append(_mark(name, is_end=is_end))
    if not is_silent:
        made.append(_unescaped(content[position:]))
    return _BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("", "".join(made))).strip()


def _link(attributes: str, links: list[str], *, is_end: bool) -> str:
    if is_end:
        address = links.pop() if links else ""
        return f"]({address})" if address else ""
    found = _HREF.search(attributes)
    links.append(_unescaped(found[1]) if found else "")
    return "[" if found else ""


def _mark(name: str, *, is_end: bool) -> str:
    if name in _AROUND:
        return _AROUND[name]
    if name in _PARAGRAPHS:
        return "\n\n"
    if name in _LINES:
        return "\n"
    if name in _HEADINGS:
        return "\n\n" if is_end else f"\n\n{_HEADINGS[name]}"
    if name == "li":
        return "" if is_end else "\n- "
    return " | " if name in ("td", "th") and is_end else ""


def _unescaped(text: str) -> str:
    with contextlib.suppress(ValueError):  # a number of more digits than Python reads
        return html.unescape(text)
    return text
