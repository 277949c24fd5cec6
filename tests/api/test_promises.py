"""The API's promises of itself: no field is passed over, no answer stands for another question."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.api.conftest import Chat
from tests.history_writes import begin, finish
from tests.messages_in_parts import AS_JSON, CONTENT, PARTS
from thai_chat.chat import histories
from thai_chat.domain.people import LOCAL


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/chat", {"query": "a", "modle": "thai-model"}),
        ("/chat", {"query": "a", "max_tokens": 5}),
        ("/api/sessions/{session_id}/messages", {"query": "a", "temperature": 0}),
        ("/api/sessions/{session_id}/messages/{message_id}/replies", {"contnues": True}),
        ("/api/models/prepare", {"backend": "vllm", "model": "thai-model", "now": True}),
        ("/api/models/pull", {"backend": "vllm", "model": "thai-model", "now": True}),
        ("/api/export", {"format": "json", "session_id": "x"}),
        ("/api/presets", {"preset_name": "a", "default": True}),
        ("/api/presets/check", {"options": {}, "option": {}}),
    ],
)
async def test_a_field_that_there_is_not_is_refused_by_its_name(
    chat: Chat, path: str, body: Mapping[str, object]
) -> None:
    first = (await chat.http.post("/chat", json={"query": "สวัสดี"})).json()
    asked = len(chat.standin.seen)
    answer = await chat.http.post(path.format(**first), json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in ("bad_input", "bad_fields")
    assert [*body][-1] in answer.json()["error"]["message"]
    assert len(chat.standin.seen) == asked


async def test_every_body_is_described_as_taking_no_other_fields(chat: Chat) -> None:
    described = (await chat.http.get("/openapi.json")).json()
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for path, operations in described["paths"].items()
        for operation in operations.values()
        if not path.startswith("/v1/")  # there a server's own fields pass through
        and "application/json" in operation.get("requestBody", {}).get("content", {})
    ]
    # A body that may be left out is one of several kinds, one of them nothing.
    kinds = [kind for body in bodies for kind in body.get("anyOf", [body]) if kind != {"type": "null"}]
    names = {kind["$ref"].rpartition("/")[2] for kind in kinds}
    assert len(names) > 5
    schemas = described["components"]["schemas"]
    assert [name for name in names if schemas[name].get("additionalProperties") is not False] == []


async def test_a_message_tells_its_parts_and_plain_text_has_none(chat: Chat) -> None:
    write = begin(LOCAL.user_id, question="สวัสดี")
    await chat.history.write(write)
    await chat.history.write(finish(write, CONTENT, parts=PARTS))
    said = (await chat.http.get(f"/chat/history/{write.session_id}")).json()["history"]
    assert [(message["content"], message["parts"]) for message in said] == [("สวัสดี", None), (CONTENT, AS_JSON)]
    described = (await chat.http.get("/openapi.json")).json()["components"]["schemas"]["MessageBody"]["properties"]
    assert {kind["type"] for kind in described["parts"]["anyOf"]} == {"array", "null"}


async def test_the_length_of_a_conversation_counts_the_branch_that_is_answered(chat: Chat) -> None:
    first = (await chat.http.post("/chat", json={"query": "หนึ่ง"})).json()
    session_id = first["session_id"]
    second = (await chat.http.post("/chat", json={"query": "สอง", "session_id": session_id})).json()
    assert second["conversation_length"] == 4
    history = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"]
    body = {"query": "หนึ่งใหม่", "session_id": session_id, "edits": history[0]["message_id"], "idempotency_key": "k"}
    for _ in range(2):  # the second time it is read from the history
        assert (await chat.http.post("/chat", json=body)).json()["conversation_length"] == 2
    again = f"/api/sessions/{session_id}/messages/{second['message_id']}/replies"
    assert (await chat.http.post(again, json={})).json()["conversation_length"] == 4


async def test_a_key_is_for_one_question(chat: Chat) -> None:
    body = {"query": "หนึ่ง", "idempotency_key": "k"}
    first = (await chat.http.post("/chat", json=body)).json()
    place = {**body, "session_id": first["session_id"]}
    assert (await chat.http.post("/chat", json=place)).json()["message_id"] == first["message_id"]
    answer = await chat.http.post("/chat", json={**place, "query": "สอง"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "key_reused")
    second = (await chat.http.post("/chat", json={"query": "สอง", "session_id": first["session_id"]})).json()
    replies = "/api/sessions/{session_id}/messages/{message_id}/replies"
    assert (await chat.http.post(replies.format(**first), json={"idempotency_key": "r"})).status_code == 200
    answer = await chat.http.post(replies.format(**second), json={"idempotency_key": "r"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "key_reused")
    assert len(chat.standin.seen) == 3


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs"])
async def test_a_probe_may_ask_for_the_head_alone(chat: Chat, path: str) -> None:
    whole, head = await chat.http.get(path), await chat.http.head(path)
    assert (head.status_code, head.headers["content-type"]) == (200, whole.headers["content-type"])


async def test_the_description_promises_the_errors_that_come(chat: Chat) -> None:
    described = (await chat.http.get("/openapi.json")).json()
    operations = [
        operation
        for path, methods in described["paths"].items()
        for operation in methods.values()
        if not path.startswith("/v1/")
    ]
    unfit = [operation["responses"]["422"] for operation in operations if "422" in operation["responses"]]
    assert {code for one in unfit for code in one["content"]["application/json"]["examples"]} == {"key_reused"}
    assert any("400" in operation["responses"] for operation in operations)
    assert "HTTPValidationError" not in described["components"]["schemas"]
    refused = await chat.http.get("/api/sessions", params={"limit": 0})
    assert refused.status_code == 400
    assert refused.json().keys() == {"error"}
    assert described["components"]["schemas"]["Error"]["required"] == ["error"]


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/nothing", "/chat/nothing", "/docs-static/nothing", "/api/sessions/x/y"]
)
async def test_what_there_is_not_is_told_in_one_form(chat: Chat, path: str) -> None:
    answer = await chat.http.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"].keys() == {"code", "message"}


async def test_a_session_that_is_gone_is_told_without_a_promise(chat: Chat) -> None:
    missing = "/chat/history/01900000-0000-7000-8000-000000000001"
    said = (await chat.http.get(missing, headers={"Accept-Language": "en"})).json()["error"]
    assert said["code"] == "session_not_found"
    assert "new one" not in said["message"]


async def test_a_long_history_comes_whole_and_in_parts(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "PAGE", 3)
    monkeypatch.setattr("thai_chat.api.histories._AT_ONCE", 2)
    session_id = (await chat.http.post("/chat", json={"query": "หนึ่ง"})).json()["session_id"]
    address = f"/chat/history/{session_id}"
    assert "content-length" in (await chat.http.get(address)).headers
    for query in ("สอง", "สาม"):
        await chat.http.post("/chat", json={"query": query, "session_id": session_id})
    for before, orders in ((None, [1, 2, 3, 4, 5, 6]), (6, [1, 2, 3, 4, 5]), (4, [1, 2, 3])):
        answer = await chat.http.get(address, params={"before_order": before} if before else {})
        body = answer.json()
        assert ("content-length" in answer.headers) == (len(orders) <= histories.PAGE)
        assert [message["message_order"] for message in body["history"]] == orders
        assert (body["total"], body["has_earlier"]) == (6, False)
