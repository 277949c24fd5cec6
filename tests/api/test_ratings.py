"""Rating a reply, and choosing one over others."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.types import Scope

from tests.api.conftest import Chat
from tests.api.test_versions import again, ask, shown
from tests.people import as_person
from thai_chat.api.app import build_app
from thai_chat.domain.fact_values import (
    REASON_CHARS,
)
from thai_chat.domain.people import Person
from thai_chat.gate.gate import Gate


async def asked(chat: Chat) -> tuple[str, str]:
    """Return the ids of a session and of the reply in it."""
    session_id = str(uuid4())
    return session_id, (await ask(chat, session_id, "แนะนำเมนูหน่อย"))["message_id"]


def rating_of(history: list[dict[str, Any]]) -> Any:
    return history[-1]["metadata"].get("rating")


async def test_a_reply_is_rated_again_and_the_rating_taken_back(chat: Chat) -> None:
    session_id, reply_id = await asked(chat)
    address = f"/api/sessions/{session_id}/messages/{reply_id}/rating"
    sent = {"value": -1, "reason": "  ปีเกิดผิด ", "tags": ["wrong", "too_long", "wrong"]}
    answer = await chat.http.put(address, json=sent)
    assert answer.status_code == 200
    rated = answer.json()["metadata"]["rating"]
    assert {**rated, "rated_at": None} == {
        "value": -1,
        "reason": "ปีเกิดผิด",
        "tags": ["wrong", "too_long"],
        "rated_at": None,
    }
    assert rating_of((await shown(chat, session_id))[0]) == rated
    assert (await chat.http.put(address, json={"value": 1})).json()["metadata"]["rating"]["value"] == 1
    for _ in range(2):
        assert (await chat.http.delete(address)).status_code == 204
    assert rating_of((await shown(chat, session_id))[0]) is None


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"value": 0}, "bad_input"),
        ({"value": 5}, "bad_input"),
        ({}, "bad_input"),
        ({"value": 1, "note": "x"}, "bad_input"),
        ({"value": 1, "reason": "ก" * (REASON_CHARS + 1)}, "bad_reason"),
        ({"value": 1, "reason": "a\0b"}, "unreadable_text"),
        ({"value": 1, "tags": ["loud"]}, "bad_reason"),
    ],
    ids=["zero", "five", "nothing", "unknown field", "long", "NUL", "unknown tag"],
)
async def test_a_bad_rating_is_refused_in_words(chat: Chat, sent: dict[str, object], code: str) -> None:
    session_id, reply_id = await asked(chat)
    answer = await chat.http.put(f"/api/sessions/{session_id}/messages/{reply_id}/rating", json=sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert rating_of((await shown(chat, session_id))[0]) is None


async def test_a_question_can_t_be_rated_or_chosen(chat: Chat) -> None:
    session_id, reply_id = await asked(chat)
    question_id = (await shown(chat, session_id))[0][0]["message_id"]
    address = f"/api/sessions/{session_id}/messages/{question_id}"
    for answer in (
        await chat.http.put(f"{address}/rating", json={"value": 1}),
        await chat.http.put(f"{address}/preference", json={"over": [reply_id]}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "only_replies")


async def test_nobody_rates_what_is_another_s(chat: Chat) -> None:
    session_id, reply_id = await asked(chat)
    other_session, _ = await asked(chat)

    async def somchai(scope: Scope) -> Person:
        return as_person("somchai")

    app = Gate(build_app(chat.service), who=somchai)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as stranger:
        await refused(stranger, session_id, reply_id)
    await refused(chat.http, other_session, reply_id)
    assert rating_of((await shown(chat, session_id))[0]) is None


async def refused(http: httpx.AsyncClient, session_id: str, reply_id: str) -> None:
    address = f"/api/sessions/{session_id}/messages/{reply_id}"
    for answer in (
        await http.put(f"{address}/rating", json={"value": 1}),
        await http.delete(f"{address}/rating"),
        await http.put(f"{address}/preference", json={"over": [str(uuid4())]}),
        await http.delete(address),
        await http.delete(f"{address}?permanent=true"),
        await http.patch(address, json={"deleted": True}),
        await http.patch(address, json={"deleted": False}),
    ):
        assert answer.status_code == 404


async def test_the_chosen_reply_is_shown_and_the_choice_is_kept(chat: Chat) -> None:
    session_id, first_id = await asked(chat)
    second_id = (await again(chat, session_id, first_id))["message_id"]
    assert (await shown(chat, session_id))[0][-1]["message_id"] == second_id
    address = f"/api/sessions/{session_id}/messages/{first_id}/preference"
    answer = await chat.http.put(address, json={"over": [second_id], "reason": "สั้นกว่า"})
    assert answer.status_code == 200
    vote = answer.json()["metadata"]["vote"]
    assert (vote["over"], vote["reason"]) == ([second_id], "สั้นกว่า")
    history, _ = await shown(chat, session_id)
    assert (history[-1]["message_id"], history[-1]["metadata"]["vote"]) == (first_id, vote)
    assert (await chat.http.delete(address)).status_code == 204
    assert "vote" not in (await shown(chat, session_id))[0][-1]["metadata"]


async def test_a_reply_is_chosen_only_over_others_to_its_question(chat: Chat) -> None:
    session_id, first_id = await asked(chat)
    later_id = (await ask(chat, session_id, "เผ็ดไหม"))["message_id"]
    address = f"/api/sessions/{session_id}/messages/{first_id}/preference"
    for over in ([later_id], [first_id]):
        answer = await chat.http.put(address, json={"over": over})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "not_other_replies")
    assert (await chat.http.put(address, json={"over": []})).status_code in (400, 422)
    assert (await chat.http.put(address, json={"over": [str(uuid4())]})).status_code == 404
