"""Deleting a message by the API: it goes from all that is shown and sent, what follows stays, and it can come back."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import Chat
from tests.api.test_versions import again, ask, contents, shown
from tests.standins.script import Script, thai_tokens

FIRST = Script(tokens=("ต้มยำ", "กุ้ง"))
SECOND = Script(tokens=("แกง", "เขียว"))


async def said(chat: Chat) -> tuple[str, list[dict[str, Any]]]:
    """Return a session of two turns with its messages."""
    session_id = str(uuid4())
    chat.standin.script = FIRST
    await ask(chat, session_id, "ความลับ")
    chat.standin.script = SECOND
    await ask(chat, session_id, "คำถามที่สอง")
    return session_id, (await shown(chat, session_id))[0]


async def deleted(chat: Chat, session_id: str) -> list[str]:
    body = (await chat.http.get(f"/api/sessions/{session_id}/deleted")).json()
    return contents(body["messages"])


async def test_a_deleted_message_is_not_shown_not_sent_and_comes_back(chat: Chat) -> None:
    session_id, history = await said(chat)
    address = f"/api/sessions/{session_id}/messages/{history[0]['message_id']}"
    for _ in range(2):
        assert (await chat.http.delete(address)).status_code == 204
    assert contents((await shown(chat, session_id))[0]) == [FIRST.text, "คำถามที่สอง", SECOND.text]
    assert await deleted(chat, session_id) == ["ความลับ"]
    chat.standin.seen.clear()
    await ask(chat, session_id, "คำถามที่สาม")
    assert "ความลับ" not in str(chat.standin.seen[-1].body)
    answer = await chat.http.patch(address, json={"deleted": False})
    assert (answer.status_code, answer.json()["content"]) == (200, "ความลับ")
    assert contents((await shown(chat, session_id))[0])[:3] == ["ความลับ", FIRST.text, "คำถามที่สอง"]
    assert await deleted(chat, session_id) == []


async def test_a_window_around_a_message_goes_on_over_deleted_ones(chat: Chat) -> None:
    session_id, history = await said(chat)
    for message in history[1:3]:
        await chat.http.delete(f"/api/sessions/{session_id}/messages/{message['message_id']}")
    address = f"/api/sessions/{session_id}/messages"
    around = (await chat.http.get(address, params={"around": history[3]["message_id"]})).json()
    assert contents(around["history"]) == ["ความลับ", SECOND.text]
    gone = await chat.http.get(address, params={"around": history[1]["message_id"]})
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "message_not_found")
    one = (await chat.http.get(address, params={"limit": 1})).json()
    assert (contents(one["history"]), one["has_earlier"]) == ([SECOND.text], True)


async def test_nothing_is_done_with_a_deleted_message_but_restoring_it(chat: Chat) -> None:
    session_id, history = await said(chat)
    address = f"/api/sessions/{session_id}/messages/{history[1]['message_id']}"
    await chat.http.delete(address)
    for answer in (
        await chat.http.put(f"{address}/rating", json={"value": 1}),
        await chat.http.post(f"{address}/replies", json={}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "message_not_found")


async def test_another_version_is_shown_when_the_last_reply_is_deleted(chat: Chat) -> None:
    session_id, history = await said(chat)
    chat.standin.script = FIRST
    newer = (await again(chat, session_id, history[3]["message_id"]))["message_id"]
    address = f"/api/sessions/{session_id}/messages/{newer}"
    assert (await chat.http.patch(address, json={"deleted": True})).status_code == 200
    messages, versions = await shown(chat, session_id)
    assert (messages[-1]["message_id"], versions) == (history[3]["message_id"], {})
    await chat.http.patch(address, json={"deleted": False})
    messages, versions = await shown(chat, session_id)
    assert messages[-1]["message_id"] == newer
    assert len(versions[newer]) == 2


async def test_a_reply_that_grows_is_stopped_first(chat: Chat) -> None:
    session_id = str(uuid4())
    chat.standin.script = Script(tokens=thai_tokens(5_000), delay_ms=20)
    begun = await chat.http.post(
        f"/api/sessions/{session_id}/messages", json={"query": "ยาว ๆ"}, headers={"Prefer": "respond-async"}
    )
    reply_id = begun.json()["message_id"]
    async with asyncio.timeout(15):
        answer = await chat.http.delete(f"/api/sessions/{session_id}/messages/{reply_id}")
    assert answer.status_code == 204
    assert (await chat.http.get(f"/api/sessions/{session_id}")).json()["running"] is False
    assert contents((await shown(chat, session_id))[0]) == ["ยาว ๆ"]
    chat.standin.script = FIRST
    await ask(chat, session_id, "ต่อ")
    assert contents((await shown(chat, session_id))[0]) == ["ยาว ๆ", "ต่อ", FIRST.text]


@pytest.mark.parametrize("permanent", ["true", "false"])
async def test_nobody_follows_the_reply_any_more_that_was_deleted_or_answers_what_was(
    chat: Chat, permanent: str
) -> None:
    session_id, history = await said(chat)
    for deleted_id in (history[3]["message_id"], history[2]["message_id"]):
        if deleted_id == history[2]["message_id"]:
            await again(chat, session_id, deleted_id)
        events = f"/api/sessions/{session_id}/events"
        assert SECOND.text[:2] in (await chat.http.get(events)).text
        address = f"/api/sessions/{session_id}/messages/{deleted_id}"
        assert (await chat.http.delete(address, params={"permanent": permanent})).status_code == 204
        assert (await chat.http.get(events)).status_code == 204


async def test_the_reply_to_a_wiped_question_is_stopped_and_forgotten(chat: Chat) -> None:
    session_id = str(uuid4())
    chat.standin.script = Script(tokens=thai_tokens(5_000), delay_ms=20)
    begun = await chat.http.post(
        f"/api/sessions/{session_id}/messages", json={"query": "ความลับ"}, headers={"Prefer": "respond-async"}
    )
    question_id = (await shown(chat, session_id))[0][0]["message_id"]
    async with asyncio.timeout(15):
        await chat.http.delete(f"/api/sessions/{session_id}/messages/{question_id}", params={"permanent": "true"})
    assert (await chat.http.get(f"/api/sessions/{session_id}/events")).status_code == 204
    [reply] = (await shown(chat, session_id))[0]
    assert (reply["message_id"], reply["status"]) == (begun.json()["message_id"], "stopped")


async def test_a_session_is_named_anew_when_the_question_in_its_name_is_wiped(chat: Chat) -> None:
    session_id, history = await said(chat)
    address = f"/api/sessions/{session_id}"

    async def wiped(number: int) -> str:
        message = f"{address}/messages/{history[number]['message_id']}"
        assert (await chat.http.delete(message, params={"permanent": "true"})).status_code == 204
        name: str = (await chat.http.get(address)).json()["session_name"]
        return name

    assert [await wiped(number) for number in (1, 0, 2)] == ["ความลับ", "คำถามที่สอง", ""]


async def test_a_name_that_a_person_gave_stays_when_the_question_is_wiped(chat: Chat) -> None:
    session_id, history = await said(chat)
    address = f"/api/sessions/{session_id}"
    await chat.http.patch(address, json={"session_name": "ชื่อเอง"})
    await chat.http.delete(f"{address}/messages/{history[0]['message_id']}", params={"permanent": "true"})
    assert (await chat.http.get(address)).json()["session_name"] == "ชื่อเอง"


async def test_a_message_is_wiped_for_good_and_its_place_stays(chat: Chat) -> None:
    session_id, history = await said(chat)
    address = f"/api/sessions/{session_id}/messages/{history[0]['message_id']}"
    for _ in range(2):
        assert (await chat.http.delete(address, params={"permanent": "true"})).status_code == 204
    assert await deleted(chat, session_id) == []
    answer = await chat.http.patch(address, json={"deleted": False})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "message_not_found")
    assert contents((await shown(chat, session_id))[0]) == [FIRST.text, "คำถามที่สอง", SECOND.text]
    found = await chat.http.get("/api/search", params={"q": "ความลับ"})
    assert found.status_code == 200
    assert history[0]["message_id"] not in found.text
