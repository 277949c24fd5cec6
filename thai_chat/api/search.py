"""`GET /api/search`: what was ever said, by any part of it, with its place."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, Query

from thai_chat.api.dependencies import Address, Asking, PeopleIfAny, Service
from thai_chat.api.reading import require_reader
from thai_chat.api.refusing import refuses
from thai_chat.api.search_schemas import FoundBody, results_body
from thai_chat.chat.search.searches import Order, SearchRequest
from thai_chat.chat.text import identifier
from thai_chat.domain.account_errors import ChatsArePrivate, NotAdministrator
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import BadInput, InvalidCursor, InvalidIdentifier, UnreadableText
from thai_chat.domain.messages import Role
from thai_chat.domain.searching import MAX_QUERY_CHARS, SearchFilters

router = APIRouter(prefix="/api/search", tags=["search"])

# Thais write years so; nothing was said in those of the Common Era.
_BUDDHIST_YEAR = re.compile(r"^2[45]\d\d(?=-)")


class Only(StrEnum):
    SESSIONS = "sessions"


@router.get("", responses=refuses(InvalidCursor, InvalidIdentifier, UnreadableText, ChatsArePrivate, NotAdministrator))
async def search(
    service: Service,
    person: Asking,
    people: PeopleIfAny,
    address: Address,
    q: Annotated[
        str, Query(max_length=MAX_QUERY_CHARS, description='All words must be there; "in quotes" they are a phrase')
    ],
    limit: Annotated[int, Query(ge=1, le=100, description="The most messages that come in one answer")] = 20,
    cursor: Annotated[str | None, Query(max_length=400, description="`next` of the page before")] = None,
    order: Annotated[Order, Query(description="Newest first, or best match first")] = Order.NEWEST,
    only: Annotated[Only | None, Query(description="Sessions by their names alone, in pages")] = None,
    role: Annotated[Role | None, Query(description="Only what this role says")] = None,
    backend: Annotated[str | None, Query(max_length=100, description="Only replies of this backend")] = None,
    model: Annotated[str | None, Query(max_length=100, description="Only replies of this model")] = None,
    session_id: Annotated[str | None, Query(description="Only in this session")] = None,
    since: Annotated[
        str | None, Query(alias="from", description="ISO 8601, or with a Buddhist year; a date means its beginning")
    ] = None,
    until: Annotated[str | None, Query(description="As `from`, not included; a date means its end")] = None,
    timezone: Annotated[str, Query(description="IANA name, for times and dates without one")] = "UTC",
    pinned: Annotated[bool | None, Query(description="Only in sessions that are pinned, or that are not")] = None,
    rating: Annotated[
        Literal["1", "-1"] | None, Query(description="Replies that were rated up (1) or down (-1)")
    ] = None,
    everyone: Annotated[
        bool, Query(description="What everybody said: for administrators, where ADMIN_READS_CHATS=yes")
    ] = False,
) -> FoundBody:
    """Search messages that no longer grow, outside the trash; literal hits first, then other forms of English words."""
    if everyone:
        require_reader(person, people, Action.SEARCH_BY_ADMINISTRATOR, target="search", address=address)
    zone = _zone(timezone)
    filters = SearchFilters(
        role=role,
        backend=backend or None,
        model=model or None,
        session_id=identifier(session_id) if session_id else None,
        since=_moment(since, zone, field="from", is_end=False),
        until=_moment(until, zone, field="until", is_end=True),
        pinned=pinned,
        rating=int(rating) if rating else None,
    )
    wanted = SearchRequest(
        person=None if everyone else person, text=q, limit=limit, filters=filters, order=order, cursor=cursor or None
    )
    if only is Only.SESSIONS:
        return results_body(await service.searches.sessions(wanted))
    return results_body(await service.searches.messages(wanted))


def _moment(text: str | None, zone: ZoneInfo, *, field: str, is_end: bool) -> datetime | None:
    if not text:
        return None
    text = _BUDDHIST_YEAR.sub(lambda year: str(int(year[0]) - 543), text)
    try:
        if len(text) <= len("2026-11-21"):
            day = date.fromisoformat(text) + timedelta(days=is_end)
            return datetime.combine(day, time(), zone).astimezone(UTC)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise BadInput(fields=f"{field} (ISO 8601: 2026-11-21)") from exc


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise BadInput(fields="timezone") from exc
