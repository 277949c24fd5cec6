"""The consultation assistant's API (design 1): its own examples, word for word, against a page that runs."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import Chat
from tests.standins.script import Script, thai_tokens

NEW_CHAT_REQUEST = {"query": "Your message here", "session_id": "optional-session-id"}
NEW_CHAT_RESPONSE = {
    "response": "AI response",
    "query": "User query",
    "audio_files": [],
    "audio_provided": False,
    "conversation_length": 5,
    "session_id": "uuid-here",
}
FILES = [{"file": "greeting.wav", "seconds": 1.5, "ชื่อ": "ทักทาย"}, "second.mp3"]
CALLS = [{"name": "get_weather", "arguments": {"place": "เชียงใหม่", "days": [1, 2]}, "result": None}]


async def test_starting_a_session_continuing_it_and_getting_its_history(chat: Chat) -> None:
    response = await chat.http.post("/chat", json={"query": "Hello, I need consultation advice"})
    session_id = response.json()["session_id"]
    response = await chat.http.post("/chat", json={"query": "Can you elaborate on that?", "session_id": session_id})
    assert response.status_code == 200
    response = await chat.http.get(f"/chat/history/{session_id}")
    history = response.json()["history"]
    assert [(message["role"], message["content"]) for message in history] == [
        ("user", "Hello, I need consultation advice"),
        ("assistant", chat.standin.script.text),
        ("user", "Can you elaborate on that?"),
        ("assistant", chat.standin.script.text),
    ]


async def test_the_request_and_the_response_have_the_promised_fields(chat: Chat) -> None:
    asked = {**NEW_CHAT_REQUEST, "session_id": str(uuid4())}
    body = (await chat.http.post("/chat", json=asked)).json()
    assert body.keys() >= NEW_CHAT_RESPONSE.keys()
    assert (body["query"], body["session_id"]) == ("Your message here", asked["session_id"])
    assert (body["audio_files"], body["audio_provided"], body["conversation_length"]) == ([], False, 2)
    assert UUID(body["session_id"])


async def test_the_history_gives_everything_with_its_total_and_its_times(chat: Chat) -> None:
    session_id = (await chat.http.post("/chat", json={"query": "หนึ่ง"})).json()["session_id"]
    body = (await chat.http.get(f"/chat/history/{session_id}")).json()
    assert (body["session_id"], body["total"], body["has_earlier"]) == (session_id, 2, False)
    assert all(message["timestamp"] == message["created_at"] for message in body["history"])


async def test_the_history_gives_the_last_ones_and_those_before_a_message(chat: Chat) -> None:
    session_id = str(uuid4())
    for query in ("หนึ่ง", "สอง", "สาม"):
        await chat.http.post("/chat", json={"query": query, "session_id": session_id})
    address = f"/chat/history/{session_id}"
    last = (await chat.http.get(address, params={"limit": 2})).json()
    assert ([one["message_order"] for one in last["history"]], last["total"], last["has_earlier"]) == ([5, 6], 6, True)
    before = {"limit": 3, "before": last["history"][0]["message_id"]}
    middle = (await chat.http.get(address, params=before)).json()
    assert ([one["message_order"] for one in middle["history"]], middle["total"]) == ([2, 3, 4], 6)
    first = (await chat.http.get(address, params={"before_order": 2})).json()
    assert ([one["message_order"] for one in first["history"]], first["has_earlier"]) == ([1], False)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"limit": 0}, 400, "bad_input"),
        ({"limit": 1001}, 400, "bad_input"),
        ({"before": "first"}, 400, "invalid_identifier"),
        ({"before": str(uuid4())}, 404, "message_not_found"),
        ({"before": str(uuid4()), "before_order": 3}, 400, "too_many_places"),
        ({"last": 3}, 400, "bad_input"),
    ],
    ids=["none", "too many", "no id", "not there", "two places", "unknown"],
)
async def test_a_history_from_nowhere_is_refused(chat: Chat, query: dict[str, str], status: int, code: str) -> None:
    session_id = (await chat.http.post("/chat", json={"query": "หนึ่ง"})).json()["session_id"]
    answer = await chat.http.get(f"/chat/history/{session_id}", params=query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_session_is_loaded_with_its_status_and_its_history(chat: Chat) -> None:
    session_id = (await chat.http.post("/chat", json={"query": "หนึ่ง"})).json()["session_id"]
    loaded = (await chat.http.post(f"/chat/load-session?session_id={session_id}")).json()
    status = (await chat.http.get(f"/chat/status?session_id={session_id}")).json()
    history = (await chat.http.get(f"/chat/history/{session_id}")).json()
    assert loaded == {**status, **history}


async def test_the_status_has_duration_counts_and_times(chat: Chat) -> None:
    session_id = (await chat.http.post("/chat", json={"query": "หนึ่ง"})).json()["session_id"]
    await chat.http.post("/chat", json={"query": "สอง", "session_id": session_id})
    history = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"]
    status = (await chat.http.get(f"/chat/status?session_id={session_id}")).json()
    assert status["messages_by_role"] == {"user": 2, "assistant": 2, "system": 0}
    assert (status["conversation_length"], status["message_count"]) == (4, 4)
    assert (status["is_active"], status["running"]) == (True, False)
    assert status["first_message_at"] == history[0]["timestamp"]
    assert status["last_message_at"] == history[-1]["timestamp"]
    assert status["last_ended_at"] > status["last_message_at"]
    lasted = timedelta(seconds=status["duration_seconds"])
    first, last = datetime.fromisoformat(history[0]["timestamp"]), datetime.fromisoformat(history[-1]["timestamp"])
    assert last + timedelta(milliseconds=history[-1]["latency_ms"]) - first == lasted > timedelta()
    assert datetime.fromisoformat(status["last_ended_at"]) == first + lasted
    await chat.http.delete(f"/api/sessions/{session_id}")
    assert (await chat.http.get(f"/chat/status?session_id={session_id}")).json()["is_active"] is False


async def test_the_duration_of_a_session_goes_on_while_a_reply_grows(chat: Chat) -> None:
    chat.standin.script = Script(tokens=thai_tokens(2000), delay_ms=20)
    session_id = str(uuid4())
    begun = await chat.http.post(
        f"/api/sessions/{session_id}/messages", json={"query": "นาน"}, headers={"Prefer": "respond-async"}
    )
    assert begun.status_code == 202
    first = (await chat.http.get(f"/chat/status?session_id={session_id}")).json()
    later = (await chat.http.get(f"/chat/status?session_id={session_id}")).json()
    assert (first["running"], later["running"]) == (True, True)
    assert 0 < first["duration_seconds"] < later["duration_seconds"]
    assert first["last_ended_at"] > first["last_message_at"]
    assert (await chat.http.post(f"/api/sessions/{session_id}/stop")).is_success
    history = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"]
    ended = (await chat.http.get(f"/chat/status?session_id={session_id}")).json()
    assert (ended["running"], history[-1]["status"]) == (False, "stopped")
    assert round(ended["duration_seconds"] * 1000) == history[-1]["latency_ms"]


@pytest.mark.parametrize(
    ("method", "route"),
    [("POST", "/chat/load-session"), ("GET", "/chat/status"), ("POST", "/chat/reset")],
    ids=["load", "status", "reset"],
)
async def test_a_session_that_is_not_there_is_told_in_plain_words(chat: Chat, method: str, route: str) -> None:
    for query, status, code in (
        (f"session_id={uuid4()}", 404, "session_not_found"),
        ("session_id=xxx", 400, "invalid_identifier"),
        ("", 400, "bad_input"),
    ):
        answer = await chat.http.request(method, f"{route}?{query}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_reset_session_begins_anew_and_its_old_branch_comes_back(chat: Chat) -> None:
    session_id = (await chat.http.post("/chat", json={"query": "หนึ่ง"})).json()["session_id"]
    old = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"]
    status = (await chat.http.post(f"/chat/reset?session_id={session_id}")).json()
    assert (status["conversation_length"], status["message_count"], status["first_message_at"]) == (0, 2, None)
    assert (await chat.http.post(f"/chat/reset?session_id={session_id}")).json() == status
    empty = (await chat.http.get(f"/chat/history/{session_id}")).json()
    assert (empty["history"], empty["total"], empty["has_earlier"]) == ([], 0, False)
    window = (await chat.http.get(f"/api/sessions/{session_id}/messages")).json()
    assert (window["history"], window["has_earlier"], window["has_later"]) == ([], False, False)
    assert (await chat.http.get(f"/api/sessions/{session_id}/events")).status_code == 204
    body = (await chat.http.post("/chat", json={"query": "ใหม่", "session_id": session_id})).json()
    assert body["conversation_length"] == 2
    assert [message["content"] for message in chat.standin.seen[-1].body["messages"]] == ["ใหม่"]
    window = (await chat.http.get(f"/api/sessions/{session_id}/messages")).json()
    new = window["history"][0]
    assert window["siblings"][new["message_id"]] == [old[0]["message_id"], new["message_id"]]
    shown = {"shown_message_id": old[0]["message_id"]}
    assert (await chat.http.patch(f"/api/sessions/{session_id}", json=shown)).status_code == 200
    assert (await chat.http.get(f"/chat/history/{session_id}")).json()["history"] == old


async def test_a_session_is_not_reset_while_a_reply_grows(chat: Chat) -> None:
    chat.standin.script = Script(tokens=thai_tokens(500), delay_ms=20)
    session_id = str(uuid4())
    place = f"/api/sessions/{session_id}"
    accepted = await chat.http.post(f"{place}/messages", json={"query": "a"}, headers={"Prefer": "respond-async"})
    assert accepted.status_code == 202
    answer = await chat.http.post(f"/chat/reset?session_id={session_id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "reply_running")
    await chat.http.post(f"{place}/stop")
    await chat.http.get(f"{place}/events")  # until the reply has ended
    assert (await chat.http.post(f"/chat/reset?session_id={session_id}")).status_code == 200


async def test_a_question_of_somebody_who_has_not_seen_the_reset_is_refused(chat: Chat) -> None:
    first = (await chat.http.post("/chat", json={"query": "หนึ่ง"})).json()
    session_id = first["session_id"]
    await chat.http.post(f"/chat/reset?session_id={session_id}")
    body = {"query": "แล้วไงต่อ", "session_id": session_id, "last_seen_message_id": first["message_id"]}
    answer = await chat.http.post("/chat", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "newer_messages")


async def test_a_reset_and_a_question_at_the_same_time_leave_a_whole_session(chat: Chat) -> None:
    session_id = (await chat.http.post("/chat", json={"query": "หนึ่ง"})).json()["session_id"]
    ask = {"query": "สอง", "session_id": session_id}
    asked, reset = await asyncio.gather(
        chat.http.post("/chat", json=ask), chat.http.post(f"/chat/reset?session_id={session_id}")
    )
    assert asked.status_code == 200
    assert reset.status_code in (200, 409)
    history = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"]
    shown = [message["message_order"] for message in history]
    assert shown == ([3, 4] if history[0]["parent_id"] is None and shown[0] == 3 else [1, 2, 3, 4])
    assert len(history) == len(shown)


async def test_audio_files_and_function_calls_are_kept_and_given_back(chat: Chat) -> None:
    sent = {"query": "ฟังนี่", "audio_files": FILES, "function_calls": CALLS}
    body = (await chat.http.post("/chat", json=sent)).json()
    assert (body["audio_files"], body["audio_provided"]) == (FILES, True)
    question, reply = (await chat.http.get(f"/chat/history/{body['session_id']}")).json()["history"]
    assert (question["audio_files"], question["function_calls"]) == (FILES, CALLS)
    assert (reply["audio_files"], reply["function_calls"]) == ([], [])
    turn = await chat.http.post(f"/api/sessions/{body['session_id']}/messages", json={**sent, "query": "อีกครั้ง"})
    assert turn.json()["audio_files"] == FILES
    window = (await chat.http.get(f"/api/sessions/{body['session_id']}/messages")).json()
    assert window["history"][2]["function_calls"] == CALLS


@pytest.mark.parametrize("name", ["audio_files", "function_calls"])
@pytest.mark.parametrize(
    ("value", "status", "code"),
    [
        ("a.wav", 400, "bad_input"),
        ([{}] * 101, 413, "sent_too_much"),
        (["x" * 200_001], 413, "sent_too_much"),
        ([{"a": "b\x00c"}], 400, "sent_unreadable"),
        ([{"a\x00": 1}], 400, "sent_unreadable"),
        ([2**70], 400, "sent_unreadable"),
    ],
    ids=["no list", "too many", "too long", "nul", "nul in a name", "a great number"],
)
async def test_what_comes_with_a_question_is_bounded(
    chat: Chat, name: str, value: object, status: int, code: str
) -> None:
    answer = await chat.http.post("/chat", json={"query": "x", name: value}, headers={"Accept-Language": "th"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert name in error["message"]
    assert chat.standin.seen == []


async def test_a_temporary_session_is_reset_too(chat: Chat) -> None:
    session_id = str(uuid4())
    asked = {"query": "หนึ่ง", "session_id": session_id, "temporary": True}
    await chat.http.post("/chat", json=asked)
    assert (await chat.http.post(f"/chat/reset?session_id={session_id}")).json()["conversation_length"] == 0
    assert (await chat.http.post("/chat", json={**asked, "query": "สอง"})).json()["conversation_length"] == 2
    assert [message["content"] for message in chat.standin.seen[-1].body["messages"]] == ["สอง"]
