"""Load clients of the benchmarks: bare aiohttp, so that what is measured is the server."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import orjson


@dataclass(frozen=True, slots=True)
class Timing:
    first_token_s: float
    total_s: float
    chars: int


async def events_of(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, bytes]]:
    """Yield names and payloads of a server-sent event stream."""
    name = "message"
    async for line in response.content:
        if line.startswith(b"event:"):
            name = line[6:].strip().decode()
        elif line.startswith(b"data:"):
            yield name, line[5:].strip()
            name = "message"


async def upstream(http: aiohttp.ClientSession, base_url: str, model: str) -> Timing:
    """Take a turn at the limit: the same stream read straight from the model server."""
    return await _completion(http, base_url, model)


async def post_v1(http: aiohttp.ClientSession, base_url: str, model: str) -> Timing:
    """Take a turn by OpenAI's door, as a program does that has nothing kept."""
    return await _completion(http, f"{base_url}/v1", f"vllm/{model}")


async def _completion(http: aiohttp.ClientSession, base_url: str, model: str) -> Timing:
    began, first, chars = time.perf_counter(), 0.0, 0
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "สวัสดี"}]}
    async with http.post(f"{base_url}/chat/completions", json=body) as response:
        response.raise_for_status()
        async for _, payload in events_of(response):
            if payload == b"[DONE]":
                break
            choices = orjson.loads(payload)["choices"]
            text = choices[0]["delta"].get("content") if choices else None
            if text:
                first = first or time.perf_counter() - began
                chars += len(text)
    return Timing(first, time.perf_counter() - began, chars)


async def post_chat(http: aiohttp.ClientSession, base_url: str, model: str) -> Timing:
    """Take a turn by `POST /chat` with stream."""
    began = time.perf_counter()
    body = {"query": "สวัสดี", "backend": "vllm", "model": model, "stream": True}
    async with http.post(f"{base_url}/chat", json=body) as response:
        response.raise_for_status()
        return await _read_reply(response, began)


async def page_turn(http: aiohttp.ClientSession, base_url: str, model: str) -> Timing:
    """Take a turn as the page does: the question, then the events of the reply, whose last one has all of it."""
    began, session_id = time.perf_counter(), str(uuid.uuid4())
    body = {"query": "สวัสดี", "backend": "vllm", "model": model, "idempotency_key": uuid.uuid4().hex}
    turns = f"{base_url}/api/sessions/{session_id}/messages"
    async with http.post(turns, json=body, headers={"Prefer": "respond-async"}) as response:
        response.raise_for_status()
        message_id = (await response.json())["message_id"]
    events = f"{base_url}/api/sessions/{session_id}/events"
    async with http.get(events, params={"message_id": message_id}) as response:
        reply = await _read_reply(response, began)
    return Timing(reply.first_token_s, time.perf_counter() - began, reply.chars)


async def _read_reply(response: aiohttp.ClientResponse, began: float) -> Timing:
    first, chars = 0.0, 0
    async for name, payload in events_of(response):
        if name == "delta":
            first = first or time.perf_counter() - began
            chars += len(orjson.loads(payload)["text"])
        elif name == "completed":
            return Timing(first, time.perf_counter() - began, chars)
        elif name == "error":
            raise RuntimeError(f"the reply failed: {orjson.loads(payload)['code']}")
    raise RuntimeError("the reply's events ended early")
