"""`POST /chat`, plain and streaming, and the history it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests.api.conftest import Chat, serving
from tests.api.streams import events_of, require_stream, text_of
from tests.standins.script import Script, openai_error, thai_tokens
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.service import ChatService
from thai_chat.domain.messages import Choice, Status
from thai_chat.domain.writes import BeginTurn, FinishReply
from thai_chat.routing.router import Router
from thai_chat.settings import Settings

QUESTION = "น้ำท่วมกรุงเทพฯ 👩‍💻 why?"


def another_service(chat: Chat) -> ChatService:
    """Return the service of another process over the same history."""
    backends = build_backends(Settings(vllm_base_url=chat.standin.base_url, ollama_host=None))
    return ChatService(chat.history.storage, Router(backends, kinds=KINDS), max_history_messages=1)


async def test_a_question_is_answered_with_the_promised_body(chat: Chat) -> None:
    answer = await chat.http.post("/chat", json={"query": QUESTION})
    body = answer.json()
    assert answer.status_code == 200
    assert body["response"] == chat.standin.script.text
    assert body["query"] == QUESTION
    assert body["audio_files"] == []
    assert body["audio_provided"] is False
    assert body["conversation_length"] == 2
    assert body["backend"] == "vllm"
    assert body["model"] == "thai-model"


async def test_a_session_goes_on_and_the_model_is_sent_what_was_said(chat: Chat) -> None:
    first = (await chat.http.post("/chat", json={"query": "หนึ่ง"})).json()
    second = await chat.http.post("/chat", json={"query": "สอง", "session_id": first["session_id"]})
    assert second.json()["conversation_length"] == 4
    sent = chat.standin.seen[-1].body["messages"]
    assert [m["content"] for m in sent] == ["หนึ่ง", chat.standin.script.text, "สอง"]


async def test_the_model_can_be_changed_in_the_middle_of_a_session(chat: Chat) -> None:
    session_id = (await chat.http.post("/chat", json={"query": "a"})).json()["session_id"]
    body = {"query": "b", "session_id": session_id, "backend": "vllm", "model": "other-model"}
    assert (await chat.http.post("/chat", json=body)).json()["model"] == "other-model"
    kept = (await chat.http.post("/chat", json={"query": "c", "session_id": session_id})).json()
    assert kept["model"] == "other-model"
    history = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"]
    assert [m["model"] for m in history if m["role"] == "assistant"] == ["thai-model", "other-model", "other-model"]


async def test_the_history_has_every_field_of_a_message_oldest_first(chat: Chat) -> None:
    session_id = (await chat.http.post("/chat", json={"query": QUESTION})).json()["session_id"]
    body = (await chat.http.get(f"/chat/history/{session_id}")).json()
    question, reply = body["history"]
    assert body["session_id"] == session_id
    assert (question["role"], question["content"], question["message_order"]) == ("user", QUESTION, 1)
    assert (reply["role"], reply["status"], reply["parent_id"]) == ("assistant", "complete", question["message_id"])
    assert reply["completion_tokens"] > 0
    assert 0 <= reply["first_token_ms"] <= reply["latency_ms"]
    assert reply["created_at"].endswith(("+00:00", "Z"))


async def test_a_stream_starts_grows_and_ends_with_the_plain_body(chat: Chat) -> None:
    async with chat.http.stream("POST", "/chat", json={"query": QUESTION, "stream": True}) as response:
        require_stream(response)
        events = [event async for event in events_of(response)]
    assert events[0].name == "started"
    assert set(events[0].body) == {"session_id", "message_id", "backend", "model"}
    assert text_of(events) == chat.standin.script.text
    assert [event.name for event in events].count("completed") == 1
    assert events[-1].name == "completed"
    assert events[-1].body["response"] == chat.standin.script.text
    assert len({event.event_id for event in events}) == len(events)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"query": "  \n"}, 400, "empty_question"),
        ({"query": "ก" * 350_000}, 413, "question_too_long"),
        ({"query": "a\x00b"}, 400, "unreadable_text"),
        ({"query": "x", "session_id": "not-an-id"}, 400, "invalid_identifier"),
        ({"query": "x", "backend": "nothing"}, 400, "unknown_backend"),
        ({"query": 7}, 400, "bad_input"),
        ({}, 400, "bad_input"),
        ({"query": "x", "model": "a\x00b"}, 400, "unreadable_text"),
        ({"query": "x", "idempotency_key": "a\x00b"}, 400, "unreadable_text"),
        ({"query": "x", "model": "m" * 101}, 400, "bad_input"),
    ],
)
async def test_bad_input_is_refused_in_plain_words(chat: Chat, body: object, status: int, code: str) -> None:
    answer = await chat.http.post("/chat", json=body, headers={"Accept-Language": "th"})
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == code
    assert any("\u0e00" <= char <= "\u0e7f" for char in error["message"])
    assert chat.standin.seen == []


async def test_half_a_surrogate_pair_is_refused_in_plain_words(chat: Chat) -> None:
    answer = await chat.http.post(
        "/chat", content=b'{"query": "a\\ud83db"}', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "unreadable_text"


async def test_a_body_that_is_no_json_is_refused_in_plain_words(chat: Chat) -> None:
    answer = await chat.http.post("/chat", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_input"


async def test_a_body_of_five_megabytes_is_refused_before_it_is_read(chat: Chat) -> None:
    answer = await chat.http.post("/chat", json={"query": "a" * 5_000_000})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "question_too_long")


async def test_a_body_without_a_length_is_refused_where_it_becomes_too_long(chat: Chat) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'{"query": "'
        for _ in range(80):
            yield b"a" * 65_536

    headers = {"Content-Type": "application/json"}
    answer = await chat.http.post("/chat", content=endless(), headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "question_too_long")


@pytest.mark.parametrize(
    ("script", "code", "kept"),
    [
        (Script(fault="drop", fault_after=5), "reply_cut", 5),
        (Script(fault="end", fault_after=5), "reply_cut", 5),
        (Script(fault="garbage", fault_after=3), "backend_garbled", 3),
        (Script(fault="close"), "backend_unreachable", 0),
        (openai_error(404, "The model `x` does not exist.", code="model_not_found"), "model_not_found", 0),
    ],
)
async def test_a_reply_that_fails_says_why_and_keeps_question_and_part(
    chat: Chat, script: Script, code: str, kept: int
) -> None:
    chat.standin.script = script
    session_id = str(uuid4())
    answer = await chat.http.post("/chat", json={"query": QUESTION, "session_id": session_id})
    assert answer.status_code >= 500
    assert answer.json()["error"]["code"] == code
    question, reply = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"]
    assert question["content"] == QUESTION
    assert reply["status"] == "failed"
    assert reply["content"] == "".join(script.tokens[:kept])
    assert reply["metadata"]["error"]["code"] == code


async def test_a_repeated_request_with_the_same_key_is_one_turn(chat: Chat) -> None:
    body = {"query": QUESTION, "session_id": str(uuid4()), "idempotency_key": "k1"}
    answers = await asyncio.gather(*(chat.http.post("/chat", json=body) for _ in range(3)))
    later = await chat.http.post("/chat", json=body)
    assert {answer.json()["message_id"] for answer in (*answers, later)} == {later.json()["message_id"]}
    history = (await chat.http.get(f"/chat/history/{body['session_id']}")).json()["history"]
    assert len(history) == 2
    assert len(chat.standin.seen) == 1


async def test_a_request_repeated_at_another_process_is_answered_with_the_whole_reply(chat: Chat) -> None:
    chat.standin.script = Script(tokens=thai_tokens(60), delay_ms=10)
    session_id = str(uuid4())
    turn = {"query": QUESTION, "idempotency_key": "k3"}
    body = {**turn, "session_id": session_id}
    place = f"/api/sessions/{session_id}/messages"
    accepted = await chat.http.post(place, json=turn, headers={"Prefer": "respond-async"})
    assert accepted.status_code == 202
    async with serving(another_service(chat)) as other:
        second = await other.post("/chat", json=body)
    assert (await chat.http.post("/chat", json=body)).json() == second.json()
    assert (second.json()["response"], second.json()["status"]) == (chat.standin.script.text, "complete")
    assert len(chat.standin.seen) == 1


@pytest.mark.parametrize(("script", "last"), [(Script(), "completed"), (Script(fault="close"), "error")])
async def test_a_repeated_stream_of_an_ended_reply_is_its_begin_and_its_end(
    chat: Chat, script: Script, last: str
) -> None:
    chat.standin.script = script
    body = {"query": QUESTION, "session_id": str(uuid4()), "idempotency_key": "k2"}
    await chat.http.post("/chat", json=body)
    # It is so after a restart: this service has never seen the reply alive.
    async with (
        serving(another_service(chat)) as http,
        http.stream("POST", "/chat", json=body | {"stream": True}) as response,
    ):
        events = [event async for event in events_of(response)]
    assert [event.name for event in events] == ["started", last]


async def test_a_reply_that_the_providers_filter_broke_off_keeps_its_part_and_says_so(chat: Chat) -> None:
    chat.standin.script = Script(finish_reason="content_filter")
    body = (await chat.http.post("/chat", json={"query": QUESTION})).json()
    assert body["response"] == chat.standin.script.text
    assert body["metadata"]["notices"] == [{"code": "reply_broken_by_filter"}]


async def test_a_reply_of_which_the_providers_filter_left_nothing_is_no_answer(chat: Chat) -> None:
    chat.standin.script = Script(tokens=(), finish_reason="content_filter")
    answer = await chat.http.post("/chat", json={"query": QUESTION})
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "reply_filtered")


async def test_the_text_of_a_reply_is_kept_when_a_model_says_nul_beside_it(chat: Chat) -> None:
    chat.standin.script = Script(finish_reason="st\x00op")
    body = (await chat.http.post("/chat", json={"query": QUESTION})).json()
    assert body["response"] == chat.standin.script.text
    assert body["metadata"]["finish_reason"] == "st\ufffdop"


async def test_a_session_whose_backend_was_taken_out_of_the_settings_goes_on_with_the_default(chat: Chat) -> None:
    write = BeginTurn(
        session_id=uuid4(),
        user_id="local",
        session_name="old",
        question_id=uuid4(),
        question="a",
        reply_id=uuid4(),
        choice=Choice("openai", "gpt-x"),
        at=datetime.now(UTC),
    )
    await chat.history.write(write)
    ends = {"session_id": write.session_id, "reply_id": write.reply_id, "choice": write.choice, "at": write.at}
    await chat.history.write(FinishReply(**ends, content="b", status=Status.COMPLETE))
    answer = await chat.http.post("/chat", json={"query": "c", "session_id": str(write.session_id)})
    assert answer.json()["backend"] == "vllm"


async def test_a_second_question_is_refused_while_a_reply_grows(chat: Chat) -> None:
    chat.standin.script = Script(tokens=thai_tokens(2000), delay_ms=20)
    session_id = str(uuid4())
    body = {"query": QUESTION, "session_id": session_id, "stream": True}
    async with chat.http.stream("POST", "/chat", json=body) as response:
        assert response.status_code == 200
        second = await chat.http.post("/chat", json={"query": "again", "session_id": session_id})
        assert second.status_code == 409
        assert second.json()["error"]["code"] == "reply_running"
        await chat.http.post(f"/api/sessions/{session_id}/stop")


async def test_another_site_cannot_ask_in_a_persons_name(chat: Chat) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "http://[evil"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await chat.http.post("/chat", json={"query": QUESTION}, headers=headers)
        assert answer.status_code == 403
    assert (await chat.http.get("/healthz", headers={"Host": "evil.example"})).status_code == 400
    assert chat.standin.seen == []


async def test_figures_that_the_server_does_not_give_are_estimated_and_marked(chat: Chat) -> None:
    chat.standin.script = Script(tokens=("สวัสดี", "ครับ"), reasoning=("คิดก่อน" * 10,), usage=False)
    session_id = str(uuid4())
    await chat.http.post("/chat", json={"query": QUESTION, "session_id": session_id})
    reply = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"][1]
    assert reply["prompt_tokens"] == reply["metadata"]["context_used"]["estimated_tokens"]
    assert 0 < reply["reasoning_tokens"] < reply["completion_tokens"]
    assert {reply["metadata"][name] for name in ("tokens", "prompt_tokens", "reasoning_tokens")} == {"estimated"}


async def test_the_share_of_the_thinking_is_estimated_where_the_server_counts_it_in(chat: Chat) -> None:
    chat.standin.script = Script(tokens=("ตอบแล้ว",) * 5, reasoning=("คิดก่อน",) * 5)
    session_id = str(uuid4())
    await chat.http.post("/chat", json={"query": QUESTION, "session_id": session_id})
    reply = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"][1]
    assert (reply["completion_tokens"], reply["reasoning_tokens"]) == (10, 5)
    metadata = reply["metadata"]
    said = {name: metadata[name] for name in ("tokens", "prompt_tokens", "reasoning_tokens")}
    assert said == {"tokens": "exact", "prompt_tokens": "exact", "reasoning_tokens": "estimated"}


async def test_the_time_of_the_thinking_is_kept(chat: Chat) -> None:
    chat.standin.script = Script(tokens=("ตอบแล้ว",) * 2, reasoning=("คิดก่อน",) * 5, delay_ms=10)
    session_id = str(uuid4())
    await chat.http.post("/chat", json={"query": QUESTION, "session_id": session_id})
    reply = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"][1]
    assert 0 < reply["metadata"]["reasoning_ms"] <= reply["latency_ms"]


async def test_a_reply_without_thinking_has_no_time_of_it(chat: Chat) -> None:
    session_id = str(uuid4())
    await chat.http.post("/chat", json={"query": QUESTION, "session_id": session_id})
    reply = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"][1]
    assert "reasoning_ms" not in reply["metadata"]


async def test_thinking_that_was_taken_for_the_reply_is_put_right_and_never_fed_back(chat: Chat) -> None:
    chat.standin.script = Script(tokens=("คิดก่อน", "ว่าจะตอบ\n", "</think>", "\n\n", "สวัสดี", "ครับ"), delay_ms=1)
    session_id = str(uuid4())
    body = {"query": QUESTION, "session_id": session_id, "stream": True}
    async with chat.http.stream("POST", "/chat", json=body) as response:
        events = [event async for event in events_of(response)]
    assert [event.body["text"] for event in events if event.name == "rethought"] == ["คิดก่อนว่าจะตอบ"]
    at = next(at for at, event in enumerate(events) if event.name == "rethought")
    assert "".join(event.body["text"] for event in events[at:] if event.name == "delta") == "สวัสดีครับ"
    assert events[-1].body["response"] == "สวัสดีครับ"
    reply = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"][1]
    assert (reply["content"], reply["metadata"]["reasoning"]) == ("สวัสดีครับ", "คิดก่อนว่าจะตอบ")
    await chat.http.post("/chat", json={"query": "อีกที", "session_id": session_id})
    assert [message["content"] for message in chat.standin.seen[-1].body["messages"]] == [QUESTION, "สวัสดีครับ", "อีกที"]


async def test_counts_that_can_not_be_cost_a_reply_nothing(chat: Chat) -> None:
    chat.standin.script = Script(odd_counts=True)
    session_id = str(uuid4())
    answer = await chat.http.post("/chat", json={"query": QUESTION, "session_id": session_id})
    assert answer.json()["response"] == chat.standin.script.text
    reply = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"][1]
    assert 0 < reply["completion_tokens"] < 2**31
    assert reply["metadata"]["tokens"] == "estimated"
