"""The queries of people: pieces of what was said, cut as people would, and what nobody said."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence

from thai_chat.chat.words import word_ends
from thai_chat.domain.spelling import fold

_THAI = re.compile("[ก-๛]+")
_LATIN = re.compile("[a-z]+")
COMMON = ("ที่", "การ", "เป็น", "the", "and", "a", "น")
ABSENT = ("qzx", "ฌฬฒ", "กฏฑ")
INFLECTED = ("running", "used", "returns", "modules", "called", "supports", "values", "types", "using", "defined")


class Queries:
    """Drawn from `contents`, the same for the same seed."""

    def __init__(self, contents: Sequence[str], *, seed: int = 5) -> None:
        self._random = random.Random(seed)
        self._texts = [fold(content) for content in contents]

    def by_kind(self, count: int) -> Mapping[str, Sequence[str]]:
        kinds: Mapping[str, Callable[[], str]] = {
            "1 character": self._character,
            "2 characters": lambda: self._piece(2),
            "Thai word": lambda: self._thai(1),
            "Thai, 3 words": lambda: self._thai(3),
            "Thai sentence": lambda: self._piece(30),
            "English word": self._english,
            "English, 2 words": lambda: f"{self._english()} {self._english_beside()}",
            "other word form": lambda: self._random.choice(INFLECTED),
            "mixed": lambda: f"{self._thai(1)} {self._english()}",
            "absent": self._absent,
            "very common": lambda: self._random.choice(COMMON),
        }
        return {kind: [draw() for _ in range(count)] for kind, draw in kinds.items()}

    def _run(self, pattern: re.Pattern[str], least: int) -> str:
        while True:
            runs = [run for run in pattern.findall(self._random.choice(self._texts)) if len(run) >= least]
            if runs:
                return self._random.choice(runs)

    def _character(self) -> str:
        return self._random.choice(self._random.choice(self._texts).replace(" ", "") or "ก")

    def _piece(self, length: int) -> str:
        run = self._run(_THAI, length)
        start = self._random.randrange(len(run) - length + 1)
        return run[start : start + length]

    def _thai(self, words: int) -> str:
        """Return words that are neighbours, as they stand in a text."""
        while True:
            run = self._run(_THAI, 3 * words)[:80]
            ends = [0, *word_ends(run)]
            if len(ends) > words:
                start = self._random.randrange(len(ends) - words)
                found = run[ends[start] : ends[start + words]]
                if len(found) > 2:
                    return found

    def _english(self) -> str:
        self._last = self._run(_LATIN, 3)
        return self._last

    def _english_beside(self) -> str:
        """Return a word that is said together with the last one."""
        texts = [text for text in self._random.sample(self._texts, min(500, len(self._texts))) if self._last in text]
        words = [word for word in _LATIN.findall(" ".join(texts)) if len(word) > 2]
        return self._random.choice(words or [self._last])

    def _absent(self) -> str:
        """Return what looks like what is said and was said by nobody: words that do not go together, or strange
        letters."""
        if self._random.random() < 0.2:
            return self._random.choice(ABSENT)
        word = self._thai(1) if self._random.random() < 0.6 else self._english()
        return "".join(self._random.sample(word, len(word))) + self._random.choice(ABSENT)[:1] + word
