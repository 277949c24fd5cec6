"""One thing that the doctor looked at, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    OK = "ok"
    NOTE = "note"
    """Works, and could be better or is not used."""
    BAD = "BAD"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    english: str
    thai: str = ""
    fix: str = ""
    """Commands and settings, the same in both languages."""

    def lines(self) -> list[str]:
        mark = f"[{self.level.value}]".ljust(7)
        shown = [f"{mark}{self.english}"]
        indent = " " * len(mark)
        if self.level is not Level.OK:
            shown += [f"{indent}{text}" for text in (self.thai, f"→ {self.fix}" if self.fix else "") if text]
        return shown


def ok(english: str) -> Finding:
    return Finding(Level.OK, english)


def note(english: str, thai: str, fix: str) -> Finding:
    return Finding(Level.NOTE, english, thai, fix)


def bad(english: str, thai: str, fix: str) -> Finding:
    return Finding(Level.BAD, english, thai, fix)
