"""A stand-in for what programs ask of OpenAI's API beyond words: tools, and whatever chunks a test has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.standins.openai_server import OpenAIStandin
from tests.standins.server import Seen, as_json

CALLED = {"city": "เชียงใหม่"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": as_json(CALLED)}}


def chunk(delta: Mapping[str, Any], *, finish_reason: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": dict(delta), "logprobs": None, "finish_reason": finish_reason, **more}
    return {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "own-name", "choices": [choice]}


def called() -> Sequence[dict[str, Any]]:
    """Return the chunks of a tool's call: its name first, then its arguments in pieces."""
    text = as_json(CALLED)
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    pieces = [{"index": 0, "function": {"arguments": piece}} for piece in (text[:5], text[5:])]
    deltas = [{"role": "assistant", "content": None, "tool_calls": [first]}, *({"tool_calls": [one]} for one in pieces)]
    return [*(chunk(delta) for delta in deltas), chunk({}, finish_reason="tool_calls")]


@dataclass(slots=True)
class ProgramStandin(OpenAIStandin):
    """Answers as `OpenAIStandin`; where tools are sent, it calls the one of the weather until it has the result."""

    chunks: dict[str, Sequence[dict[str, Any]]] = field(default_factory=dict)
    """By model: the chunks of a stream, in place of a script."""

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        chunks = self.chunks.get(body["model"])
        wants_tool = body.get("tools") and body["messages"][-1]["role"] != "tool"
        if chunks is None and not wants_tool:
            return await OpenAIStandin._chat(self, request)
        seen = Seen(body["model"], body, dict(request.headers), self.script_for(body["model"]), path=request.path)
        with self.watch(seen):
            if not body.get("stream"):
                message = {"role": "assistant", "content": None, "tool_calls": [CALL]}
                choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
                usage = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
                told = {"id": "c-1", "object": "chat.completion", "created": 1, "model": "own-name"}
                return web.json_response({**told, "choices": [choice], "usage": usage})
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            for one in chunks or called():
                await response.write(f"data: {as_json(one)}\n\n".encode())
            await response.write(b"data: [DONE]\n\n")
            return response
