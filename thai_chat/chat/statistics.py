"""The sums of a person's messages, the messages that are behind a figure, and the questions that were asked often."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from thai_chat.chat.questions import FrequentWord, QuestionGroup, Words, frequent_words, groups_of, words_of_all
from thai_chat.chat.text import require_storable
from thai_chat.domain.errors import BadInput
from thai_chat.domain.people import Person
from thai_chat.domain.ports.statistics import Counting
from thai_chat.domain.statistics import HOME, Behind, CountedMessage, MessageCursor, Period, SessionUsage, Statistics

MOST_QUESTIONS = 2000
MOST_WORDS = 15
_KNOWN_QUESTIONS = 20_000
MOST_DAYS = 36_600
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
"""Nothing is kept that was said before or later; midnights at the ends of the calendar could not be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequent:
    looked_at: int
    """Questions, the newest ones of the period."""
    questions: Sequence[QuestionGroup]
    words: Sequence[FrequentWord]


class UserStatistics:
    """Every method raises HistoryUnavailable while the database is away: a part is no statistic."""

    def __init__(self, counting: Counting) -> None:
        self._counting = counting
        self._known: OrderedDict[UUID, Words] = OrderedDict()
        self._reading = asyncio.Lock()

    async def read(self, person: Person | None, period: Period) -> Statistics:
        """Return what a person's messages add up to; None counts those of everybody."""
        return await self._counting.statistics(person.user_id if person else None, period)

    async def messages(
        self, person: Person, behind: Behind, *, limit: int, before: MessageCursor | None = None
    ) -> Sequence[CountedMessage]:
        """Return the messages behind a figure, newest first."""
        require_storable((behind.backend or "") + (behind.model or ""))
        return await self._counting.messages_behind(person.user_id, behind, limit=limit, before=before)

    async def sessions(self, person: Person, behind: Behind, *, limit: int, offset: int = 0) -> Sequence[SessionUsage]:
        require_storable((behind.backend or "") + (behind.model or ""))
        return await self._counting.sessions_behind(person.user_id, behind, limit=limit, offset=offset)

    async def frequent(self, person: Person, period: Period) -> Frequent:
        """Return the frequent questions and words of the newest MOST_QUESTIONS.

        The first time takes some tenths of a millisecond for each question, in a thread.
        """
        asked = await self._counting.questions(person.user_id, period, limit=MOST_QUESTIONS)
        async with self._reading:  # one at a time: each would take the others' time
            found = await asyncio.to_thread(words_of_all, asked, self._known)
            while len(self._known) > _KNOWN_QUESTIONS:
                self._known.popitem(last=False)
        return Frequent(
            looked_at=len(asked),
            questions=groups_of(asked, found),
            words=frequent_words(asked, found, limit=MOST_WORDS),
        )

    async def behind_question(self, person: Person, behind: Behind, *, group: str = "", word: str = "") -> Behind:
        """Return `behind`, narrowed to the questions of a group (by its key) or with a word."""
        frequent = await self.frequent(person, behind.period)
        ids: Sequence[UUID] = ()
        if group:
            ids = next((found.message_ids for found in frequent.questions if found.key == group), ())
        elif word:
            ids = next((found.message_ids for found in frequent.words if found.word == word), ())
        return replace(behind, message_ids=ids)


def zone_of(name: str | None) -> ZoneInfo:
    """Return the time zone of an IANA name; HOME without one. Raises BadInput when there is none of that name."""
    try:
        return ZoneInfo(name or HOME)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise BadInput("there is no such time zone", fields="timezone") from exc


def last_days(timezone: ZoneInfo, days: int | None, *, now: datetime | None = None) -> Period:
    """Return the `days` days that end with today; None is all there ever were. Raises BadInput."""
    today: date = (now or datetime.now(UTC)).astimezone(timezone).date()
    if days is None:
        return Period(timezone=timezone)
    if not 1 <= days <= MOST_DAYS:
        raise BadInput("there are no such days", fields="days")
    return Period(timezone=timezone, first=today - timedelta(days=days - 1), last=today)
