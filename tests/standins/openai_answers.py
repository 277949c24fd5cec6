"""The answers of a server with OpenAI's API, for the stand-ins that speak it: chunks, objects, vectors."""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from aiohttp import web

from tests.standins import responses
from tests.standins.refusals import engine_refusal
from tests.standins.script import Script
from tests.standins.server import Seen, Standin, as_json, drop, hang


@dataclass(slots=True)
class OpenAIAnswers(Standin):
    async def answer(self, request: web.Request, seen: Seen, *, responses_api: bool = False) -> web.StreamResponse:
        """Answer as the script says, streamed where that was asked for."""
        if seen.body.get("stream") and not seen.script.never_streams:
            return await (self._stream_response if responses_api else self._stream_completion)(request, seen)
        return await self._whole(seen, responses_api=responses_api)

    async def _stream_completion(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        options = seen.body.get("stream_options") or {}
        usage = seen.script.usage and bool(options.get("include_usage"))
        frames, tail = _frames(
            seen.script,
            seen.model,
            prompt_tokens(seen.body) if usage else 0,
            usage and bool(options.get("continuous_usage_stats")),
            bool(seen.body.get("logprobs")),
            seen.body.get("n") or 1,
        )
        if seen.script.engine_refuses and seen.script.engine_refuses in seen.body:
            await response.write(f"data: {engine_refusal(seen.script.engine_refuses)}\n\ndata: [DONE]\n\n".encode())
            return response
        fault = seen.script.fault
        await self.play(response, frames[: seen.script.fault_after] if fault else frames, seen)
        match fault:
            case "drop" | "close" | "silence" | "page":
                drop(request)
            case "drop_after_finish":
                await response.write(_chunk(seen.model, {}, finish_reason=seen.script.finish_reason).encode())
                drop(request)
            case "hang":
                await response.write(b": ping\n\n")
                await hang()
            case "garbage":
                await response.write(b'data: {"choices": [{"delta": {"cont\n\n')
            case "error":
                error = {"error": {"message": "CUDA error", "type": "InternalServerError", "code": 500}}
                await response.write(f"data: {as_json(error)}\n\n".encode())
            case "end":
                pass
            case None:
                await response.write(tail)
        return response

    async def _stream_response(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        frames, tail = responses.frames(seen.script, seen.model, prompt_tokens(seen.body), seen.summarises)
        fault = seen.script.fault
        await self.play(response, frames[: seen.script.fault_after] if fault else frames, seen)
        match fault:
            case "hang":
                await response.write(b'event: keepalive\ndata: {"type":"keepalive","sequence_number":3}\n\n')
                await hang()
            case "garbage":
                await response.write(b'data: {"type": "response.outp\n\n')
            case "error":
                await response.write(responses.ERROR)
            case "end":
                pass
            case None:
                await response.write(tail)
            case _:
                drop(request)
        return response

    async def _whole(self, seen: Seen, *, responses_api: bool) -> web.Response:
        script = seen.script
        if script.fault == "hang":
            await hang()
        seen.pieces_sent = len(script.reasoning) + len(script.tokens)
        prompt, completion = prompt_tokens(seen.body), seen.pieces_sent
        if responses_api:
            return web.json_response(responses.whole(script, seen.model, prompt, seen.summarises))
        message: dict[str, Any] = {"role": "assistant", "content": script.text}
        if script.reasoning:
            message[script.reasoning_field] = "".join(script.reasoning)
        if script.tool_calls:
            message["tool_calls"] = [_call(at, *call) for at, call in enumerate(script.tool_calls)]
        logprobs = {"logprobs": _logprobs(script.tokens)} if seen.body.get("logprobs") else {}
        choice = {"message": message, "finish_reason": _reason(script), **logprobs}
        return web.json_response(
            {
                "id": "chatcmpl-standin",
                "object": "chat.completion",
                "created": 1_700_000_000,
                "model": seen.model,
                "choices": [{"index": index, **choice} for index in range(seen.body.get("n") or 1)],
                "usage": _usage(script, prompt, completion),
            }
        )


def vectors(body: dict[str, Any]) -> web.Response:
    """Return a vector of three numbers for each text: its length, and two that say which it is."""
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    found: list[Any] = [[float(len(text)), at / 4, -0.5] for at, text in enumerate(texts)]
    if body.get("encoding_format") == "base64":
        found = [b64encode(struct.pack("<3f", *vector)).decode() for vector in found]
    tokens = sum(map(len, texts))
    return web.json_response(
        {
            "object": "list",
            "data": [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(found)],
            "model": body["model"],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
    )


def prompt_tokens(body: dict[str, Any]) -> int:
    """Return one token for three characters, at least one for each message or text."""
    asked = body.get("messages") or body["input"]
    return sum(1 + _chars(message) // 3 for message in (asked if isinstance(asked, list) else [asked]))


def is_malformed(body: dict[str, Any]) -> bool:
    """Tell whether a request has nothing to answer, or something else than texts, messages and lists of them."""
    asked = body.get("messages") or body.get("input")
    return not asked or not _is_said(asked)


def _is_said(content: Any) -> bool:
    if isinstance(content, dict):
        return _is_said(content.get("content") or content.get("text"))
    if isinstance(content, list):
        return all(map(_is_said, content))
    return content is None or isinstance(content, str)


def _chars(content: Any) -> int:
    if isinstance(content, dict):
        return _chars(content.get("content") or content.get("text"))
    return sum(map(_chars, content)) if isinstance(content, list) else len(content or "")


@lru_cache(maxsize=256)
def _frames(
    script: Script, model: str, prompt: int, continuous: bool, logprobs: bool, choices: int
) -> tuple[tuple[bytes, ...], bytes]:
    """Return the pieces of the answer and what ends it. `prompt` is the count to report, 0 for no usage at all."""
    pieces: list[dict[str, Any]] = [{script.reasoning_field: text} for text in script.reasoning]
    pieces += [{"content": text} for text in script.tokens]
    for at, (name, arguments) in enumerate(script.tool_calls):
        pieces += _call_pieces(at, name, arguments)
    ping = ": ping\n\n" if script.ping else ""
    each = range(choices)
    roles = "".join(_chunk(model, {"role": "assistant", "content": ""}, index=index) for index in each)
    frames = []
    for at, delta in enumerate(pieces, start=1):
        usage = _usage(script, prompt, at) if continuous else None
        said = _logprobs([delta["content"]]) if logprobs and "content" in delta else None
        chunks = "".join(_chunk(model, delta, usage=usage, logprobs=said, index=index) for index in each)
        frames.append(f"{roles if at == 1 else ''}{ping}{chunks}".encode())
    reason = _reason(script)
    end = ("" if pieces else roles) + "".join(_chunk(model, {}, finish_reason=reason, index=index) for index in each)
    if prompt:
        end += _chunk(model, None, usage=_usage(script, prompt, len(pieces)))
    return tuple(frames), f"{end}data: [DONE]\n\n".encode()


def _reason(script: Script) -> str:
    return "tool_calls" if script.tool_calls and script.finish_reason == "stop" else script.finish_reason


def _call_pieces(at: int, name: str, arguments: str) -> Iterator[dict[str, Any]]:
    """Yield a call of a tool as servers stream it: its name, then the arguments in pieces."""
    yield {"tool_calls": [{"index": at, **_call(at, name, "")}]}
    for start in range(0, len(arguments), 3):
        yield {"tool_calls": [{"index": at, "function": {"arguments": arguments[start : start + 3]}}]}


def _call(at: int, name: str, arguments: str) -> dict[str, Any]:
    return {"id": f"call_{at}", "type": "function", "function": {"name": name, "arguments": arguments}}


def _logprobs(tokens: Sequence[str]) -> dict[str, Any]:
    said = [{"token": token, "logprob": -0.25, "bytes": list(token.encode()), "top_logprobs": []} for token in tokens]
    return {"content": said, "refusal": None}


def _chunk(
    model: str,
    delta: dict[str, Any] | None,
    *,
    finish_reason: str | None = None,
    usage: dict[str, Any] | None = None,
    logprobs: dict[str, Any] | None = None,
    index: int = 0,
) -> str:
    body = {
        "id": "chatcmpl-standin",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": model,
        "choices": []
        if delta is None
        else [{"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}],
    }
    if usage:
        body["usage"] = usage
    return f"data: {as_json(body)}\n\n"


def _usage(script: Script, prompt: int, completion: int) -> dict[str, Any]:
    usage: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if script.odd_counts:
        usage |= {"prompt_tokens": "many", "completion_tokens": 2**40}
    if script.cached_tokens:
        usage["prompt_tokens_details"] = {"cached_tokens": script.cached_tokens}
    if script.reasoning_tokens is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": script.reasoning_tokens}
    return usage


def failure(script: Script) -> web.Response:
    patience = {"Retry-After": script.retry_after, "Retry-After-Ms": script.retry_after_ms}
    headers = {name: value for name, value in patience.items() if value}
    kind = "application/json" if script.error_body.startswith("{") else "text/html"
    return web.Response(status=script.status, text=script.error_body, content_type=kind, headers=headers)
