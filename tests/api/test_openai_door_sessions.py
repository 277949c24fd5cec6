"""Answers to programs that are kept as turns of a session, and those that leave nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import openai
import pytest

from tests.api.programs import ASK, MODEL, Programs, programs
from tests.standins.program_server import chunk
from tests.standins.script import Script, openai_error, thai_tokens
from tests.standins.server import as_json

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
NAMED = "x-thai-chat-session"


@pytest.fixture
async def app() -> AsyncIterator[Programs]:
    async with programs() as app:
        yield app


async def history(app: Programs, session_id: object) -> list[dict[str, Any]]:
    answer = await app.http.get(f"/api/sessions/{session_id}/messages")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["history"]
    return found


async def sessions(app: Programs) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await app.http.get("/api/sessions")).json()["sessions"]
    return found


async def test_nothing_is_stored_of_a_program_that_names_no_session(app: Programs) -> None:
    answer = await app.client().chat.completions.with_raw_response.create(model=MODEL, messages=ASK)
    assert NAMED not in answer.headers
    assert await sessions(app) == []


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("by", ["header", "metadata"])
async def test_a_turn_is_kept_as_one_asked_on_the_page(app: Programs, by: str, stream: bool) -> None:
    app.standin.script = Script(tokens=thai_tokens(9), reasoning=("คิด", "ก่อน"))
    body: dict[str, Any] = {"model": MODEL, "messages": [{"role": "system", "content": "สั้น"}, *ASK], "stream": stream}
    wanted = str(uuid4())
    headers = {NAMED: wanted} if by == "header" else {}
    if by == "metadata":
        body["metadata"] = {"session_id": wanted}
    answer = await app.http.post("/v1/chat/completions", json=body, headers=headers)
    assert (answer.status_code, answer.headers[NAMED]) == (200, wanted)
    assert "metadata" not in app.standin.seen[-1].body
    question, reply = await history(app, wanted)
    assert (question["content"], reply["content"]) == (ASK[0]["content"], app.standin.script.text)
    assert (reply["status"], reply["backend"], reply["model"]) == ("complete", "vllm", "thai-model")
    assert reply["metadata"]["reasoning"] == "คิดก่อน"
    assert reply["completion_tokens"] == 11
    assert reply["prompt_tokens"] > 0


async def test_a_session_is_made_and_goes_on(app: Programs) -> None:
    client = app.client()
    first = await client.chat.completions.with_raw_response.create(
        model=MODEL, messages=ASK, extra_headers={NAMED: "new"}
    )
    made = first.headers[NAMED]
    assert str(UUID(made)) == made
    await client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "แล้วข้าวหมูแดงล่ะ"}], extra_headers={NAMED: made}
    )
    assert [one["role"] for one in await history(app, made)] == ["user", "assistant"] * 2
    (session,) = await sessions(app)
    assert (session["session_id"], session["session_name"]) == (made, ASK[0]["content"])
    # The record is no prompt: the model saw what the program sent, and nothing else.
    assert app.standin.seen[-1].body["messages"] == [{"role": "user", "content": "แล้วข้าวหมูแดงล่ะ"}]


@pytest.mark.parametrize("stream", [True, False])
async def test_calls_of_tools_are_kept_as_parts(app: Programs, stream: bool) -> None:
    body = {"model": MODEL, "messages": ASK, "tools": [TOOL], "stream": stream}
    answer = await app.http.post("/v1/chat/completions", json=body, headers={NAMED: "new"})
    reply = (await history(app, answer.headers[NAMED]))[-1]
    assert (reply["status"], reply["content"]) == ("complete", "")
    (part,) = reply["parts"]
    assert (part["type"], part["name"], part["arguments"]) == ("tool_call", "weather", {"city": "เชียงใหม่"})
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    results = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": as_json({"sky": "ฝน"})},
    ]
    body = {"model": MODEL, "messages": [*ASK, *results], "tools": [TOOL], "stream": stream}
    answer = await app.http.post("/v1/chat/completions", json=body, headers={NAMED: "new"})
    reply = (await history(app, answer.headers[NAMED]))[-1]
    assert [part["type"] for part in reply["parts"]] == ["tool_call", "tool_result", "text"]


async def test_arguments_that_no_store_keeps_are_kept_as_they_were_written(app: Programs) -> None:
    text = '{"city": "\\u0000"}'
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": text}}
    app.standin.chunks["thai-model"] = [chunk({"tool_calls": [call]}, finish_reason="tool_calls")]
    body = {"model": MODEL, "messages": ASK, "stream": True}
    answer = await app.http.post("/v1/chat/completions", json=body, headers={NAMED: "new"})
    (part,) = (await history(app, answer.headers[NAMED]))[-1]["parts"]
    assert part["arguments"] == text


async def test_a_failure_is_kept_with_what_came_before_it(app: Programs) -> None:
    app.standin.script = Script(tokens=thai_tokens(9), fault="drop", fault_after=4)
    body = {"model": MODEL, "messages": ASK, "stream": True}
    answer = await app.http.post("/v1/chat/completions", json=body, headers={NAMED: "new"})
    reply = (await history(app, answer.headers[NAMED]))[-1]
    assert (reply["status"], reply["content"]) == ("failed", "".join(app.standin.script.tokens[:4]))
    app.standin.script = openai_error(400, "no such voice", code="bad_voice")
    with pytest.raises(openai.BadRequestError):
        await app.client().chat.completions.create(
            model=MODEL, messages=ASK, extra_headers={NAMED: answer.headers[NAMED]}
        )
    assert (await history(app, answer.headers[NAMED]))[-1]["status"] == "failed"


async def test_a_program_that_leaves_has_stopped_the_reply(app: Programs) -> None:
    app.standin.script = Script(tokens=thai_tokens(9), fault="hang", fault_after=4)
    session_id = str(uuid4())
    body = {"model": MODEL, "messages": ASK, "stream": True}
    async with app.http.stream("POST", "/v1/chat/completions", json=body, headers={NAMED: session_id}) as answer:
        async for _ in answer.aiter_bytes():
            break
    async with asyncio.timeout(20):
        while (await history(app, session_id))[-1]["status"] == "streaming":  # noqa: ASYNC110 - it is over HTTP
            await asyncio.sleep(0.02)
    assert (await history(app, session_id))[-1]["status"] == "stopped"


async def test_who_stops_the_reply_on_the_page_ends_the_programs_stream(app: Programs) -> None:
    app.standin.script = Script(tokens=thai_tokens(9), fault="hang", fault_after=4)
    session_id = str(uuid4())
    body = {"model": MODEL, "messages": ASK, "stream": True}
    text = ""
    async with app.http.stream("POST", "/v1/chat/completions", json=body, headers={NAMED: session_id}) as answer:
        async for piece in answer.aiter_text():
            if not text:
                busy = await app.http.post("/v1/chat/completions", json=body, headers={NAMED: session_id})
                await app.http.post(f"/api/sessions/{session_id}/stop")
            text += piece
    assert (busy.status_code, busy.json()["error"]["code"]) == (409, "reply_running")
    assert '"answer_stopped"' in text
    assert "[DONE]" not in text
    seen = app.standin.seen[-1]
    await app.standin.until(lambda: not seen.running, timeout_s=20)
    assert (await history(app, session_id))[-1]["status"] == "stopped"


@pytest.mark.parametrize(
    ("path", "body", "header", "code"),
    [
        ("chat/completions", {"messages": ASK}, "no-uuid", "invalid_identifier"),
        ("chat/completions", {"messages": ASK, "metadata": {"session_id": 5}}, "", "bad_input"),
        ("chat/completions", {"messages": []}, "new", "empty_question"),
        ("embeddings", {"input": "x"}, "new", "not_kept"),
    ],
    ids=["no-uuid", "number", "no-question", "vectors"],
)
async def test_what_can_not_be_kept_is_refused_before_a_model_is_asked(
    app: Programs, path: str, body: dict[str, Any], header: str, code: str
) -> None:
    headers = {NAMED: header} if header else {}
    answer = await app.http.post(f"/v1/{path}", json={"model": MODEL, **body}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert app.standin.seen == []
    assert await sessions(app) == []


async def test_a_picture_is_named_in_the_question_that_is_kept(app: Programs) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    content = [{"type": "text", "text": "นี่อะไร"}, picture]
    body = {"model": MODEL, "messages": [{"role": "user", "content": content}], "tools": [TOOL]}
    answer = await app.http.post("/v1/chat/completions", json=body, headers={NAMED: "new"})
    assert (await history(app, answer.headers[NAMED]))[0]["content"] == "นี่อะไร\n[image_url]"
