"""The window on a session that the page opens, moves back and forth, and jumps to a message with."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import Chat
from tests.history_writes import begin, finish
from tests.standins.script import Script, thai_tokens
from thai_chat.domain.backend_errors import BackendUnreachable
from thai_chat.domain.fact_values import (
    ReplyError,
)
from thai_chat.domain.facts import (
    ReplyFacts,
)
from thai_chat.domain.messages import Status
from thai_chat.domain.people import LOCAL

SLOW = Script(tokens=thai_tokens(2000), delay_ms=20)
PREFIXES = ("/api/sessions", "/api/conversations", "/conversations")


async def store_turns(chat: Chat, count: int, session_id: UUID | None = None) -> str:
    session_id = session_id or uuid4()
    for number in range(count):
        write = begin(LOCAL.user_id, session_id, question=f"ถาม {number}")
        await chat.history.write(write)
        await chat.history.write(finish(write, f"ตอบ {number}"))
    return str(session_id)


async def window(chat: Chat, session_id: str, **where: object) -> dict[str, Any]:
    answer = await chat.http.get(f"/api/sessions/{session_id}/messages", params=where)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def place(body: dict[str, Any]) -> tuple[list[int], bool, bool]:
    return [message["message_order"] for message in body["history"]], body["has_earlier"], body["has_later"]


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_one_request_opens_a_session(chat: Chat, prefix: str) -> None:
    session_id = await store_turns(chat, 2)
    body = (await chat.http.get(f"{prefix}/{session_id}/messages")).json()
    assert body["session"] == (await chat.http.get(f"{prefix}/{session_id}?messages=false")).json()
    assert place(body) == ([1, 2, 3, 4], False, False)
    assert body["live"] is None


async def test_a_window_says_what_is_on_either_side_of_it(chat: Chat) -> None:
    session_id = await store_turns(chat, 5)
    assert place(await window(chat, session_id, limit=4)) == ([7, 8, 9, 10], True, False)
    assert place(await window(chat, session_id, limit=10)) == ([*range(1, 11)], False, False)
    assert place(await window(chat, session_id, limit=3, before_order=5)) == ([2, 3, 4], True, True)
    assert place(await window(chat, session_id, limit=4, before_order=5)) == ([1, 2, 3, 4], False, True)
    assert place(await window(chat, session_id, limit=2, before_order=99)) == ([9, 10], True, False)
    assert place(await window(chat, session_id, limit=3, after_order=2)) == ([3, 4, 5], True, True)
    assert place(await window(chat, session_id, limit=3, after_order=7)) == ([8, 9, 10], True, False)
    assert place(await window(chat, session_id, limit=3, after_order=0)) == ([1, 2, 3], False, True)


async def test_also_a_window_without_messages_says_where_the_others_are(chat: Chat) -> None:
    session_id = await store_turns(chat, 2)
    for first in (1, 0, -5, -(10**12)):
        assert place(await window(chat, session_id, before_order=first)) == ([], False, True)
    for last in (4, 5, 10**12):
        assert place(await window(chat, session_id, after_order=last)) == ([], True, False)


@pytest.mark.parametrize(
    ("order", "limit", "expected"),
    [
        (10, 6, ([8, 9, 10, 11, 12, 13], True, True)),
        (10, 5, ([8, 9, 10, 11, 12], True, True)),
        (10, 1, ([10], True, True)),
        (10, 2, ([10, 11], True, True)),
        (20, 6, ([15, 16, 17, 18, 19, 20], True, False)),
        (19, 6, ([15, 16, 17, 18, 19, 20], True, False)),
        (1, 6, ([1, 2, 3, 4], False, True)),
        (10, 200, ([*range(1, 21)], False, False)),
    ],
)
async def test_a_window_around_a_message_has_half_of_its_messages_behind_it(
    chat: Chat, order: int, limit: int, expected: tuple[list[int], bool, bool]
) -> None:
    session_id = await store_turns(chat, 10)
    meant = (await window(chat, session_id))["history"][order - 1]["message_id"]
    assert place(await window(chat, session_id, around=meant, limit=limit)) == expected


async def test_a_message_of_no_or_another_session_is_not_found(chat: Chat) -> None:
    mine, other = await store_turns(chat, 1), await store_turns(chat, 1)
    foreign = (await window(chat, other))["history"][0]["message_id"]
    for message_id in (foreign, str(uuid4())):
        answer = await chat.http.get(f"/api/sessions/{mine}/messages", params={"around": message_id})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "message_not_found")
    answer = await chat.http.get(f"/api/sessions/{mine}/messages", params={"around": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_identifier")


async def test_a_message_on_another_branch_is_told_and_the_shown_one_stays(chat: Chat) -> None:
    session_id = await store_turns(chat, 2)
    before = (await window(chat, session_id))["history"]
    edit = {"query": "ถามใหม่", "edits": before[2]["message_id"]}
    assert (await chat.http.post(f"/api/sessions/{session_id}/messages", json=edit)).status_code == 200
    hidden = before[3]["message_id"]
    for _ in range(2):  # the first time changes nothing
        answer = await chat.http.get(f"/api/sessions/{session_id}/messages", params={"around": hidden})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "message_on_other_branch")
    assert place(await window(chat, session_id)) == ([1, 2, 5, 6], False, False)
    assert place(await window(chat, session_id, limit=2, after_order=1)) == ([2, 5], True, True)
    shown = await chat.http.patch(f"/api/sessions/{session_id}", json={"shown_message_id": hidden})
    assert shown.status_code == 200
    found = await window(chat, session_id, around=hidden)
    assert place(found) == ([1, 2, 3, 4], False, False)
    assert list(found["siblings"]) == [before[2]["message_id"]]


@pytest.mark.parametrize(
    "places", [{"before_order": 3, "after_order": 1}, {"after_order": 1, "around": str(uuid4())}], ids=" ".join
)
async def test_more_than_one_place_is_refused_in_plain_words(chat: Chat, places: dict[str, Any]) -> None:
    session_id = await store_turns(chat, 1)
    answer = await chat.http.get(f"/api/sessions/{session_id}/messages", params=places)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "too_many_places")
    assert "around" in answer.json()["error"]["message"]


@pytest.mark.parametrize("limit", [0, 201, "x"])
async def test_a_limit_that_can_not_be_is_refused(chat: Chat, limit: object) -> None:
    session_id = await store_turns(chat, 1)
    answer = await chat.http.get(f"/api/sessions/{session_id}/messages", params={"limit": str(limit)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input")
    assert "limit" in answer.json()["error"]["message"]


async def test_a_reply_that_grows_is_told_with_its_text_so_far(chat: Chat) -> None:
    session_id = await store_turns(chat, 3)
    chat.standin.script = SLOW
    asked = {"query": "ยาว ๆ"}
    accepted = await chat.http.post(
        f"/api/sessions/{session_id}/messages", json=asked, headers={"Prefer": "respond-async"}
    )
    live_id = accepted.json()["message_id"]
    while not (body := await window(chat, session_id, limit=2))["history"][-1]["content"]:
        pass
    assert SLOW.text.startswith(body["history"][-1]["content"])
    assert (body["history"][-1]["message_id"], body["history"][-1]["status"]) == (live_id, "streaming")
    assert body["live"].pop("waited_ms") >= 0
    assert body["live"] == {"message_id": live_id, "backend": "vllm", "model": "thai-model"}
    assert body["session"]["running"] is True
    further_up = await window(chat, session_id, before_order=3)
    assert (further_up["live"]["message_id"], further_up["has_later"]) == (live_id, True)
    await chat.http.post(f"/api/sessions/{session_id}/stop")
    await chat.standin.until(lambda: chat.standin.running == 0)


@pytest.mark.parametrize(("language", "word"), [("th", "ติดต่อ"), ("en", "reached")])
async def test_why_a_reply_failed_and_its_notices_are_told_in_the_readers_language(
    chat: Chat, language: str, word: str
) -> None:
    notices = [{"code": "parameter_dropped", "param": "temperature"}, {"code": "welcome"}]
    facts = ReplyFacts(error=ReplyError(BackendUnreachable.code, {"backend": "vllm"}))
    write = begin(LOCAL.user_id)
    await chat.history.write(write)
    await chat.history.write(
        finish(write, "", status=Status.FAILED, metadata={**facts.to_metadata(), "notices": notices})
    )
    for address in (f"/api/sessions/{write.session_id}/messages", f"/chat/history/{write.session_id}"):
        answer = await chat.http.get(address, headers={"Accept-Language": language})
        question, reply = answer.json()["history"]
        assert (question["problem"], question["notices"]) == (None, [])
        assert word in reply["problem"]
        (notice,) = reply["notices"]
        assert notice["code"] == "parameter_dropped"
        assert "temperature" in notice["message"]
        assert reply["metadata"]["error"] == {"code": "backend_unreachable", "backend": "vllm"}


async def test_a_window_is_described_with_an_example_of_its_shape(chat: Chat) -> None:
    described = (await chat.http.get("/openapi.json")).json()
    shape = described["components"]["schemas"]["WindowBody"]
    assert shape["example"].keys() == shape["properties"].keys()
    operation = described["paths"]["/api/sessions/{session_id}/messages"]["get"]
    assert {one["name"] for one in operation["parameters"]} >= {"limit", "before_order", "after_order", "around"}
