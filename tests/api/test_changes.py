"""`/api/changes`: what it tells, to whom, and that it ends with the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx

from tests.api.conftest import Chat
from tests.api.streams import Event, events_of, require_stream
from thai_chat.chat.changes import Change, ChangeKind

ADDRESS = "/api/changes"


@asynccontextmanager
async def following(http: httpx.AsyncClient) -> AsyncIterator[tuple[Event, AsyncIterator[Event]]]:
    """Yield the first event of a stream, and those behind it without the beats."""
    async with http.stream("GET", ADDRESS) as response:
        require_stream(response)
        events = events_of(response)
        hello = await anext(events)
        yield hello, (event async for event in events if event.name != "beat")


async def test_a_turn_is_told_by_ids_when_its_reply_begins_and_when_it_ends(chat: Chat) -> None:
    async with following(chat.http) as (hello, events):
        assert (hello.name, hello.body) == ("hello", {"page": "", "changed_ms_ago": None})
        answer = (await chat.http.post("/chat", json={"query": "ใครฟังอยู่บ้าง"})).json()
        ids = {"session_id": answer["session_id"], "reply_id": answer["message_id"]}
        told = [await anext(events) for _ in range(2)]
    assert [(event.name, event.body) for event in told] == [("began", ids), ("ended", ids)]


async def test_names_places_and_deletion_are_told(chat: Chat) -> None:
    session_id = (await chat.http.post("/chat", json={"query": "จะเปลี่ยนชื่อ"})).json()["session_id"]
    address = f"/api/sessions/{session_id}"
    async with following(chat.http) as (hello, events):
        assert hello.body["changed_ms_ago"] >= 0
        for change in ({"session_name": "ชื่อใหม่"}, {"pinned": True}, {"archived": True}):
            assert (await chat.http.patch(address, json=change)).status_code == 200
            event = await anext(events)
            assert (event.name, event.body) == ("changed", {"session_id": session_id})
        await chat.http.delete(address)
        assert (await anext(events)).name == "changed"
        await chat.http.delete("/api/sessions", params={"shelf": "trash"})
        assert (await anext(events)).name == "deleted"
        await chat.http.delete(address, params={"permanent": True})


async def test_a_refused_change_is_told_to_nobody(chat: Chat) -> None:
    async with following(chat.http) as (_, events):
        assert (await chat.http.patch(f"/api/sessions/{uuid4()}", json={"pinned": True})).status_code == 404
        chat.service.changes.tell("local", Change(ChangeKind.ANEW))
        assert (await anext(events)).name == "anew"


async def test_a_quiet_stream_beats(chat: Chat) -> None:
    async with chat.http.stream("GET", ADDRESS) as response:
        events = events_of(response)
        assert [(await anext(events)).name for _ in range(3)] == ["hello", "beat", "beat"]


async def test_a_change_of_somebody_else_is_not_told(chat: Chat) -> None:
    async with following(chat.http) as (_, events):
        chat.service.changes.tell("somebody else", Change(ChangeKind.CHANGED, uuid4()))
        own = Change(ChangeKind.CHANGED, uuid4())
        chat.service.changes.tell("local", own)
        assert (await anext(events)).body == {"session_id": str(own.session_id)}


async def test_the_streams_end_with_the_server_and_none_begins_then(chat: Chat) -> None:
    async with following(chat.http) as (_, events):
        rest = asyncio.create_task(_all(events))
        await chat.service.close()
        assert await rest == []
    assert (await chat.http.get(ADDRESS)).status_code == 204


async def test_who_has_gone_is_followed_by_nothing(chat: Chat) -> None:
    async with following(chat.http):
        assert len(chat.service.changes._followers) == 1
    while chat.service.changes._followers:  # noqa: ASYNC110 - the server notices by itself
        await asyncio.sleep(0.01)


async def _all(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]
