"""One person's messages in seasons: silent years, bursts, and words that came and went."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scripts.bench.corpus import Language, Line, SessionPlan, uuid_at

USER = "user-seasons"
_SESSION = 40
_NEWEST = 6_000


@dataclass(frozen=True, slots=True)
class Season:
    starts_at: datetime
    span: timedelta
    share: float
    """How many of the messages are said in it."""
    words: Mapping[str, float]
    """How many of its messages have each."""
    every: int = 1
    """The words stand in each so many sessions only."""


SEASONS = (
    Season(datetime(2019, 1, 5, tzinfo=UTC), timedelta(days=300), 0.25, {"สัมมนา": 0.6, "quarterly": 0.3}),
    Season(datetime(2020, 1, 10, tzinfo=UTC), timedelta(days=2), 0.15, {"ใบแจ้งหนี้": 0.9, "invoice": 0.5}),
    Season(datetime(2020, 1, 12, tzinfo=UTC), timedelta(days=2), 0.15, {"invoice": 0.5}),
    Season(datetime(2020, 2, 1, tzinfo=UTC), timedelta(days=500), 0.45, {"ประชุมเช้า": 0.7, "deploy": 0.6}),
    Season(datetime(2021, 7, 1, tzinfo=UTC), timedelta(days=60), 0.0, {"เวรดึก": 0.5}, every=60),
    # Two silent years.
    Season(datetime(2023, 9, 1, tzinfo=UTC), timedelta(days=200), 0.0, {}),
)
QUERIES: Mapping[str, Sequence[str]] = {
    "a word before silent years": ("ประชุมเช้า", "deploy", "ประชุมเช้า deploy", "deployed"),
    "a word that went long ago": ("สัมมนา", "quarterly", "สัมมนา quarterly"),
    "a word of the older half of a burst": ("ใบแจ้งหนี้", "ใบแจ้งหนี้ invoice"),
    "a word of a burst": ("invoice", "invoices"),
    "a word of a few sessions": ("เวรดึก",),
    "words that never met": ("สัมมนา deploy", "quarterly ประชุมเช้า"),
    "letters that are everywhere, the word nowhere": ("ประชุมเช้าสัมมนา", "deployment"),
}
"""Kinds of what is sought, and examples of each."""


class Seasons:
    def __init__(self, messages: int, *, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self._language = Language(seed)
        self._season_of: list[tuple[Season, bool]] = []
        self.sessions = list(self._plans(messages)) if messages else []

    def lines(self) -> Iterator[Line]:
        """Yield the lines, oldest first."""
        for plan, (season, has_words) in zip(self.sessions, self._season_of, strict=True):
            last = None
            step = season.span / 1_000_000
            for number in range(plan.messages):
                at = plan.starts_at + number * step
                message_id = uuid_at(at, self._random)
                yield Line(message_id, plan, last, number + 1, self._content(season if has_words else None), at)
                last = message_id

    def _content(self, season: Season | None) -> str:
        words = season.words.items() if season else ()
        said = [word for word, share in words if self._random.random() < share]
        return " ".join([self._language.text(60), *said, self._language.text(40)])

    def _plans(self, messages: int) -> Iterator[SessionPlan]:
        for season in SEASONS:
            count = max(2, round((messages * season.share or _NEWEST) / _SESSION))
            for number in range(count):
                at = season.starts_at + number * season.span / count
                self._season_of.append((season, number % season.every == 0))
                yield SessionPlan(uuid_at(at, self._random), USER, "-", "vllm", "typhoon-8b", at, _SESSION)
