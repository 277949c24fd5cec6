"""Puts the halves of characters together in the pieces of streamed messages, whatever fields those have."""

from __future__ import annotations

from typing import Any, TypeAlias

from thai_chat.backends.json_text import Halves, clean
from thai_chat.domain.backend_errors import BackendGarbled

Path: TypeAlias = tuple[object, ...]
"""Where a text is: the number of its choice, then names and numbers of fields."""
_MOST_HELD = 1_000
_DELTA = "delta"


class DeltaHalves:
    """A half at the end of a text waits for the next piece of the same text; any other becomes U+FFFD."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[Path, Halves] = {}

    def mended(self, part: dict[str, Any]) -> dict[str, Any]:
        """Return a chunk of a completion or an event of a response with whole characters."""
        if isinstance(choices := part.get("choices"), list):
            part = {**part, "choices": [self._of_choice(choice) for choice in choices]}
        elif _DELTA in part:
            place = tuple(part.get(name) for name in ("item_id", "output_index", "content_index", "summary_index"))
            part = {**part, _DELTA: self._joined(part[_DELTA], (part.get("type"), *place))}
        mended = clean(part)
        assert isinstance(mended, dict)
        return mended

    def _of_choice(self, choice: dict[str, Any]) -> dict[str, Any]:
        index = choice.get("index", 0)
        if _DELTA in choice:
            choice = {**choice, _DELTA: self._joined(choice[_DELTA], (index,))}
        if choice.get("finish_reason"):
            delta = choice.get(_DELTA) or {}
            for path in [path for path in self._held if len(path) == 2 and path[0] == index]:
                name = path[1]
                delta = {**delta, name: f"{delta.get(name) or ''}{self._held.pop(path).end()}"}
            choice = {**choice, _DELTA: delta}
        return choice

    def _joined(self, value: Any, path: Path) -> Any:
        if isinstance(value, str):
            halves = self._held.pop(path, None) or Halves()
            text = halves.feed(value)
            if halves.holds:
                self._held[path] = halves
                if len(self._held) > _MOST_HELD:
                    raise BackendGarbled("halves of characters without an end")
            return text
        if isinstance(value, dict):
            return {name: self._joined(item, (*path, name)) for name, item in value.items()}
        if isinstance(value, list):
            return [self._joined(item, (*path, _place(item, at))) for at, item in enumerate(value)]
        return value


def _place(item: Any, at: int) -> object:
    """Return the number of a call of a tool, which it has in every chunk, or the place of anything else."""
    return item.get("index", at) if isinstance(item, dict) else at
