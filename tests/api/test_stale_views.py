"""A client that says what it has seen is told of what is newer before it asks on; what was asked before is answered."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.api.conftest import Chat
from tests.standins.script import Script, thai_tokens


async def ask(chat: Chat, session_id: str, query: str, **more: object) -> httpx.Response:
    return await chat.http.post(f"/api/sessions/{session_id}/messages", json={"query": query, **more})


async def again(chat: Chat, session_id: str, message_id: str, **more: object) -> httpx.Response:
    return await chat.http.post(f"/api/sessions/{session_id}/messages/{message_id}/replies", json=more)


async def history(chat: Chat, session_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await chat.http.get(f"/api/sessions/{session_id}/messages")).json()["history"]
    return found


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def two_turns(chat: Chat) -> tuple[str, list[str]]:
    """Return a session of two turns and the ids of its messages."""
    session_id = str(uuid4())
    for query in ("คำถามแรก", "คำถามที่สอง"):
        assert (await ask(chat, session_id, query)).status_code == 200
    return session_id, [message["message_id"] for message in await history(chat, session_id)]


async def test_a_question_from_a_stale_view_is_refused_and_stored_nowhere(chat: Chat) -> None:
    session_id, ids = await two_turns(chat)
    refused = await ask(chat, session_id, "จากแท็บเก่า", last_seen_message_id=ids[1])
    assert refusal(refused) == (409, "newer_messages")
    assert [message["message_id"] for message in await history(chat, session_id)] == ids
    assert len(chat.standin.seen) == 2
    assert (await ask(chat, session_id, "จากแท็บเก่า", last_seen_message_id=ids[-1])).status_code == 200


async def test_an_edit_and_another_reply_from_a_stale_view_are_refused(chat: Chat) -> None:
    session_id, ids = await two_turns(chat)
    edited = await ask(chat, session_id, "แก้คำถามแรก", edits=ids[0], last_seen_message_id=ids[1])
    assert refusal(edited) == (409, "newer_messages")
    assert refusal(await again(chat, session_id, ids[1], last_seen_message_id=ids[1])) == (409, "newer_messages")
    assert [message["message_id"] for message in await history(chat, session_id)] == ids
    assert (await again(chat, session_id, ids[1], last_seen_message_id=ids[-1])).status_code == 200


async def test_another_branch_than_the_one_that_was_seen_is_newer_too(chat: Chat) -> None:
    session_id, ids = await two_turns(chat)
    assert (await again(chat, session_id, ids[3])).status_code == 200
    assert refusal(await ask(chat, session_id, "ต่อจากรุ่นเดิม", last_seen_message_id=ids[3])) == (409, "newer_messages")


async def test_who_does_not_say_what_was_seen_asks_as_ever(chat: Chat) -> None:
    session_id, _ = await two_turns(chat)
    assert (await ask(chat, session_id, "ไม่บอกว่าเห็นอะไรแล้ว")).status_code == 200
    assert (await ask(chat, str(uuid4()), "แชตที่ยังไม่มี", last_seen_message_id=str(uuid4()))).status_code == 200


async def test_what_was_asked_before_is_answered_and_not_refused(chat: Chat) -> None:
    session_id, ids = await two_turns(chat)
    asked = {"idempotency_key": "ส่งแล้วสายหลุด", "last_seen_message_id": ids[-1]}
    first, repeated = [await ask(chat, session_id, "ส่งสองรอบ", **asked) for _ in range(2)]
    assert first.json()["message_id"] == repeated.json()["message_id"]
    once_more = {"idempotency_key": "กดสองครั้ง", "last_seen_message_id": first.json()["message_id"]}
    first, repeated = [await again(chat, session_id, ids[-1], **once_more) for _ in range(2)]
    assert first.json()["message_id"] == repeated.json()["message_id"]
    assert len(chat.standin.seen) == 4


async def test_a_reply_that_runs_is_told_as_one_that_runs(chat: Chat) -> None:
    session_id, ids = await two_turns(chat)
    chat.standin.script = Script(tokens=thai_tokens(2000), delay_ms=20)
    path = f"/api/sessions/{session_id}/messages"
    await chat.http.post(path, json={"query": "ตอบยาว ๆ"}, headers={"Prefer": "respond-async"})
    assert refusal(await ask(chat, session_id, "ถามซ้อน", last_seen_message_id=ids[-1])) == (409, "reply_running")
    await chat.http.post(f"/api/sessions/{session_id}/stop")


async def test_a_malformed_id_is_refused(chat: Chat) -> None:
    session_id, _ = await two_turns(chat)
    answer = await ask(chat, session_id, "อะไรนะ", last_seen_message_id="ไม่ใช่ไอดี")
    assert refusal(answer) == (400, "invalid_identifier")


async def test_one_asks_on_when_the_last_message_was_deleted(chat: Chat) -> None:
    session_id, ids = await two_turns(chat)
    assert (await chat.http.delete(f"/api/sessions/{session_id}/messages/{ids[3]}")).status_code == 204
    stale = await ask(chat, session_id, "ไม่ได้เห็นคำถามที่สอง", last_seen_message_id=ids[1])
    assert refusal(stale) == (409, "newer_messages")
    assert (await ask(chat, session_id, "ถามต่อหลังลบ", last_seen_message_id=ids[2])).status_code == 200
    shown = [message["content"] for message in await history(chat, session_id)]
    assert shown[2:4] == ["คำถามที่สอง", "ถามต่อหลังลบ"]
