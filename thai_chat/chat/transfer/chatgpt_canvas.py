"""ChatGPT's canvas: documents that its model writes by calls of a tool. A reply shows what they became."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from thai_chat.chat.transfer.fields import Loaded
from thai_chat.chat.transfer.said import fenced, joined

TOOL = "canmore."
_MOST_CHARS = 20_000_000
"""The most characters that changing a conversation's documents may look at; from there on a document is told by its
changes."""
_WHOLE = ("", ".*", "^.*$", "(?s).*", "(?s)^.*$", "[\\s\\S]*")
_ESCAPED = re.compile(r"\\(\W)")


@dataclass(frozen=True, slots=True)
class CanvasFile:
    name: str
    kind: str
    """"document", "code/python"."""
    content: str

    def shown(self) -> str:
        is_code = self.kind.startswith("code")
        return fenced(self.content, self.kind.partition("/")[2]) if is_code else self.content


class Canvas:
    """The documents of one conversation."""

    def __init__(self) -> None:
        self._left = _MOST_CHARS

    def told(self, call: str, before: CanvasFile | None) -> tuple[str, CanvasFile | None]:
        """Return how people read a call of the tool, and the document after it. A call that is cut off is told as it
        is."""
        try:
            held = orjson.loads(call)
        except orjson.JSONDecodeError:
            return fenced(call, "json"), before
        if not isinstance(held, dict):
            return "", before
        if isinstance(content := held.get("content"), str):
            made = CanvasFile(_word(held, "name"), _word(held, "type"), content)
            return joined(_title(made), made.shown()), made
        if isinstance(updates := held.get("updates"), list):
            found = [one for one in updates if isinstance(one, dict)]
            after = self._changed(before, found)
            return joined(_title(before), after.shown() if after else _changes(found)), after
        if isinstance(comments := held.get("comments"), list):
            found = [one for one in comments if isinstance(one, dict)]
            listed = "\n".join(f"- “{_word(one, 'pattern')}”: {_word(one, 'comment')}" for one in found)
            return joined(_title(before), listed), before
        return "", before

    def _changed(self, before: CanvasFile | None, updates: Sequence[Mapping[str, Loaded]]) -> CanvasFile | None:
        """Return the changed document; None where the change can't be followed: its patterns are another language's."""
        if before is None:
            return None
        content = before.content
        for update in updates:
            pattern, replacement = _word(update, "pattern"), _word(update, "replacement")
            self._left -= len(content) + len(replacement)
            if self._left < 0:
                return None
            if pattern in _WHOLE:
                content = replacement
                continue
            plain = pattern if pattern in content else _ESCAPED.sub(r"\1", pattern)
            if plain not in content:
                return None
            count = content.count(plain) if update.get("multiple") is True else 1
            self._left -= count * len(replacement)
            if self._left < 0:
                return None
            content = content.replace(plain, replacement, count)
        self._left -= len(content)
        return replace(before, content=content)


def _title(document: CanvasFile | None) -> str:
    return f"📄 **{document.name}**" if document and document.name else "📄"


def _changes(updates: Sequence[Mapping[str, Loaded]]) -> str:
    lines = []
    for update in updates:
        lines += [f"- {line}" for line in _word(update, "pattern").splitlines()]
        lines += [f"+ {line}" for line in _word(update, "replacement").splitlines()]
    return fenced("\n".join(lines), "diff")


def _word(held: Mapping[str, Loaded], name: str) -> str:
    value = held.get(name)
    return value if isinstance(value, str) else ""
