"""Requests that are sent again, one after the other and many at once: with one idempotency key they are one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.conftest import Chat, serving
from tests.api.streams import events_of
from tests.histories import MemoryStores, Stores, opened
from tests.history_writes import begin, finish
from tests.ports import free_port
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.service import ChatService
from thai_chat.domain.people import LOCAL
from thai_chat.domain.repeating import fingerprint, id_for
from thai_chat.routing.router import Router
from thai_chat.settings import Settings

SLOW = Script(tokens=thai_tokens(40), delay_ms=15)


@asynccontextmanager
async def app(stores: Stores, standin: OpenAIStandin) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of a process with these stores."""
    router = Router(build_backends(Settings(vllm_base_url=standin.base_url, ollama_host=None)), kinds=KINDS)
    await router.start()
    service = ChatService(stores.storage, router, max_history_messages=20)
    service.start()
    try:
        async with serving(service) as http:
            yield http
    finally:
        await service.close()
        await router.close()


def of_key(key: str, **more: object) -> dict[str, Any]:
    return {"query": "ส้มตำใส่อะไรบ้าง", "idempotency_key": key, **more}


async def ask(http: httpx.AsyncClient, body: Mapping[str, Any]) -> str:
    """Ask and return the reply's session, id and text, whichever way it comes."""
    if not body.get("stream"):
        answer = await http.post("/chat", json=body)
        assert answer.status_code == 200, answer.text
        said = answer.json()
    else:
        async with http.stream("POST", "/chat", json=body) as streamed:
            assert streamed.status_code == 200
            said = [event.body async for event in events_of(streamed) if event.name == "completed"][-1]
    return f"{said['session_id']} {said['message_id']} {said['response']}"


@pytest.mark.parametrize("store", ["memory", "postgresql", "outage"])
async def test_twenty_at_once_are_one_turn(
    store: str, standin: OpenAIStandin, database_url: str, tmp_path: Path
) -> None:
    key = uuid4().hex
    async with AsyncExitStack() as stack:
        stores: Stores = MemoryStores()
        if store != "memory":
            nobody = f"postgresql://chat@127.0.0.1:{free_port()}/chat"
            address = database_url if store == "postgresql" else nobody
            stores = await stack.enter_async_context(opened(address, tmp_path))
        http = await stack.enter_async_context(app(stores, standin))
        answers = await asyncio.gather(*(ask(http, of_key(key, stream=bool(number % 2))) for number in range(20)))
        assert len(set(answers)) == 1
        assert await ask(http, of_key(key)) == answers[0]
        assert len(standin.seen) == 1
        history = (await http.get(f"/chat/history/{answers[0].split()[0]}")).json()["history"]
        assert [message["role"] for message in history] == ["user", "assistant"]


async def test_two_replicas_take_one_turn(standin: OpenAIStandin, database_url: str, tmp_path: Path) -> None:
    key = uuid4().hex
    async with (
        opened(database_url, tmp_path / "a") as stores_a,
        opened(database_url, tmp_path / "b") as stores_b,
        app(stores_a, standin) as a,
        app(stores_b, standin) as b,
    ):
        body = of_key(key)
        answers = await asyncio.gather(*(ask(http, body) for http in (a, b) for _ in range(5)))
        assert (len(set(answers)), len(standin.seen)) == (1, 1)
        assert await ask(b, of_key(key, stream=True)) == answers[0]


async def test_a_repeated_request_follows_the_reply_that_grows(chat: Chat) -> None:
    chat.standin.scripts["thai-model"] = SLOW
    body = of_key("grows", stream=True)
    async with chat.http.stream("POST", "/chat", json=body) as first:
        events = events_of(first)
        seen = [await anext(events), await anext(events)]
        whole = asyncio.create_task(ask(chat.http, of_key("grows")))
        async with chat.http.stream("POST", "/chat", json=body) as second:
            again = [event async for event in events_of(second)]
        seen += [event async for event in events]
    texts = ["".join(event.body["text"] for event in one if event.name == "delta") for one in (seen, again)]
    assert texts[0] == texts[1] == (await whole).split(" ", 2)[2]
    assert len(chat.standin.seen) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"query": "ลาบใส่อะไรบ้าง"},
        {"backend": "vllm"},
        {"model": "other-model"},
        {"options": {"temperature": 0.5}},
        {"options": {"temperature": None}},
        {"session_options": {}},
        {"compare": [{"model": "other-model"}]},
    ],
    ids=["query", "backend", "model", "option", "no option", "session_options", "compare"],
)
async def test_a_key_is_refused_with_another_request(chat: Chat, changed: dict[str, Any]) -> None:
    body = of_key("k")
    first = await ask(chat.http, body)
    refused = await chat.http.post("/chat", json={**body, **changed})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "key_reused")
    assert await ask(chat.http, body) == first
    assert len(chat.standin.seen) == 1


