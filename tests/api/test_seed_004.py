"""The fourth design's examples over HTTP, on a real PostgreSQL: lives of conversations, contexts, branches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import serving
from tests.histories import PostgresStores, straight
from tests.postgres_servers import PostgresServer
from tests.standins.openai_server import OpenAIStandin
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.branching import MOST_MESSAGES
from thai_chat.chat.service import ChatService
from thai_chat.domain.contexts import MOST_CONTEXTS
from thai_chat.routing.router import Router
from thai_chat.settings import Settings

CONTEXT = {"doc_id": "hr-policy.pdf", "content": "You get 15 days PTO", "score": 0.87, "metadata": {"page": 12}}
MANY = """
INSERT INTO chat_messages (message_id, session_id, parent_id, role, content, message_order, status)
SELECT md5(n::text)::uuid, s.session_id, CASE n WHEN 2 THEN s.leaf_id ELSE md5((n - 1)::text)::uuid END, 'user',
    'ข้อ ' || n, n, 'complete'
FROM chat_sessions s, generate_series(2, %s + 1) n WHERE s.session_id = %s ORDER BY n"""
QUESTION = "What is our vacation policy?"


class Chat:
    def __init__(self, http: Any, history: PostgresStores) -> None:
        self.http = http
        self.history = history

    async def conversation(self, **body: Any) -> str:
        made = await self.http.post("/conversations", json=body)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def say(self, conversation_id: str, role: str, content: str, **more: Any) -> str:
        body = {"role": role, "content": content, "reply": False, **more}
        said = await self.http.post(f"/conversations/{conversation_id}/messages", json=body)
        assert said.status_code == 201, said.text
        return str(said.json()["message_id"])

    async def shown(self, conversation_id: str) -> list[tuple[str, str]]:
        found = (await self.http.get(f"/conversations/{conversation_id}")).json()
        return [(one["role"], one["content"]) for one in found["messages"]]


@pytest.fixture
async def chat(postgres: PostgresServer, own_database: str, standin: OpenAIStandin) -> AsyncIterator[Chat]:
    settings = Settings(vllm_base_url=standin.base_url, ollama_host=None)
    async with straight(postgres.address(own_database)) as history:
        router = Router(build_backends(settings), kinds=KINDS)
        await router.start()
        service = ChatService(history.storage, router, max_history_messages=50)
        service.start()
        try:
            async with serving(service) as http:
                yield Chat(http, history)
        finally:
            await service.close()
            await router.close()


async def test_conversation_lifecycle(chat: Chat) -> None:
    conversation = await chat.conversation()
    await chat.say(conversation, "user", "Hello")
    await chat.say(conversation, "assistant", "Hi there")
    history = await chat.shown(conversation)
    assert len(history) == 2
    assert history == [("user", "Hello"), ("assistant", "Hi there")]


async def test_history_limit(chat: Chat) -> None:
    conversation = await chat.conversation()
    for number in range(10):
        await chat.say(conversation, "user", f"Message {number}")
    page = (await chat.http.get(f"/conversations/{conversation}/messages?limit=6")).json()
    assert [one["content"] for one in page["history"]] == [f"Message {number}" for number in range(4, 10)]
    assert page["has_more"]


async def test_conversations_are_listed_read_and_deleted(chat: Chat) -> None:
    conversation = await chat.conversation(dept_id="hr", metadata={"model": "m", "config": {"k": 3}})
    answer = await chat.http.post(f"/conversations/{conversation}/messages", json={"query": QUESTION})
    assert answer.status_code == 200
    listed = (await chat.http.get("/conversations?limit=20")).json()["sessions"]
    assert [(one["id"], one["title"], one["dept_id"]) for one in listed] == [(conversation, QUESTION, "hr")]
    whole = (await chat.http.get(f"/conversations/{conversation}")).json()
    assert [one["role"] for one in whole["messages"]] == ["user", "assistant"]
    assert (whole["total"], whole["has_earlier"]) == (2, False)
    assert whole["metadata"] == {"model": "m", "config": {"k": 3}, "dept_id": "hr"}
    assert "messages" not in (await chat.http.get(f"/api/sessions/{conversation}")).json()
    same = (await chat.http.get(f"/api/sessions/{conversation}?messages=true")).json()
    assert same == whole
    assert (await chat.http.delete(f"/conversations/{conversation}")).status_code == 204
    assert (await chat.http.get("/conversations")).json()["sessions"] == []


async def test_list_user_conversations_by_department(chat: Chat) -> None:
    made = [await chat.conversation(dept_id=dept) for dept in ("hr", "ฝ่ายขาย", "hr")]
    found = (await chat.http.get("/conversations", params={"dept_id": "hr", "total": True})).json()
    assert ([one["id"] for one in found["sessions"]], found["total"]) == ([made[2], made[0]], 2)


async def test_contexts_are_kept_with_a_message_and_given_back(chat: Chat) -> None:
    conversation = await chat.conversation()
    message = await chat.say(conversation, "assistant", "15 days", function_calls=[{"name": "search"}])
    address = f"/conversations/{conversation}/messages/{message}"
    other = {"doc_id": "faq.md", "content": "ลาได้ 15 วัน", "score": 0.9}
    kept = await chat.http.post(f"{address}/contexts/", json={"contexts": [CONTEXT, other]})
    assert kept.status_code == 201
    assert [one["doc_id"] for one in kept.json()["contexts"]] == ["faq.md", "hr-policy.pdf"]
    again = await chat.http.post(f"{address}/contexts", json={"contexts": [{**CONTEXT, "score": 0.95}]})
    first, second = again.json()["contexts"]
    assert ({**first, "id": 0}, second["doc_id"]) == ({**CONTEXT, "score": 0.95, "id": 0}, "faq.md")
    assert (await chat.http.get(f"{address}/contexts")).json() == again.json()
    one = (await chat.http.get(address)).json()
    assert (one["contexts"], one["function_calls"]) == (again.json()["contexts"], [{"name": "search"}])
    assert [version["message_id"] for version in one["versions"]] == [message]


async def test_contexts_are_bounded_and_belong_to_a_message(chat: Chat) -> None:
    conversation = await chat.conversation()
    message = await chat.say(conversation, "assistant", "15 days")
    address = f"/conversations/{conversation}/messages/{message}/contexts"
    many = [{"content": f"{number}"} for number in range(MOST_CONTEXTS)]
    assert (await chat.http.post(address, json={"contexts": many})).status_code == 201
    full = await chat.http.post(address, json={"contexts": [CONTEXT]})
    assert (full.status_code, full.json()["error"]["code"]) == (400, "too_many_contexts")
    assert len((await chat.http.get(address)).json()["contexts"]) == MOST_CONTEXTS
    for bad in ({"contexts": []}, {"contexts": [{"content": "x" * 50_001}]}, {"contexts": [{"score": "nan"}]}):
        assert (await chat.http.post(address, json=bad)).status_code == 400
    deep: Any = {}
    for _ in range(40):
        deep = {"a": deep}
    refused = await chat.http.post(address, json={"contexts": [{"metadata": deep}]})
    assert refused.json()["error"]["code"] == "metadata_too_large"
    nobody = address.replace(message, str(uuid4()))
    for method in (chat.http.get, lambda at: chat.http.post(at, json={"contexts": [CONTEXT]})):
        assert (await method(nobody)).status_code == 404
    await chat.http.delete(f"/conversations/{conversation}/messages/{message}")
    assert (await chat.http.post(address, json={"contexts": [CONTEXT]})).status_code == 404


async def test_contexts_are_exported_and_imported_and_go_with_their_message(chat: Chat) -> None:
    conversation = await chat.conversation(dept_id="hr")
    message = await chat.say(conversation, "assistant", "15 days")
    address = f"/conversations/{conversation}/messages/{message}"
    await chat.http.post(f"{address}/contexts", json={"contexts": [CONTEXT]})
    exported = await chat.http.get(f"/conversations/{conversation}/export?format=json")
    await chat.http.delete(f"/conversations/{conversation}?permanent=true")
    assert (await chat.http.get(address)).status_code == 404
    imported = await chat.http.post("/api/import", files={"files": ("chats.json", exported.content)})
    assert imported.status_code == 200, imported.text
    back = (await chat.http.get(f"{address}/contexts")).json()["contexts"]
    assert [{**one, "id": 0} for one in back] == [{**CONTEXT, "id": 0}]
    assert (await chat.http.get(f"/conversations/{conversation}")).json()["dept_id"] == "hr"
    await chat.http.delete(f"{address}?permanent=true")
    assert (await chat.http.get(f"{address}/contexts")).json()["contexts"] == []


async def test_conversation_branching(chat: Chat) -> None:
    conversation = await chat.conversation(title="วันลา", dept_id="hr", options={"temperature": 0.5})
    await chat.http.patch(f"/conversations/{conversation}", json={"tags": ["งาน"], "folder": "บ้าน", "pinned": True})
    said = [await chat.say(conversation, "user", QUESTION), await chat.say(conversation, "assistant", "15 days")]
    gone = await chat.say(conversation, "user", "ลบทิ้ง")
    await chat.say(conversation, "user", "How do I request it?")
    last = await chat.say(conversation, "assistant", "In the portal")
    await chat.http.delete(f"/conversations/{conversation}/messages/{gone}")
    await chat.http.post(f"/conversations/{conversation}/messages/{said[1]}/contexts", json={"contexts": [CONTEXT]})
    made = await chat.http.post(f"/conversations/{conversation}/branch/", json={"message_id": last})
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["title"], body["dept_id"], body["tags"], body["folder"], body["options"], body["pinned_at"]) == (
        "วันลา",
        "hr",
        ["งาน"],
        "บ้าน",
        {"temperature": 0.5},
        None,
    )
    assert made.headers["location"] == f"/conversations/{body['id']}"
    assert await chat.shown(body["id"]) == await chat.shown(conversation)
    copied = (await chat.http.get(f"/conversations/{body['id']}/messages")).json()["history"]
    assert not {one["message_id"] for one in copied} & {*said, gone, last}
    contexts = await chat.http.get(f"/conversations/{body['id']}/messages/{copied[1]['message_id']}/contexts")
    assert [one["doc_id"] for one in contexts.json()["contexts"]] == ["hr-policy.pdf"]
    short = await chat.http.post(
        f"/conversations/{conversation}/branch", json={"message_id": said[0], "title": "อีกทาง"}
    )
    assert (short.json()["title"], await chat.shown(short.json()["id"])) == ("อีกทาง", [("user", QUESTION)])
    answered = await chat.http.post(f"/conversations/{body['id']}/messages", json={"query": "แล้ว?"})
    assert answered.status_code == 200
    assert len(await chat.shown(conversation)) == 4


async def test_a_branch_is_of_the_versions_that_lead_to_its_message(chat: Chat) -> None:
    conversation = await chat.conversation()
    first = (await chat.http.post(f"/conversations/{conversation}/messages", json={"query": "หนึ่ง"})).json()
    again = await chat.http.post(f"/conversations/{conversation}/messages/{first['message_id']}/replies", json={})
    await chat.http.post(f"/conversations/{conversation}/messages", json={"query": "สอง"})
    for message_id in (first["message_id"], again.json()["message_id"]):
        made = await chat.http.post(f"/conversations/{conversation}/branch", json={"message_id": message_id})
        assert [role for role, _ in await chat.shown(made.json()["id"])] == ["user", "assistant"]


async def test_a_branch_is_made_once_for_one_key_and_only_of_what_is_there(chat: Chat) -> None:
    conversation = await chat.conversation()
    message = await chat.say(conversation, "user", QUESTION)
    address = f"/conversations/{conversation}/branch"
    headers = {"Idempotency-Key": '"k1"'}
    ids = {
        (await chat.http.post(address, json={"message_id": message}, headers=headers)).json()["id"] for _ in range(2)
    }
    assert len(ids) == 1
    other = await chat.say(await chat.conversation(), "user", "อื่น")
    for wrong in (str(uuid4()), other):
        assert (await chat.http.post(address, json={"message_id": wrong})).status_code == 404


async def test_a_branch_is_bounded(chat: Chat, postgres: PostgresServer, own_database: str) -> None:
    conversation = await chat.conversation()
    await chat.say(conversation, "user", QUESTION)
    postgres.query(MANY, MOST_MESSAGES, conversation, database=own_database)
    grown = "UPDATE chat_sessions SET message_count = %s + 1, leaf_id = md5(%s::text)::uuid WHERE session_id = %s"
    postgres.query(grown, MOST_MESSAGES, MOST_MESSAGES + 1, conversation, database=own_database)
    newest = (await chat.http.get(f"/conversations/{conversation}/messages?limit=2")).json()["history"]
    address = f"/conversations/{conversation}/branch"
    long = await chat.http.post(address, json={"message_id": newest[1]["message_id"]})
    assert (long.status_code, long.json()["error"]["code"]) == (400, "branch_too_long")
    made = await chat.http.post(address, json={"message_id": newest[0]["message_id"]})
    assert (made.status_code, made.json()["message_count"]) == (201, MOST_MESSAGES)
