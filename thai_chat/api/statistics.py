"""`/api/statistics`: what a person's messages add up to, and the messages behind every figure."""

from __future__ import annotations

from datetime import UTC, date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from thai_chat.api.cursors import cursor_of, read_cursor
from thai_chat.api.dependencies import Address, Asking, PeopleIfAny, Service
from thai_chat.api.reading import require_reader
from thai_chat.api.refusing import refuses
from thai_chat.api.statistics_schemas import (
    CountedMessageBody,
    CountedMessagesBody,
    CountedSessionsBody,
    DayBody,
    FrequentBody,
    HourBody,
    ModelBody,
    QuestionBody,
    SessionUsageBody,
    StatisticsBody,
    TimesBody,
    UsageBody,
    WordBody,
)
from thai_chat.chat.search.snippets import snippet_of
from thai_chat.chat.service import ChatService
from thai_chat.chat.statistics import FIRST_DAY, LAST_DAY, last_days, zone_of
from thai_chat.chat.text import identifier
from thai_chat.domain.account_errors import ChatsArePrivate, NotAdministrator
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import InvalidCursor, InvalidIdentifier, UnreadableText
from thai_chat.domain.messages import Message, Role
from thai_chat.domain.people import Person
from thai_chat.domain.statistics import (
    Behind,
    CountedMessage,
    Figure,
    MessageCursor,
    ModelUsage,
    Period,
    SessionUsage,
    Times,
    UsageTotals,
)

router = APIRouter(prefix="/api/statistics", tags=["statistics"])


class PeriodQuery(BaseModel):
    """Whole days, cut at the reader's midnight: the last `days`, or `first` to `last`, or all there ever were."""

    timezone: str | None = Field(default=None, description="IANA name", examples=["Asia/Bangkok"])
    days: int | None = Field(default=None, ge=1, le=36_600, description="The last days, today among them")
    first: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY, description="The first day; none: since ever")
    last: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY, description="The last day; none: until now")


class TotalsQuery(PeriodQuery):
    everyone: bool = Field(
        default=False, description="Count what everybody said: for administrators, where ADMIN_READS_CHATS=yes"
    )


class BehindQuery(PeriodQuery):
    """All of it is met by the messages that are given."""

    backend: str | None = Field(default=None, description="Only replies of this backend")
    model: str | None = Field(default=None, description="Only replies of this model")
    hour: int | None = Field(default=None, ge=0, le=23, description="Only in this hour of the day")
    role: Role | None = Field(default=None, description="Only what this role says")
    session_id: str | None = Field(default=None, description="Only in this session")
    figure: Figure | None = Field(default=None, description="Messages that have this figure")
    rating: Literal["1", "-1"] | None = Field(default=None, description="Replies that were rated up (1) or down (-1)")
    question: str | None = Field(default=None, description="`key` of a group of frequent questions")
    word: str | None = Field(default=None, description="A frequent word")
    cursor: str | None = Field(default=None, description="`next` of the page before")
    limit: int = Field(default=50, ge=1, le=200, description="The most that come in one answer")


@router.get("", responses=refuses(ChatsArePrivate, NotAdministrator))
async def get_statistics(
    service: Service,
    person: Asking,
    people: PeopleIfAny,
    address: Address,
    chosen: Annotated[TotalsQuery, Query()],
) -> StatisticsBody:
    """Count messages, tokens and times. Sessions in the trash are not counted, archived ones are.

    Median and p95 are times that some reply took.
    """
    if chosen.everyone:
        action = Action.CHATS_READ_BY_ADMINISTRATOR
        require_reader(person, people, action, target="statistics", address=address)
    found = await service.statistics.read(None if chosen.everyone else person, _period(chosen))
    return StatisticsBody(
        timezone=found.period.timezone.key,
        first=found.period.first,
        last=found.period.last,
        total=UsageBody(**_usage(found.total)),
        by_day=[DayBody(day=day.day, **_usage(day.usage)) for day in found.by_day],
        by_model=[_model(usage) for usage in found.by_model],
        by_backend=[_model(usage) for usage in found.by_backend],
        by_hour=[HourBody(hour=hour.hour, messages=hour.messages) for hour in found.by_hour],
        longest=[_session(usage) for usage in found.longest],
    )


@router.get("/questions")
async def list_frequent_questions(
    service: Service, person: Asking, chosen: Annotated[PeriodQuery, Query()]
) -> FrequentBody:
    """List questions that were asked more than once, whatever their wording, and the words that come most often."""
    found = await service.statistics.frequent(person, _period(chosen))
    return FrequentBody(
        looked_at=found.looked_at,
        questions=[
            QuestionBody(key=group.key, text=group.text, count=len(group.message_ids)) for group in found.questions
        ],
        words=[WordBody(word=word.word, count=len(word.message_ids)) for word in found.words],
    )


