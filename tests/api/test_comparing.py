"""One question to several models at the same time: their replies grow beside each other."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import Chat
from tests.api.streams import Event, events_of, text_of
from tests.standins.script import Script, thai_tokens

ASYNC = {"Prefer": "respond-async"}
ONE = Script(tokens=thai_tokens(40), delay_ms=2)
TWO = Script(tokens=("แกง", "เขียว", "หวาน"), delay_ms=2)
ENDLESS = Script(tokens=thai_tokens(9000), delay_ms=20)
OTHER = {"backend": "vllm", "model": "other-model"}


@pytest.fixture(autouse=True)
def scripts(chat: Chat) -> None:
    chat.standin.scripts.update({"thai-model": ONE, "other-model": TWO})


async def compare(chat: Chat, query: str, session_id: str, **more: Any) -> dict[str, Any]:
    body = {"query": query, "backend": "vllm", "model": "thai-model", "compare": [OTHER], **more}
    answer = await chat.http.post(f"/api/sessions/{session_id}/messages", json=body, headers=ASYNC)
    assert answer.status_code == 202, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


async def heard(chat: Chat, session_id: str, message_id: str) -> list[Event]:
    query = {"message_id": message_id}
    async with chat.http.stream("GET", f"/api/sessions/{session_id}/events", params=query) as response:
        return [event async for event in events_of(response)]


async def window(chat: Chat, session_id: str) -> dict[str, Any]:
    body: dict[str, Any] = (await chat.http.get(f"/api/sessions/{session_id}/messages")).json()
    return body


async def test_two_models_answer_at_the_same_time_and_are_sent_the_same(chat: Chat) -> None:
    session_id = str(uuid4())
    await chat.http.post(f"/api/sessions/{session_id}/messages", json={"query": "ก่อนหน้า", "model": "thai-model"})
    accepted = await compare(chat, "แนะนำเมนู", session_id)
    [also] = accepted["also"]
    assert also["model"] == "other-model"
    ids = [accepted["message_id"], also["message_id"]]
    first, second = await asyncio.gather(*(heard(chat, session_id, one) for one in ids))
    assert (text_of(first), text_of(second)) == (ONE.text, TWO.text)
    assert second[-1].name == "completed"
    assert second[-1].body["metadata"]["beside"] == ids[0]
    sent = [seen.body["messages"] for seen in chat.standin.seen[-2:]]
    assert sent[0] == sent[1]

    shown = await window(chat, session_id)
    assert [message["message_id"] for message in shown["history"]][-1] == ids[0]
    assert shown["siblings"] == {ids[0]: ids}
    assert (shown["live"], shown["also_live"], shown["session"]["model"]) == (None, [], "thai-model")
    versions = await chat.http.get(f"/api/sessions/{session_id}/messages/{ids[0]}/versions")
    assert [message["content"] for message in versions.json()["versions"]] == [ONE.text, TWO.text]


async def test_a_page_that_comes_back_finds_both_also_the_one_that_has_ended(chat: Chat) -> None:
    chat.standin.scripts["thai-model"] = ENDLESS
    session_id = str(uuid4())
    accepted = await compare(chat, "แนะนำเมนู", session_id)
    beside = accepted["also"][0]["message_id"]
    await heard(chat, session_id, beside)
    shown = await window(chat, session_id)
    assert shown["live"]["message_id"] == accepted["message_id"]
    assert [(one["message_id"], one["beside"]) for one in shown["also_live"]] == [(beside, accepted["message_id"])]
    assert shown["session"]["running"] is True
    assert text_of(await heard(chat, session_id, beside)) == TWO.text


async def test_one_is_stopped_alone_and_all_together(chat: Chat) -> None:
    chat.standin.scripts.update({"thai-model": ENDLESS, "other-model": ENDLESS})
    session_id = str(uuid4())
    accepted = await compare(chat, "แนะนำเมนู", session_id)
    first, second = accepted["message_id"], accepted["also"][0]["message_id"]
    following = asyncio.create_task(heard(chat, session_id, second))
    stop = f"/api/sessions/{session_id}/stop"
    assert (await chat.http.post(stop, params={"message_id": second})).status_code == 204
    assert (await following)[-1].body["status"] == "stopped"
    assert (await window(chat, session_id))["live"]["message_id"] == first
    refused = await chat.http.post(f"/api/sessions/{session_id}/messages", json={"query": "ถัดไป"}, headers=ASYNC)
    assert refused.json()["error"]["code"] == "reply_running"

    again = await chat.http.post(
        f"/api/sessions/{session_id}/messages/{first}/replies", json={**OTHER, "beside": True}, headers=ASYNC
    )
    assert again.status_code == 202
    await chat.http.post(stop)
    ends = await asyncio.gather(*(heard(chat, session_id, one) for one in (first, again.json()["message_id"])))
    assert [events[-1].body["status"] for events in ends if events] == ["stopped", "stopped"]
    shown = await window(chat, session_id)
    assert [message["message_id"] for message in shown["history"]][-1] == first
    assert len(shown["siblings"][first]) == 3


async def test_one_that_fails_says_so_and_the_other_goes_on(chat: Chat) -> None:
    chat.standin.scripts["other-model"] = Script(tokens=TWO.tokens, fault="error", fault_after=2)
    session_id = str(uuid4())
    accepted = await compare(chat, "แนะนำเมนู", session_id)
    ids = [accepted["message_id"], accepted["also"][0]["message_id"]]
    first, second = await asyncio.gather(*(heard(chat, session_id, one) for one in ids))
    assert (first[-1].name, second[-1].name) == ("completed", "error")
    assert text_of(first) == ONE.text


async def test_sent_again_with_the_same_key_it_is_one_question_and_two_replies(chat: Chat) -> None:
    session_id = str(uuid4())
    first = await compare(chat, "แนะนำเมนู", session_id, idempotency_key="ก" * 100)
    second = await compare(chat, "แนะนำเมนู", session_id, idempotency_key="ก" * 100)
    assert (second["message_id"], second["also"]) == (first["message_id"], first["also"])
    await heard(chat, session_id, first["message_id"])
    assert (await window(chat, session_id))["session"]["message_count"] == 3


async def test_long_keys_that_end_differently_are_different_keys(chat: Chat) -> None:
    session_id = str(uuid4())
    first = await compare(chat, "หนึ่ง", session_id, idempotency_key="ก" * 99 + "ข")
    for accepted in (first["message_id"], first["also"][0]["message_id"]):
        await heard(chat, session_id, accepted)
    second = await compare(chat, "สอง", session_id, idempotency_key="ก" * 99 + "ค")
    assert second["also"][0]["message_id"] != first["also"][0]["message_id"]


async def test_the_next_question_goes_on_from_the_one_that_is_chosen_else_from_the_first(chat: Chat) -> None:
    session_id = str(uuid4())
    accepted = await compare(chat, "แนะนำเมนู", session_id)
    ids = [accepted["message_id"], accepted["also"][0]["message_id"]]
    await asyncio.gather(*(heard(chat, session_id, one) for one in ids))
    ask = f"/api/sessions/{session_id}/messages"
    await chat.http.post(ask, json={"query": "ต่อ", "model": "thai-model"})
    assert ONE.text in [message["content"] for message in chat.standin.seen[-1].body["messages"]]

    chosen = await chat.http.patch(f"/api/sessions/{session_id}", json={"shown_message_id": ids[1]})
    assert chosen.status_code == 200
    await chat.http.post(ask, json={"query": "ต่อ", "model": "thai-model"})
    sent = [message["content"] for message in chat.standin.seen[-1].body["messages"]]
    assert sent == ["แนะนำเมนู", TWO.text, "ต่อ"]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"compare": [OTHER] * 3}, "too_many_compared"), ({"compare": [{"backend": "nobody"}]}, "unknown_backend")],
    ids=["too many", "an unknown one"],
)
async def test_what_can_not_be_compared_is_refused_before_anything_is_stored(
    chat: Chat, change: dict[str, Any], code: str
) -> None:
    session_id = str(uuid4())
    body = {"query": "แนะนำเมนู", **change}
    answer = await chat.http.post(f"/api/sessions/{session_id}/messages", json=body, headers=ASYNC)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert (await chat.http.get(f"/api/sessions/{session_id}")).status_code == 404


async def test_only_a_reply_is_compared(chat: Chat) -> None:
    session_id = str(uuid4())
    asked = await chat.http.post(f"/api/sessions/{session_id}/messages", json={"query": "แนะนำเมนู"})
    question_id = asked.json()["parent_id"]
    answer = await chat.http.post(
        f"/api/sessions/{session_id}/messages/{question_id}/replies", json={**OTHER, "beside": True}
    )
    assert answer.json()["error"]["code"] == "not_a_reply"
