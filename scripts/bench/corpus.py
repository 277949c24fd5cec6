"""Chats as people might have had them: Thai and English words in their natural distribution, the same for every run."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from uuid import UUID

ROOT = Path(__file__).parent.parent.parent
SOCIAL = ROOT.parent / "shared" / "data" / "thai_social_messages.txt"
"""Real messages, one a line; used when it stands beside the project."""
USERS = 10_000
LONG_SESSIONS = (20, 1_000, 10_000)
_STEEPNESS = 0.857
_SESSION_TURNS = 8
_SPAN = timedelta(days=730)
_ENDS_AT = datetime(2026, 11, 1, tzinfo=UTC)
_MODELS = (
    ("vllm", "typhoon-8b", 50),
    ("ollama", "llama3.2:3b", 25),
    ("openai", "gpt-5-mini", 20),
    ("llamacpp", "smollm2", 5),
)
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*[,.?]?")


@dataclass(frozen=True, slots=True)
class Size:
    """How many messages there are, and how many of them are of the user who has most."""

    messages: int
    largest: int
    seasons: int
    """More messages, of the one person whose words come and go."""

    def __str__(self) -> str:
        return f"{self.messages}-{self.largest}-{self.seasons}"


@dataclass(frozen=True, slots=True)
class SessionPlan:
    session_id: UUID
    user_id: str
    name: str
    backend: str
    model: str
    starts_at: datetime
    messages: int


@dataclass(frozen=True, slots=True)
class Line:
    """A message as a row of chat_messages."""

    message_id: UUID
    plan: SessionPlan
    parent_id: UUID | None
    order: int
    content: str
    at: datetime

    @property
    def is_question(self) -> bool:
        return self.order % 2 == 1


class Language:
    """Draws phrases, common ones often and rare ones seldom."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        words = _thai_frequencies()
        self._words = list(words)
        self._weights = list(accumulate(words.values()))
        self.social = SOCIAL.read_text("utf-8").splitlines() if SOCIAL.exists() else []
        self._english = _successors(_english_text())

    def thai(self) -> str:
        """Return a real message where there are some, else words of the Thai National Corpus by their frequency."""
        if self.social and self.random.random() < 0.6:
            return self.random.choice(self.social)
        return "".join(self.words(self.random.randint(3, 14)))

    def english(self) -> str:
        """Return a walk from word to word as they follow each other in real text."""
        word, parts = ".", list[str]()
        for _ in range(self.random.randint(5, 18)):
            word = self.random.choice(self._english.get(word) or self._english["."])
            parts.append(word)
        return " ".join(parts)

    def words(self, count: int) -> Sequence[str]:
        return self.random.choices(self._words, cum_weights=self._weights, k=count)

    def text(self, length: int) -> str:
        """Return about `length` characters: half of the messages Thai, a fifth English, the rest both."""
        kind, parts, chars = self.random.random(), list[str](), 0
        while chars < length:
            is_english = kind < 0.2 or (kind < 0.5 and self.random.random() < 0.35)
            part = self.english() if is_english else self.thai()
            parts.append(part)
            chars += len(part)
        text = " ".join(parts)
        return text[: max(length, 1)] if len(text) > 2 * length else text


class Corpus:
    """Messages of USERS people, in the order in which they were said."""

    def __init__(self, size: Size, *, seed: int = 2026) -> None:
        self.size = size
        self._language = Language(seed)
        self._random = random.Random(seed)
        self.sessions = self._plans()

    def lines(self) -> Iterator[Line]:
        """Yield the lines, oldest first over all sessions."""
        moments = [
            (plan.starts_at.timestamp() + 45 * number, number, index)
            for index, plan in enumerate(self.sessions)
            for number in range(plan.messages)
        ]
        moments.sort()
        last: dict[int, UUID] = {}
        for moment, number, index in moments:
            at = datetime.fromtimestamp(moment, UTC)
            message_id = uuid_at(at, self._random)
            yield Line(message_id, self.sessions[index], last.get(index), number + 1, self._content(number), at)
            last[index] = message_id

    def _content(self, number: int) -> str:
        """Return short questions and longer replies; some of both are very long."""
        median, spread = (45, 0.9) if number % 2 == 0 else (330, 0.8)
        length = min(median * math.exp(self._random.gauss(0, spread)), 20_000)
        return self._language.text(int(length))

    def _plans(self) -> list[SessionPlan]:
        weights = [rank**-_STEEPNESS for rank in range(1, USERS + 1)]
        rest = (self.size.messages - self.size.largest) / sum(weights[1:])
        plans = []
        for rank, weight in enumerate(weights):
            quota = self.size.largest if rank == 0 else max(2, round(rest * weight))
            long = [size for size in LONG_SESSIONS if size <= quota / 3] if rank == 0 else []
            while quota > 0:
                size = (
                    long.pop()
                    if long
                    else 2 * min(quota // 2 or 1, 1 + int(self._random.expovariate(1 / _SESSION_TURNS)))
                )
                quota -= size
                plans.append(self._plan(f"user-{rank:05}", size))
        return plans

    def _plan(self, user_id: str, messages: int) -> SessionPlan:
        starts_at = _ENDS_AT - _SPAN * self._random.random() - timedelta(seconds=45 * messages)
        backend, model, _ = self._random.choices(_MODELS, [share for *_, share in _MODELS])[0]
        name = self._language.text(30)[:60]
        return SessionPlan(uuid_at(starts_at, self._random), user_id, name, backend, model, starts_at, messages)


def uuid_at(at: datetime, source: random.Random) -> UUID:
    """Return a UUIDv7 of that moment."""
    number = (
        int(at.timestamp() * 1000) << 80 | 7 << 76 | source.getrandbits(12) << 64 | 2 << 62 | source.getrandbits(62)
    )
    return UUID(int=number)


def _thai_frequencies() -> dict[str, int]:
    import pythainlp.corpus

    lines = (Path(pythainlp.corpus.__file__).parent / "tnc_freq.txt").read_text("utf-8").splitlines()
    return {word: int(count) for word, count in (line.split("\t") for line in lines)}


def _successors(text: str) -> dict[str, list[str]]:
    following: dict[str, list[str]] = {}
    before = "."
    for word in _WORD.findall(text):
        following.setdefault("." if before.endswith(".") else before, []).append(word)
        before = word
    return following


def _english_text() -> str:
    """Return the language reference that Python ships, and what the installed packages say of themselves."""
    from importlib.metadata import distributions
    from pydoc_data.topics import topics

    return "\n".join([*topics.values(), *sorted(d.metadata.get_payload() or "" for d in distributions())])
