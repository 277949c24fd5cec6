"""Tags and folders that sessions have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    """A tag or a folder that is in use."""

    name: str
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Each by name, in the order of the code points."""

    folders: Sequence[Label]
    tags: Sequence[Label]

    @classmethod
    def counted(cls, *, folders: Iterable[tuple[str, int]], tags: Iterable[tuple[str, int]]) -> Labels:
        """Return the labels of names with the number of their sessions."""
        return cls(folders=_labels(folders), tags=_labels(tags))


def _labels(counts: Iterable[tuple[str, int]]) -> list[Label]:
    return [Label(name, sessions) for name, sessions in sorted(counts)]
