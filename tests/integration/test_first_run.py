"""The main job end to end: the real process, its embedded PostgreSQL and a real model on llama.cpp."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from tests.api.streams import events_of, text_of
from tests.app import App, running_app

DEMO = "SmolLM2-135M-Instruct (demo)"
ENDED_BY_CTRL_C = (0, 130)
LONG = "Write a very long story about a river, a boat and a town."


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with running_app(first_run=True) as running:
        await until_up(running, "llamacpp")
        yield running


async def until_up(app: App, backend: str) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient(base_url=app.address) as http:
        while (await http.get("/readyz")).json()["backends"][backend]["state"] != "up":  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_without_any_model_server_the_demo_model_answers_and_all_is_kept(app: App) -> None:
    async with httpx.AsyncClient(base_url=app.address, timeout=60) as http:
        ready = (await http.get("/readyz")).json()
        assert ready["status"] == "ok"
        assert ready["database"]["state"] == "postgresql"
        assert ready["backends"]["llamacpp"]["models"] == [DEMO]
        body = {"query": "Say hello. สวัสดี", "stream": True}
        async with http.stream("POST", "/chat", json=body) as response:
            events = [event async for event in events_of(response)]
        session_id = events[0].body["session_id"]
        history = (await http.get(f"/chat/history/{session_id}")).json()["history"]
    question, reply = history
    assert question["content"] == "Say hello. สวัสดี"
    assert reply["content"] == text_of(events) != ""
    assert reply["model"] == DEMO
    assert reply["status"] == "complete"
    assert reply["prompt_tokens"] > 0
    assert reply["metadata"]["tokens"] == "exact"


async def test_a_restarted_server_has_every_session_again(app: App) -> None:
    async with httpx.AsyncClient(base_url=app.address, timeout=60) as http:
        session_id = (await http.post("/chat", json={"query": "Name one fruit."})).json()["session_id"]
        before = (await http.get(f"/chat/history/{session_id}")).json()
    assert await app.stop() in ENDED_BY_CTRL_C
    await app.start()
    async with httpx.AsyncClient(base_url=app.address, timeout=60) as http:
        assert (await http.get(f"/chat/history/{session_id}")).json() == before
        names = [s["session_name"] for s in (await http.get("/api/sessions")).json()["sessions"]]
    assert names == ["Name one fruit."]


async def test_ctrl_c_in_the_middle_of_a_reply_keeps_what_was_written(app: App) -> None:
    session_id = str(uuid4())
    seen = await _begin_and_read_some(app, session_id)
    assert await app.stop() in ENDED_BY_CTRL_C
    await app.start()
    _, reply = await _history(app, session_id)
    assert reply["status"] == "interrupted"
    assert str(reply["content"]).startswith(seen)


async def test_kill_9_in_the_middle_of_a_reply_keeps_the_question_and_all_but_a_moment_of_the_reply(app: App) -> None:
    session_id = str(uuid4())
    seen = await _begin_and_read_some(app, session_id, seconds=2.0)
    await app.kill()
    await app.start()
    question, reply = await _history(app, session_id)
    assert question["content"] == LONG
    assert reply["status"] in ("streaming", "interrupted")
    kept = str(reply["content"])
    assert kept
    assert seen.startswith(kept) or kept.startswith(seen)
    await until_up(app, "llamacpp")
    async with asyncio.timeout(30):
        while (await _history(app, session_id))[1]["status"] == "streaming":  # noqa: ASYNC110 - its time runs out
            await asyncio.sleep(0.2)
    await _begin_and_read_some(app, session_id)
    assert len(await _history(app, session_id)) == 4


async def _begin_and_read_some(app: App, session_id: str, *, seconds: float = 0.3) -> str:
    """Return the text that came until `seconds` after the first of it."""
    text, ends_at = "", 0.0
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(base_url=app.address, timeout=60) as http:
        accepted = await http.post(
            f"/api/sessions/{session_id}/messages", json={"query": LONG}, headers={"Prefer": "respond-async"}
        )
        assert accepted.status_code == 202
        async with http.stream("GET", f"/api/sessions/{session_id}/events") as response:
            async for event in events_of(response):
                assert event.name in ("started", "delta"), "the reply ended too early for this test"
                if event.name == "delta":
                    text += event.body["text"]
                    ends_at = ends_at or loop.time() + seconds
                    if loop.time() >= ends_at:
                        return text
    raise AssertionError("the events ended")


async def _history(app: App, session_id: str) -> list[dict[str, object]]:
    async with httpx.AsyncClient(base_url=app.address, timeout=60) as http:
        history: list[dict[str, object]] = (await http.get(f"/chat/history/{session_id}")).json()["history"]
        return history
