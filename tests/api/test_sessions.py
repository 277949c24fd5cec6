"""Following, resuming and stopping a live reply; the list of sessions."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import Chat
from tests.api.streams import Event, events_of, require_stream, text_of
from tests.standins.script import Script, thai_tokens
from thai_chat.chat.asking import Question
from thai_chat.domain.events import Completed
from thai_chat.domain.messages import Status
from thai_chat.domain.people import LOCAL

SLOW = Script(tokens=thai_tokens(2000), delay_ms=20)
ASYNC = {"Prefer": "respond-async"}


async def ask(chat: Chat, session_id: str, query: str = "สวัสดี") -> dict[str, Any]:
    answer = await chat.http.post(f"/api/sessions/{session_id}/messages", json={"query": query}, headers=ASYNC)
    assert answer.status_code == 202
    body: dict[str, Any] = answer.json()
    return body


async def test_a_turn_is_accepted_before_its_reply_is_whole(chat: Chat) -> None:
    chat.standin.script = SLOW
    session_id = str(uuid4())
    accepted = await ask(chat, session_id, "ถามก่อน")
    assert accepted["session_id"] == session_id
    assert accepted["question"]["content"] == "ถามก่อน"
    assert (accepted["backend"], accepted["model"]) == ("vllm", "thai-model")
    listed = (await chat.http.get("/api/sessions")).json()["sessions"]
    assert [(s["session_id"], s["running"]) for s in listed] == [(session_id, True)]
    await chat.http.post(f"/api/sessions/{session_id}/stop")


async def test_two_followers_see_the_same_reply(chat: Chat) -> None:
    session_id = str(uuid4())
    chat.standin.script = Script(tokens=thai_tokens(60), delay_ms=5)
    await ask(chat, session_id)
    for _ in range(2):
        async with chat.http.stream("GET", f"/api/sessions/{session_id}/events") as response:
            events = [event async for event in events_of(response)]
        assert text_of(events) == chat.standin.script.text
        assert events[-1].name == "completed"


async def test_a_follower_that_comes_back_goes_on_where_it_was(chat: Chat) -> None:
    session_id = str(uuid4())
    chat.standin.script = Script(tokens=thai_tokens(100), delay_ms=10)
    await ask(chat, session_id)
    seen: list[Event] = []
    async with chat.http.stream("GET", f"/api/sessions/{session_id}/events") as response:
        require_stream(response)
        async for event in events_of(response):
            seen.append(event)
            if event.name == "delta" and len(seen) > 3:
                break
    last = {"Last-Event-ID": seen[-1].event_id}
    async with chat.http.stream("GET", f"/api/sessions/{session_id}/events", headers=last) as response:
        rest = [event async for event in events_of(response)]
    assert "started" not in {event.name for event in rest}
    assert text_of(seen) + text_of(rest) == chat.standin.script.text


async def test_stop_ends_the_request_to_the_model_and_keeps_the_text(chat: Chat) -> None:
    chat.standin.script = SLOW
    session_id = str(uuid4())
    await ask(chat, session_id)
    events: list[Event] = []
    async with chat.http.stream("GET", f"/api/sessions/{session_id}/events") as response:
        async for event in events_of(response):
            events.append(event)
            if event.name == "delta" and len([e for e in events if e.name == "delta"]) == 2:
                assert (await chat.http.post(f"/api/sessions/{session_id}/stop")).status_code == 204
    await chat.standin.until(lambda: chat.standin.running == 0)
    assert events[-1].name == "completed"
    assert events[-1].body["status"] == "stopped"
    assert events[-1].body["response"] == text_of(events) != ""
    reply = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"][-1]
    assert (reply["status"], reply["content"]) == ("stopped", text_of(events))


async def test_a_follower_that_leaves_does_not_end_the_reply(chat: Chat) -> None:
    session_id = str(uuid4())
    chat.standin.script = Script(tokens=thai_tokens(60), delay_ms=5)
    await ask(chat, session_id)
    async with chat.http.stream("GET", f"/api/sessions/{session_id}/events") as response:
        async for event in events_of(response):
            if event.name == "delta":
                break
    async with chat.http.stream("GET", f"/api/sessions/{session_id}/events") as response:
        events = [event async for event in events_of(response)]
    assert events[-1].body["response"] == chat.standin.script.text


async def test_a_follower_that_has_seen_the_end_is_told_that_there_is_no_more(chat: Chat) -> None:
    session_id = str(uuid4())
    await ask(chat, session_id)
    url = f"/api/sessions/{session_id}/events"
    async with chat.http.stream("GET", url) as response:
        last = [event async for event in events_of(response)][-1]
    assert (await chat.http.get(url, headers={"Last-Event-ID": last.event_id})).status_code == 204
    for position in ("9" * 5000, "x", "-1", "๑"):
        refused = await chat.http.get(url, params={"after": position})
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_cursor")


async def test_a_reply_stopped_before_its_first_step_ends_as_stopped(chat: Chat) -> None:
    asked = await chat.service.ask(Question(person=LOCAL, text="สวัสดี"))
    assert await chat.service.stop(asked.turn.session.session_id, LOCAL)
    async with asyncio.timeout(20):
        result = await chat.service.reply_of(asked)
    assert isinstance(result, Completed)
    assert result.reply.status is Status.STOPPED
    assert chat.standin.seen == []
    assert chat.service.sessions.running() == set()


async def test_a_question_that_arrives_while_the_service_closes_is_kept_and_its_reply_is_interrupted(
    chat: Chat,
) -> None:
    await chat.service.close()
    asked = await chat.service.ask(Question(person=LOCAL, text="สวัสดี"))
    await chat.service.close()
    history = await chat.service.histories.read(asked.turn.session.session_id, LOCAL)
    assert [message.status for message in history.messages] == [Status.COMPLETE, Status.INTERRUPTED]


async def test_stopping_what_has_ended_is_fine(chat: Chat) -> None:
    session_id = (await chat.http.post("/chat", json={"query": "a"})).json()["session_id"]
    for _ in range(2):
        assert (await chat.http.post(f"/api/sessions/{session_id}/stop")).status_code == 204
    reply = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"][-1]
    assert reply["status"] == "complete"


async def test_the_events_of_another_reply_are_not_given(chat: Chat) -> None:
    session_id = str(uuid4())
    await ask(chat, session_id)
    answer = await chat.http.get(f"/api/sessions/{session_id}/events", params={"message_id": str(uuid4())})
    assert answer.status_code == 204


@pytest.mark.parametrize("path", ["/chat/history/{}", "/api/sessions/{}/events", "/api/sessions/{}/messages"])
async def test_an_unknown_session_is_not_found_and_a_malformed_id_is_refused(chat: Chat, path: str) -> None:
    unknown = await chat.http.get(path.format(uuid4()), headers={"Accept-Language": "th-TH"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "session_not_found")
    malformed = await chat.http.get(path.format("12"))
    assert (malformed.status_code, malformed.json()["error"]["code"]) == (400, "invalid_identifier")


async def test_sessions_come_in_pages_newest_first_without_gap_or_repetition(chat: Chat) -> None:
    for number in range(7):
        await chat.http.post("/chat", json={"query": f"คำถามที่ {number}"})
    names: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await chat.http.get("/api/sessions", params=params)).json()
        names += [session["session_name"] for session in page["sessions"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert names == [f"คำถามที่ {number}" for number in reversed(range(7))]


async def test_sessions_are_found_by_a_part_of_their_name(chat: Chat) -> None:
    for query in ("สรุปข่าวเศรษฐกิจ", "Plan a trip", "ข่าวกีฬา"):
        await chat.http.post("/chat", json={"query": query})
    found = (await chat.http.get("/api/sessions", params={"name_contains": "ข่าว"})).json()["sessions"]
    assert [session["session_name"] for session in found] == ["ข่าวกีฬา", "สรุปข่าวเศรษฐกิจ"]
    found = (await chat.http.get("/api/sessions", params={"name_contains": "TRIP"})).json()["sessions"]
    assert len(found) == 1


@pytest.mark.parametrize("cursor", ["x", "2026-01-01~1", "~", f"2026-01-01~{UUID(int=1)}"])
async def test_a_cursor_that_was_not_given_out_is_refused(chat: Chat, cursor: str) -> None:
    answer = await chat.http.get("/api/sessions", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("prefix", ["/api/sessions", "/api/conversations", "/conversations"])
async def test_sessions_answer_at_each_of_their_addresses(chat: Chat, prefix: str) -> None:
    first = (await chat.http.post("/chat", json={"query": "สวัสดี"})).json()
    place = f"{prefix}/{first['session_id']}"
    assert len((await chat.http.get(prefix)).json()["sessions"]) == 1
    assert (await chat.http.get(f"{prefix}/labels")).json() == {"folders": [], "tags": []}
    turn = (await chat.http.post(f"{place}/messages", json={"query": "ต่อ"})).json()
    assert turn["conversation_length"] == 4
    assert (await chat.http.post(f"{place}/messages/{turn['message_id']}/replies", json={})).status_code == 200
    assert len((await chat.http.get(f"{place}/messages")).json()["history"]) == 4
    assert (await chat.http.get(f"{place}/events")).status_code in (200, 204)
    assert (await chat.http.post(f"{place}/stop")).status_code == 204
    assert (await chat.http.patch(place, json={"session_name": "ชื่อ"})).json()["session_name"] == "ชื่อ"
    # Memory holds a part; a part is not exported.
    assert (await chat.http.get(f"{place}/export", params={"format": "md"})).status_code == 503
    assert (await chat.http.delete(place)).status_code == 204
    assert (await chat.http.delete(prefix, params={"shelf": "trash"})).status_code == 204
    assert (await chat.http.get(place)).status_code == 404


async def test_the_documentation_has_each_route_of_sessions_once(chat: Chat) -> None:
    schema = (await chat.http.get("/openapi.json")).json()
    assert not [path for path in schema["paths"] if "conversations" in path]
    assert "/api/sessions/{session_id}/export" in schema["paths"]
    names = [operation["operationId"] for path in schema["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))