@router.get("/messages", responses=refuses(InvalidCursor, InvalidIdentifier, UnreadableText))
async def list_counted_messages(
    service: Service, person: Asking, chosen: Annotated[BehindQuery, Query()]
) -> CountedMessagesBody:
    """List the messages that a figure was counted of, newest first, in pages."""
    behind = await _behind(service, person, chosen)
    before = MessageCursor(*read_cursor(chosen.cursor)) if chosen.cursor else None
    found = await service.statistics.messages(person, behind, limit=chosen.limit + 1, before=before)
    shown = found[: chosen.limit]
    last = shown[-1].message if len(found) > len(shown) else None
    return CountedMessagesBody(
        messages=[_message(counted) for counted in shown],
        next=cursor_of(last.created_at, last.message_id) if last else None,
    )


@router.get("/sessions", responses=refuses(InvalidCursor, InvalidIdentifier, UnreadableText))
async def list_counted_sessions(
    service: Service, person: Asking, chosen: Annotated[BehindQuery, Query()]
) -> CountedSessionsBody:
    """List the sessions of those messages, with how many of them each has, most first, in pages."""
    behind = await _behind(service, person, chosen)
    offset = _read_offset(chosen.cursor)
    found = await service.statistics.sessions(person, behind, limit=chosen.limit + 1, offset=offset)
    return CountedSessionsBody(
        sessions=[_session(usage) for usage in found[: chosen.limit]],
        next=str(offset + chosen.limit) if len(found) > chosen.limit else None,
    )


async def _behind(service: ChatService, person: Person, chosen: BehindQuery) -> Behind:
    behind = Behind(
        period=_period(chosen),
        backend=chosen.backend,
        model=chosen.model,
        hour=chosen.hour,
        role=chosen.role,
        session_id=identifier(chosen.session_id) if chosen.session_id else None,
        figure=chosen.figure,
        rating=int(chosen.rating) if chosen.rating else None,
    )
    if chosen.question or chosen.word:
        return await service.statistics.behind_question(
            person, behind, group=chosen.question or "", word=chosen.word or ""
        )
    return behind


def _period(chosen: PeriodQuery) -> Period:
    timezone = zone_of(chosen.timezone)
    if chosen.first or chosen.last:
        return Period(timezone=timezone, first=chosen.first, last=chosen.last)
    return last_days(timezone, chosen.days)


def _usage(usage: UsageTotals) -> dict[str, Any]:
    return {
        "sessions": usage.sessions,
        "messages": usage.messages,
        "replies": usage.replies,
        "rated_up": usage.rated_up,
        "rated_down": usage.rated_down,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cost_usd": f"{usage.cost_usd:f}",
        "first_token": _times(usage.first_token),
        "latency": _times(usage.latency),
    }


def _times(times: Times | None) -> TimesBody | None:
    return TimesBody(median_ms=times.median_ms, p95_ms=times.p95_ms) if times else None


def _model(usage: ModelUsage) -> ModelBody:
    return ModelBody(backend=usage.backend, model=usage.model, **_usage(usage.usage))


def _session(usage: SessionUsage) -> SessionUsageBody:
    return SessionUsageBody(
        session_id=usage.session_id,
        session_name=usage.session_name,
        messages=usage.messages,
        last_at=usage.last_at.astimezone(UTC),
    )


def _words(message: Message) -> str:
    if message.role is not Role.ASSISTANT:
        return message.content
    return snippet_of(message.content, (), length=len(message.content), is_markdown=True).text


def _message(counted: CountedMessage) -> CountedMessageBody:
    message, figures = counted.message, counted.message.figures
    return CountedMessageBody(
        session_id=message.session_id,
        session_name=counted.session_name,
        message_id=message.message_id,
        role=message.role,
        text=_words(message),
        status=message.status,
        backend=message.backend,
        model=message.model,
        created_at=message.created_at,
        prompt_tokens=figures.prompt_tokens,
        completion_tokens=figures.completion_tokens,
        reasoning_tokens=figures.reasoning_tokens,
        cost_usd=None if figures.cost_usd is None else f"{figures.cost_usd:f}",
        first_token_ms=figures.first_token_ms,
        latency_ms=figures.latency_ms,
    )


def _read_offset(cursor: str | None) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise InvalidCursor
    return int(cursor)
