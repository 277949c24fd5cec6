"""The third design's endpoints, as it lists them: conversations and messages of a person, and `/api/chat/...`."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import Chat

ADDRESSES = ("/api/conversations", "/conversations", "/api/sessions")


async def start(chat: Chat, **body: Any) -> dict[str, Any]:
    answer = await chat.http.post("/api/conversations/", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("slash", ["", "/"], ids=["bare", "slash"])
async def test_a_conversation_is_made_and_listed(chat: Chat, address: str, slash: str) -> None:
    made = await chat.http.post(f"{address}{slash}", json={"title": "วันลา"})
    assert made.status_code == 201
    body = made.json()
    assert (body["title"], body["session_name"], body["message_count"]) == ("วันลา", "วันลา", 0)
    assert body["created_at"] == body["updated_at"]
    assert made.headers["location"] == f"{address}/{body['id']}"
    listed = (await chat.http.get(f"{address}{slash}")).json()["sessions"]
    assert [one["id"] for one in listed] == [body["session_id"]]
    found = await chat.http.get(f"{made.headers['location']}{slash}")
    assert (found.status_code, found.json()["title"]) == (200, "วันลา")


async def test_conversations_come_in_pages_with_their_number(chat: Chat) -> None:
    made = [(await start(chat, title=f"ชื่อ {number}"))["id"] for number in range(5)]
    page = (await chat.http.get("/api/conversations/?limit=2&offset=2&total=true&order=created")).json()
    assert ([one["id"] for one in page["sessions"]], page["total"]) == ([made[2], made[1]], 5)
    query = {"limit": 2, "order": "created", "cursor": page["next"]}
    following = (await chat.http.get("/api/conversations", params=query)).json()
    assert ([one["id"] for one in following["sessions"]], following["total"], following["next"]) == (
        [made[0]],
        None,
        None,
    )
    wrong = await chat.http.get("/api/conversations", params={"cursor": page["next"]})
    assert wrong.json()["error"]["code"] == "invalid_cursor"
    both = await chat.http.get("/api/conversations", params={**query, "offset": 1})
    assert both.status_code == 400


async def test_a_message_is_added_and_answered(chat: Chat) -> None:
    address = f"/api/conversations/{(await start(chat))['id']}/messages"
    answer = await chat.http.post(address, json={"role": "user", "content": "สวัสดี"})
    assert (answer.status_code, answer.json()["query"]) == (200, "สวัสดี")
    assert answer.json()["response"] == chat.standin.script.text
    said = (await chat.http.get(f"{address}/")).json()
    assert [(one["role"], one["content"]) for one in said["history"]] == [
        ("user", "สวัสดี"),
        ("assistant", chat.standin.script.text),
    ]
    assert said["session"]["title"] == "สวัสดี"


async def test_a_message_of_a_role_that_is_not_the_user_is_kept_unanswered(chat: Chat) -> None:
    made = await start(chat)
    address = f"/api/conversations/{made['id']}/messages"
    for role in ("system", "assistant"):
        body = {"role": role, "content": "จำไว้", "metadata": {"from": "แอป"}}
        kept = await chat.http.post(f"{address}/", json=body)
        assert (kept.status_code, kept.json()["role"], kept.json()["status"]) == (201, role, "complete")
        assert kept.json()["metadata"] == {"from": "แอป"}
        one = await chat.http.get(kept.headers["location"].replace("//", "/"))
        assert one.json()["content"] == "จำไว้"
    unanswered = await chat.http.post(address, json={"role": "user", "content": "ไม่ต้องตอบ", "reply": False})
    assert (unanswered.status_code, unanswered.json()["message_order"]) == (201, 3)


async def test_a_kept_message_is_sent_again_safely(chat: Chat) -> None:
    address = f"/api/conversations/{(await start(chat))['id']}/messages"
    body = {"role": "assistant", "content": "คำตอบเดิม", "idempotency_key": "k1"}
    first, second = [await chat.http.post(address, json=body) for _ in range(2)]
    assert first.json()["message_id"] == second.json()["message_id"]
    other = await chat.http.post(address, json={**body, "content": "อื่น"})
    assert (other.status_code, other.json()["error"]["code"]) == (422, "key_reused")
    asked = await chat.http.post(address, json={"query": "ถาม", "idempotency_key": "k1"})
    assert (asked.status_code, asked.json()["error"]["code"]) == (422, "key_reused")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": "ก", "content": "ข"},
        {"role": "assistant", "query": "ก"},
        {"role": "assistant", "content": "ก", "model": "thai-model"},
        {"role": "assistant", "content": " "},
        {"role": "robot", "content": "ก"},
        {"query": "ก", "metadata": {"a": 1}},
        {"role": "assistant", "content": "ก", "metadata": {"rating": 1}},
        {"role": "assistant", "content": "ก", "metadata": {"a": "x" * 30_000}},
    ],
    ids=[
        "nothing",
        "two texts",
        "query of a role",
        "model of a role",
        "empty",
        "role",
        "metadata",
        "reserved",
        "large",
    ],
)
async def test_what_is_no_message_is_refused(chat: Chat, body: dict[str, Any]) -> None:
    address = f"/api/conversations/{(await start(chat))['id']}/messages"
    refused = await chat.http.post(address, json=body)
    assert (refused.status_code, "error" in refused.json()) == (400, True)
    assert (await chat.http.get(address)).json()["history"] == []


async def test_messages_come_in_pages(chat: Chat) -> None:
    address = f"/api/conversations/{(await start(chat))['id']}/messages"
    ids = []
    for number in range(5):
        kept = await chat.http.post(address, json={"role": "assistant", "content": f"ที่ {number}"})
        ids.append(kept.json()["message_id"])

    async def page(**query: Any) -> tuple[list[str], bool]:
        body = (await chat.http.get(address, params=query)).json()
        return [one["message_id"] for one in body["history"]], body["has_more"]

    assert await page(limit=2) == (ids[3:], True)
    assert await page(limit=2, before=ids[3]) == (ids[1:3], True)
    assert await page(limit=2, before=ids[1]) == (ids[:1], False)
    assert await page(limit=2, after=ids[1]) == (ids[2:4], True)
    assert await page(limit=2, after=ids[3]) == (ids[4:], False)
    two = await chat.http.get(address, params={"before": ids[0], "after": ids[0]})
    assert two.json()["error"]["code"] == "too_many_places"
    assert (await chat.http.get(address, params={"before": str(uuid4())})).status_code == 404


async def test_a_chat_is_started_said_something_in_and_read(chat: Chat) -> None:
    started = await chat.http.post("/api/chat/start")
    assert started.status_code == 201
    session_id = started.json()["session_id"]
    assert UUID(session_id)
    said = await chat.http.post(f"/api/chat/{session_id}/message", json={"query": "สวัสดี"})
    assert (said.status_code, said.json()["session_id"]) == (200, session_id)
    history = (await chat.http.get(f"/api/chat/{session_id}/history/")).json()
    assert [one["role"] for one in history["history"]] == ["user", "assistant"]
    named = await chat.http.post("/api/chat/start/", json={"title": "ชื่อ", "dept_id": "hr"})
    assert (named.json()["title"], named.json()["dept_id"]) == ("ชื่อ", "hr")


async def test_a_conversation_is_named_labelled_and_deleted(chat: Chat) -> None:
    address = f"/api/conversations/{(await start(chat))['id']}/"
    changed = await chat.http.patch(address, json={"title": "ใหม่", "dept_id": "sales"})
    assert (changed.json()["session_name"], changed.json()["dept_id"]) == ("ใหม่", "sales")
    assert (await chat.http.patch(address, json={"dept_id": ""})).json()["dept_id"] is None
    assert (await chat.http.patch(address, json={"dept_id": "x" * 101})).status_code == 400
    assert (await chat.http.delete(address)).status_code == 204
    assert (await chat.http.get("/api/conversations/")).json()["sessions"] == []


async def test_a_session_is_made_once_for_one_key(chat: Chat) -> None:
    headers = {"Idempotency-Key": '"k1"'}
    first, second = [await chat.http.post("/api/conversations", headers=headers) for _ in range(2)]
    assert first.json()["id"] == second.json()["id"]


@pytest.mark.parametrize(
    "body",
    [{"dept_id": "x" * 101}, {"metadata": {"imported": 1}}, {"metadata": []}, {"titel": "ก"}, {"options": {"hot": 1}},
     {"title": "ก", "session_name": "ข"}, {"backend": "nobody"}],
    ids=["dept", "reserved", "list", "unknown", "option", "two names", "backend"],
)  # fmt: skip
async def test_what_is_no_session_is_refused(chat: Chat, body: dict[str, Any]) -> None:
    refused = await chat.http.post("/api/conversations", json=body)
    assert refused.status_code == 400
    assert (await chat.http.get("/api/conversations")).json()["sessions"] == []


@pytest.mark.parametrize(
    "address",
    ["/api/models/", "/chat/", "/healthz/", "/api/conversations//", "/conversations/x/y/", "/api/chat/"],
)
async def test_no_other_address_opens_by_a_slash(chat: Chat, address: str) -> None:
    assert (await chat.http.get(address)).status_code == 404


async def test_without_a_database_contexts_and_branches_are_refused_and_the_rest_goes_on(chat: Chat) -> None:
    address = f"/api/conversations/{(await start(chat))['id']}"
    message = (await chat.http.post(f"{address}/messages", json={"role": "assistant", "content": "ก"})).json()
    one = (await chat.http.get(f"{address}/messages/{message['message_id']}")).json()
    assert (one["content"], one["contexts"]) == ("ก", None)
    contexts = f"{address}/messages/{message['message_id']}/contexts"
    for refused in (
        await chat.http.get(contexts),
        await chat.http.post(contexts, json={"contexts": [{"content": "ข"}]}),
        await chat.http.post(f"{address}/branch", json={"message_id": message["message_id"]}),
    ):
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "history_unavailable")
