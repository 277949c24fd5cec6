"""Who answers a program: another model in place of one that can't, and nobody any more when the server stops."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import openai
import pytest

from tests.api.programs import ASK, MODEL, Programs, programs
from tests.standins.program_server import ProgramStandin
from tests.standins.script import Script, openai_error, thai_tokens

BROKEN = openai_error(500, "CUDA error", kind="InternalServerError", code=500)
OTHER = "openai/gpt-4o"
NAMED = "x-thai-chat-session"


@pytest.fixture
async def other() -> AsyncIterator[ProgramStandin]:
    async with ProgramStandin(models={"gpt-4o": None}, script=Script(tokens=thai_tokens(5))) as server:
        yield server


@pytest.fixture
async def app(other: ProgramStandin) -> AsyncIterator[Programs]:
    async with programs(more=other) as app:
        yield app


@pytest.mark.parametrize("stream", [True, False])
async def test_another_model_answers_and_is_named(app: Programs, other: ProgramStandin, stream: bool) -> None:
    app.standin.script = BROKEN
    body = {"model": MODEL, "messages": ASK, "stream": stream}
    answer = await app.http.post("/v1/chat/completions", json=body, headers={NAMED: "new"})
    assert (answer.status_code, answer.headers["x-thai-chat-answered-by"]) == (200, OTHER)
    first = json.loads(answer.text.partition("\n")[0].removeprefix("data: "))
    assert first["model"] == OTHER
    messages = (await app.http.get(f"/api/sessions/{answer.headers[NAMED]}/messages")).json()["history"]
    reply = messages[-1]
    assert (reply["backend"], reply["model"], reply["content"]) == ("openai", "gpt-4o", other.script.text)
    assert reply["metadata"]["asked"] == {"backend": "vllm", "model": "thai-model"}


async def test_no_other_model_makes_vectors(app: Programs) -> None:
    await app.standin.stop()
    with pytest.raises(openai.InternalServerError) as failed:
        await app.client().embeddings.create(model="vllm/bge-m3", input="x")
    assert failed.value.status_code == 503


async def test_a_server_that_stops_tells_programs_and_keeps_what_there_is(app: Programs) -> None:
    app.standin.script = Script(tokens=thai_tokens(9), fault="hang", fault_after=4)
    body = {"model": MODEL, "messages": ASK, "stream": True}
    texts: list[str] = []
    async with app.http.stream("POST", "/v1/chat/completions", json=body, headers={NAMED: "new"}) as answer:
        pieces = answer.aiter_text()
        while "".join(texts).count("data: ") < 4:
            texts.append(await anext(pieces))
        kept = answer.headers[NAMED]
        closing = asyncio.create_task(app.service.close())
        texts += [piece async for piece in pieces]
        await closing
    assert '"answer_stopped"' in texts[-1]
    assert "[DONE]" not in texts[-1]
    reply = (await app.http.get(f"/api/sessions/{kept}/messages")).json()["history"][-1]
    assert (reply["status"], reply["content"]) == ("interrupted", "".join(app.standin.script.tokens[:4]))


async def test_a_stop_ends_an_answer_that_is_no_stream(app: Programs) -> None:
    app.standin.script = Script(tokens=thai_tokens(9), fault="hang")
    session_id = "0199a1b2-0000-7000-8000-00000000abcd"
    client = app.client(retries=2)
    asking = asyncio.create_task(
        client.chat.completions.create(model=MODEL, messages=ASK, extra_headers={NAMED: session_id})
    )
    await app.standin.until(lambda: bool(app.standin.seen), timeout_s=20)
    await app.http.post(f"/api/sessions/{session_id}/stop")
    with pytest.raises(openai.InternalServerError) as stopped:
        await asking
    assert stopped.value.code == "answer_stopped"
    assert len(app.standin.seen) == 1


# aiohttp tells so of any body of a megabyte.
@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")
async def test_a_picture_of_megabytes_goes_through(app: Programs) -> None:
    url = "data:image/png;base64," + "A" * 12_000_000
    content = [{"type": "text", "text": "นี่อะไร"}, {"type": "image_url", "image_url": {"url": url}}]
    tool = {"type": "function", "function": {"name": "weather"}}
    answer = await app.client().chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": content}], tools=[tool]
    )
    assert answer.choices[0].finish_reason == "tool_calls"
    assert app.standin.seen[-1].body["messages"][0]["content"][1]["image_url"]["url"] == url