async def test_white_space_and_what_does_not_change_the_meaning_are_no_other_request(chat: Chat) -> None:
    first = await ask(chat.http, of_key("k"))
    for same in ({"query": " ส้มตำใส่อะไรบ้าง\n"}, {"options": {}, "stream": True}, {"session_id": first.split()[0]}):
        assert await ask(chat.http, {**of_key("k"), **same}) == first


async def test_a_key_of_a_question_is_none_of_a_reply(chat: Chat) -> None:
    first = (await chat.http.post("/chat", json={"query": "ก"})).json()
    turns = f"/api/sessions/{first['session_id']}/messages"
    replies = f"{turns}/{first['message_id']}/replies"
    assert (await chat.http.post(replies, json={}, headers={"Idempotency-Key": "r"})).status_code == 200
    refused = await chat.http.post(turns, json={"query": "ก"}, headers={"Idempotency-Key": "r"})
    assert refused.json()["error"]["code"] == "key_reused"
    asked = (await chat.http.post(turns, json={"query": "ข"}, headers={"Idempotency-Key": "q"})).json()
    replies = f"{turns}/{asked['message_id']}/replies"
    refused = await chat.http.post(replies, json={}, headers={"Idempotency-Key": "q"})
    assert refused.json()["error"]["code"] == "key_reused"


async def test_a_reply_that_is_asked_for_again_is_made_once(chat: Chat) -> None:
    first = (await chat.http.post("/chat", json={"query": "ก"})).json()
    replies = f"/api/sessions/{first['session_id']}/messages/{first['message_id']}/replies"
    headers = {"Idempotency-Key": '"again"'}
    answers = await asyncio.gather(*(chat.http.post(replies, json={}, headers=headers) for _ in range(5)))
    assert len({answer.json()["message_id"] for answer in answers}) == 1
    for other in ({"continues": True}, {"model": "other-model"}):
        refused = await chat.http.post(replies, json=other, headers=headers)
        assert refused.json()["error"]["code"] == "key_reused"
    assert len(chat.standin.seen) == 2


@pytest.mark.parametrize(
    ("header", "same"),
    [
        ('"8e03978e-40d5"', "8e03978e-40d5"),
        ("8e03978e-40d5", '"8e03978e-40d5"'),
        (r'"a \"b\" \\"', None),
        ("a/b+c==", None),
    ],
    ids=["quoted", "bare", "escaped", "base64"],
)
async def test_the_key_may_come_as_a_header(chat: Chat, header: str, same: str | None) -> None:
    body = {"query": "ก"}
    answers = [
        (await chat.http.post("/chat", json=body, headers={"Idempotency-Key": one})).json()["message_id"]
        for one in (header, same or header)
    ]
    assert answers[0] == answers[1]
    assert len(chat.standin.seen) == 1


async def test_header_and_body_may_name_one_key_and_no_other(chat: Chat) -> None:
    first = await ask(chat.http, of_key("k"))
    both = await chat.http.post("/chat", json=of_key("k"), headers={"Idempotency-Key": '"k"'})
    assert both.json()["message_id"] == first.split()[1]
    for keys in ([("Idempotency-Key", "other")], [("Idempotency-Key", "k"), ("Idempotency-Key", "other")]):
        refused = await chat.http.post("/chat", json=of_key("k"), headers=keys)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "keys_differ")


@pytest.mark.parametrize(
    "header",
    ["", '""', '"a', 'a"', "a b", "a,b", '"a";x=1', "x" * 101, f'"{"x" * 101}"', '"กุญแจ"'.encode()],
    ids=["empty", "empty quoted", "open", "closed", "two words", "a list", "parameters", "long", "long quoted", "thai"],
)
async def test_a_header_that_holds_no_key_is_refused(chat: Chat, header: str | bytes) -> None:
    refused = await chat.http.post("/chat", json={"query": "ก"}, headers=[(b"Idempotency-Key", header)])  # type: ignore[list-item]
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_key")
    assert not chat.standin.seen


async def test_a_session_in_the_trash_stays_there_and_one_that_is_gone_begins_anew(chat: Chat) -> None:
    first = await ask(chat.http, of_key("k"))
    address = f"/api/sessions/{first.split()[0]}"
    await chat.http.delete(address)
    assert await ask(chat.http, of_key("k")) == first
    assert (await chat.http.get(address)).json()["deleted_at"]
    await chat.http.delete(address, params={"permanent": True})
    anew = await ask(chat.http, of_key("k", query="ใหม่"))
    assert (anew.split()[0], anew.split()[1] != first.split()[1]) == (first.split()[0], True)


async def test_a_question_that_was_wiped_is_not_asked_again(chat: Chat) -> None:
    first = await ask(chat.http, of_key("k"))
    history = (await chat.http.get(f"/chat/history/{first.split()[0]}")).json()["history"]
    address = f"/api/sessions/{first.split()[0]}/messages/{history[0]['message_id']}"
    assert (await chat.http.delete(address, params={"permanent": True})).status_code == 204
    assert (await chat.http.post("/chat", json=of_key("k"))).json()["error"]["code"] == "message_not_found"
    assert len(chat.standin.seen) == 1


