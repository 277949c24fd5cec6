"""Programs and model servers that mean harm, at the door for OpenAI's protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from tests.api.programs import ASK, MODEL, Programs, programs
from tests.standins.program_server import ProgramStandin, chunk
from tests.standins.relays import chat
from tests.standins.server import as_json
from thai_chat.api.openai_door.asking import header_text
from thai_chat.chat.relays import ProgramRequest
from thai_chat.domain.people import LOCAL

_MB = 1_000_000


@pytest.fixture
async def app() -> AsyncIterator[Programs]:
    async with programs() as app:
        yield app


@dataclass(slots=True)
class Forger(ProgramStandin):
    """Writes events into the name of an event."""

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.post("/v1/responses", self._forged), *ProgramStandin.routes(self)]

    async def _forged(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for kind in ("x\n\ndata: forged", "x\revent: forged"):
            await response.write(f"data: {as_json({'type': kind})}\n\n".encode())
        last = {"type": "response.completed", "response": {"status": "completed", "output": []}}
        await response.write(f"data: {as_json(last)}\n\n".encode())
        return response


async def test_a_server_writes_no_event_of_its_own_by_the_name_of_one() -> None:
    async with Forger(models={"own": None}) as server, programs(more=server) as app:
        body = {"model": "openai/own", "input": "สวัสดี", "stream": True}
        text = (await app.http.post("/v1/responses", json=body)).text
    lines = text.replace("\r", "\n").split("\n")
    assert [line for line in lines if line.startswith("event:")] == [
        *["event: message"] * 2,
        "event: response.completed",
    ]
    assert "data: forged" not in lines


async def test_large_chunks_do_not_wait_in_memory_for_a_program_that_does_not_read(app: Programs) -> None:
    whole = [chunk({"content": "x" * _MB})] * 30
    app.standin.chunks["thai-model"] = [*whole, chunk({}, finish_reason="stop")]
    answer = await app.service.relays.ask(ProgramRequest(person=LOCAL, model=MODEL, call=chat()))
    try:
        # Either it waits for room, or all of it has come.
        async with asyncio.timeout(20):
            while not (answer._room or answer._is_over):  # noqa: ASYNC110 - what is waited for is in sockets
                await asyncio.sleep(0.01)
        taken = await answer.take(20)
        assert taken
        assert sum(len(as_json(one)) for one in taken) < 20 * _MB
        came = len(taken)
        while more := await answer.take(20):
            came += len(more)
        assert came == len(whole) + 1
    finally:
        answer.leave()


@pytest.mark.parametrize("field", ["models", "fallbacks", "background"])
@pytest.mark.parametrize("path", ["chat/completions", "responses"])
async def test_no_field_gets_around_the_rules_for_models_and_quotas(app: Programs, path: str, field: str) -> None:
    asked: dict[str, Any] = {"messages": ASK} if path.startswith("chat") else {"input": "สวัสดี"}
    value = True if field == "background" else ["expensive"]
    answer = await app.http.post(f"/v1/{path}", json={"model": MODEL, **asked, field: value})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "not_taken", field)
    assert not app.standin.seen


# aiohttp tells so of any body of a megabyte.
@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")
async def test_results_of_tools_are_kept_up_to_a_size_together(app: Programs) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    result = {"role": "tool", "tool_call_id": "call_1", "content": "x" * 600_000}
    messages = [*ASK, {"role": "assistant", "content": None, "tool_calls": [call]}, *[result] * 5]
    body = {"model": MODEL, "messages": messages, "metadata": {"session_id": "new"}}
    answer = await app.http.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200
    session_id = answer.headers["x-thai-chat-session"]
    reply = (await app.http.get(f"/chat/history/{session_id}")).json()["history"][-1]
    kept = [len(part["text"]) for part in reply["parts"] if "text" in part]
    assert kept[:2] == [600_000, 399_998]  # the arguments of the call take two
    assert sum(kept) < 1_100_000


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("vllm/my model (demo)", "vllm/my model (demo)"),
        ("vllm/ไทย\r\nSet-Cookie: x", "vllm/?????Set-Cookie: x"),
        ("vllm/a ", "vllm/a"),
    ],
    ids=["spaces", "a line end", "a blank at the end"],
)
def test_the_name_of_a_model_is_one_line_of_a_header(model: str, told: str) -> None:
    assert header_text(model) == told
