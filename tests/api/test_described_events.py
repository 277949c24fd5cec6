"""The events of real streams are as the description of the API has them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from tests.api.conftest import Chat
from tests.api.streams import Event, events_of
from tests.standins.script import Script, thai_tokens


def problems(described: dict[str, Any], path: str, method: str, events: list[Event]) -> list[str]:
    """Return what is wrong with the events of an answer of an operation."""
    content = described["paths"][path][method]["responses"]["200"]["content"]
    known = content["text/event-stream"]["schema"]["x-events"]
    found = []
    for event in events:
        schema = {**known.get(event.name, {"not": {}}), "components": described["components"]}
        found += [f"{event.name}: {error.message}" for error in Draft202012Validator(schema).iter_errors(event.body)]
    return found


async def _events(answer: httpx.Response) -> list[Event]:
    return [event async for event in events_of(answer)]


async def test_events_of_a_reply(chat: Chat) -> None:
    described = (await chat.http.get("/openapi.json")).json()
    chat.standin.script = Script(reasoning=thai_tokens(4), tokens=thai_tokens(9), delay_ms=1)
    async with chat.http.stream("POST", "/chat", json={"query": "สวัสดี", "stream": True}) as answer:
        events = await _events(answer)
    assert {"started", "reasoning", "delta", "completed"} <= {event.name for event in events}
    assert problems(described, "/chat", "post", events) == []


async def test_events_of_a_reply_that_fails(chat: Chat) -> None:
    described = (await chat.http.get("/openapi.json")).json()
    chat.standin.script = Script(tokens=thai_tokens(9), fault="error", fault_after=3)
    async with chat.http.stream("POST", "/chat", json={"query": "สวัสดี", "stream": True}) as answer:
        events = await _events(answer)
    assert events[-1].name in ("error", "completed")
    assert problems(described, "/chat", "post", events) == []


async def test_events_of_changes(chat: Chat) -> None:
    described = (await chat.http.get("/openapi.json")).json()
    events: list[Event] = []
    async with asyncio.timeout(20), chat.http.stream("GET", "/api/changes") as answer:
        told = events_of(answer)
        events.append(await anext(told))
        made = (await chat.http.post("/chat", json={"query": "สวัสดี"})).json()
        await chat.http.patch(f"/api/sessions/{made['session_id']}", json={"pinned": True})
        while events[-1].name != "changed":
            events.append(await anext(told))
    said = [event for event in events if event.name != "beat"]
    assert {"hello", "began", "ended", "changed"} <= {event.name for event in said}
    assert problems(described, "/api/changes", "get", said) == []


async def test_events_of_a_fetch_that_is_refused(chat: Chat) -> None:
    described = (await chat.http.get("/openapi.json")).json()
    asked = {"backend": "vllm", "model": "thai-model"}
    async with chat.http.stream("POST", "/api/models/pull", json=asked) as answer:
        events = await _events(answer)
    assert [event.name for event in events] == ["error"]
    assert problems(described, "/api/models/pull", "post", events) == []


def test_what_is_not_described_is_told() -> None:
    stream = {"schema": {"x-events": {"delta": {"type": "object", "required": ["text"]}}}}
    answers = {"200": {"content": {"text/event-stream": stream}}}
    described = {"paths": {"/chat": {"post": {"responses": answers}}}, "components": {}}
    assert len(problems(described, "/chat", "post", [Event("delta", "", {}), Event("other", "", {})])) == 2
