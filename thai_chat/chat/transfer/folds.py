"""Takes what Open WebUI folds out of a reply: thoughts, calls of tools, and code that was run stand in it as HTML."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Iterator

import orjson

_DETAILS, _DETAILS_END = "<details", "</details>"
_SUMMARY, _SUMMARY_END = "<summary>", "</summary>"
_KIND = re.compile(r'\btype="(reasoning|tool_calls|code_interpreter)"')
_ATTRIBUTE = re.compile(r'\b(name|arguments|result|output)="([^"]*)"')
_QUOTED = re.compile(r"^> ?", re.MULTILINE)
_MOST_DECODED = 3


def unfolded(content: str) -> tuple[str, str]:
    """Return the reply itself, and what was folded in it."""
    kept, folds = [], []
    position = 0
    for start, opened, end, kind in _folded(content):
        kept.append(content[position:start])
        inner = _unquoted(content[opened:end].lstrip())
        if kind != "reasoning":
            inner = _step(kind, dict(_ATTRIBUTE.findall(content, start, opened)), inner)
        folds.append(inner)
        position = end + len(_DETAILS_END)
    kept.append(content[position:])
    if not folds:
        return content, ""
    replies = [kept[0], *(part.lstrip() for part in kept[1:])]
    return "".join(replies).strip(), "\n\n".join(filter(None, folds))


def tool_call(name: str, arguments: object, result: object) -> str:
    """Return one call of a tool as people read it."""
    told = f"🔧 {name or '?'}({_decoded(arguments)})"
    answer = _decoded(result)
    return f"{told}\n→ {answer}" if answer else told


def _step(kind: str, attributes: dict[str, str], inner: str) -> str:
    plain = {name: _unescaped(value) for name, value in attributes.items()}
    if kind == "tool_calls":
        return tool_call(plain.get("name", ""), plain.get("arguments", ""), plain.get("result", ""))
    output = _decoded(plain.get("output", ""))
    return f"{inner}\n→ {output}" if output else inner


def _decoded(value: object) -> str:
    """Return a value as text; of texts that hold JSON the innermost: programs write it as a text in a text."""
    for _ in range(_MOST_DECODED):
        if not isinstance(value, str) or not value.startswith('"'):
            break
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            break
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return ""


def _folded(content: str) -> Iterator[tuple[int, int, int, str]]:
    """Yield of each fold where its tag begins, where its text begins, where that ends, and its kind.

    No sign is looked at more than twice, whatever is opened and never closed: a pattern for all of it would begin anew
    at every tag.
    """
    start = content.find(_DETAILS)
    while start >= 0:
        opened = content.find(">", start) + 1
        if not opened:
            return
        if kind := _KIND.search(content, start, opened):
            end = content.find(_DETAILS_END, opened)
            if end < 0:
                return
            yield start, opened, end, kind[1]
            opened = end
        start = content.find(_DETAILS, opened)


def _unquoted(thought: str) -> str:
    if thought.startswith(_SUMMARY) and (end := thought.find(_SUMMARY_END)) >= 0:
        thought = thought[end + len(_SUMMARY_END) :]
    return _QUOTED.sub("", _unescaped(thought)).strip()


def _unescaped(text: str) -> str:
    with contextlib.suppress(ValueError):  # a number of more digits than Python reads
        return html.unescape(text)
    return text