async def test_a_temporary_session_can_be_begun_again_too(chat: Chat) -> None:
    body = of_key("k", temporary=True)
    assert await ask(chat.http, body) == await ask(chat.http, body)
    refused = await chat.http.post("/chat", json=of_key("k"))
    assert refused.json()["error"]["code"] == "key_reused"


async def test_a_turn_of_an_earlier_version_is_known_by_its_text(chat: Chat) -> None:
    write = begin(LOCAL.user_id, question="สวัสดี", idempotency_key="old")
    await chat.history.write(write)
    await chat.history.write(finish(write))
    body = {"query": "สวัสดี", "model": "thai-model", "idempotency_key": "old", "session_id": str(write.session_id)}
    assert (await ask(chat.http, body)).split()[1] == str(write.reply_id)
    refused = await chat.http.post("/chat", json={**body, "query": "ลาก่อน"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "key_reused")


@pytest.mark.parametrize("address", ["/api/sessions", "/api/conversations", "/api/chat/start"])
async def test_a_session_without_messages_is_made_once(chat: Chat, address: str) -> None:
    body, headers = {"title": "วันลา", "dept_id": "hr"}, {"Idempotency-Key": "k"}
    answers = await asyncio.gather(*(chat.http.post(address, json=body, headers=headers) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["session_id"] for answer in answers}) == 1
    session_id = answers[0].json()["session_id"]
    refused = await chat.http.post(address, json={**body, "dept_id": "it"}, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "key_reused")
    tag = {"If-None-Match": answers[0].headers["ETag"]}
    assert (await chat.http.get(f"/api/sessions/{session_id}", headers=tag)).status_code == 304
    asked = await chat.http.post("/chat", json={"query": "ก"}, headers=headers)  # the key is another one for a turn
    assert asked.json()["session_id"] != session_id
    assert len((await chat.http.get("/api/sessions")).json()["sessions"]) == 2


async def test_a_branch_is_made_once(standin: OpenAIStandin, database_url: str, tmp_path: Path) -> None:
    async with opened(database_url, tmp_path) as stores, app(stores, standin) as http:
        first = (await http.post("/chat", json={"query": "ก"})).json()
        address, headers = f"/api/sessions/{first['session_id']}/branch", {"Idempotency-Key": uuid4().hex}
        body = {"message_id": first["message_id"]}
        made = [(await http.post(address, json=body, headers=headers)).json()["session_id"] for _ in range(2)]
        assert made[0] == made[1] != first["session_id"]
        refused = await http.post(address, json={**body, "title": "อีกชื่อ"}, headers=headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "key_reused")
        again = (await http.post(f"/api/sessions/{made[0]}/branch", json=body)).json()
        assert again["error"]["code"] == "message_not_found"


async def test_a_preset_is_made_once(chat: Chat) -> None:
    body, headers = {"preset_name": "สั้น", "options": {"temperature": 0.2}}, {"Idempotency-Key": "k"}
    answers = await asyncio.gather(*(chat.http.post("/api/presets", json=body, headers=headers) for _ in range(5)))
    made = {(answer.status_code, answer.json()["preset_id"]) for answer in answers}
    assert len(made) == len((await chat.http.get("/api/presets")).json()["presets"]) == 1
    refused = await chat.http.post("/api/presets", json={**body, "preset_name": "ยาว"}, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "key_reused")
    address = f"/api/presets/{answers[0].json()['preset_id']}"
    assert (await chat.http.delete(address)).status_code == 204
    assert (await chat.http.post("/api/presets", json=body, headers=headers)).status_code == 201


def test_keys_belong_to_one_person_and_one_kind_of_thing() -> None:
    ids = [id_for(*who, made="turn") for who in (("a", "k"), ("b", "k"), ("a", "kk"), ("ak", ""))]
    assert len({*ids, id_for("a", "k", made="session")}) == 5
    assert ids[0] == UUID("b1661035-3ebb-5342-8c90-082991f8e9a1")


def test_a_fingerprint_is_the_same_in_later_versions() -> None:
    known = fingerprint({"text": "สวัสดี", "model": None, "options": {"b": 1, "a": 2.5}})
    assert known == fingerprint({"options": {"a": 2.5, "b": 1}, "text": "สวัสดี", "new": [], "other": False})
    assert known == "1HMCzGWxgAchuwJ3AqcxaA"


@pytest.mark.parametrize("depth", [200, 500, 900])
async def test_what_is_nested_deeply_is_refused_or_kept_but_no_failure(chat: Chat, depth: int) -> None:
    text = f'{{"query": "ก", "idempotency_key": "k", "audio_files": [{"[" * depth}{"]" * depth}]}}'
    answer = await chat.http.post("/chat", content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400), answer.text
