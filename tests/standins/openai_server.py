"""A stand-in that speaks OpenAI's Chat Completions and Responses over HTTP, as OpenAI and vLLM do.

`python -m tests.standins.openai_server --port 0 --tokens 200 --delay-ms 20` prints its address; the API is below `/v1`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from aiohttp import web

from tests.standins import responses
from tests.standins.refusals import (
    NO_CHAT_TEMPLATE,
    NO_PREFILL,
    RESPONSES_ONLY,
    UNVERIFIED,
    engine_refusal,
    overflow,
    refused,
)
from tests.standins.script import Script, openai_error
from tests.standins.server import Seen, Standin, as_json, drop, hang, run


@dataclass(slots=True)
class OpenAIStandin(Standin):
    """`models` may have adapters: they are listed with their parent in `adapters`, and no window of their own."""

    adapters: dict[str, str] = field(default_factory=dict)
    health_status: int | None = 200
    """None: a server without that route. As vLLM's, the body is empty."""
    health_body: str = ""
    tokenizes: bool = True
    chat_template: bool = True
    props: dict[str, Any] | None = None
    """The answer of llama.cpp's `/props`; None: a server without that route."""
    counted: int = 0
    """How often `/tokenize` was asked."""

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/v1/models", self._models),
            web.post("/v1/chat/completions", self._chat),
            web.post("/v1/responses", self._responses),
            web.post("/tokenize", self._tokenize),
            web.get("/health", self._health),
            web.get("/props", self._props),
        ]

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    async def _health(self, request: web.Request) -> web.Response:
        return web.Response(status=self.health_status or 404, text=self.health_body or None)

    async def _props(self, request: web.Request) -> web.Response:
        return web.json_response(self.props or {}, status=200 if self.props is not None else 404)

    async def _tokenize(self, request: web.Request) -> web.Response:
        self.counted += 1
        if not self.tokenizes:
            return web.json_response({"detail": "Not Found"}, status=404)
        if not self.chat_template:
            return _failure(NO_CHAT_TEMPLATE)
        body = await request.json()
        tokens = list(range(prompt_tokens(body) + (2 if body["add_generation_prompt"] else 0)))
        return web.json_response({"count": len(tokens), "max_model_len": self.models[body["model"]], "tokens": tokens})

    async def _models(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return _failure(refusal)
        return web.json_response(
            {
                "object": "list",
                "data": [
                    {"id": name, "object": "model", "created": 1_700_000_000 + at, "owned_by": "vllm"}
                    | ({"max_model_len": window} if window else {})
                    | ({"parent": self.adapters[name]} if name in self.adapters else {})
                    for at, (name, window) in enumerate(self.models.items())
                ],
            }
        )

    def _refusal(self, request: web.Request) -> Script | None:
        if self.api_key and request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return openai_error(401, "Incorrect API key provided: sk-wr***ong.", code="invalid_api_key")
        return None

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, responses_api=False)

    async def _responses(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, responses_api=True)

    async def _answer(self, request: web.Request, *, responses_api: bool) -> web.StreamResponse:
        body = await request.json()
        seen = Seen(body["model"], body, dict(request.headers), self.script_for(body["model"]), path=request.path)
        with self.watch(seen):
            if refusal := self._refusal(request) or self._objection(seen):
                return _failure(refusal)
            if seen.script.fault == "silence":
                await hang()
            if seen.script.fault == "close":
                drop(request)
                return web.Response()
            if seen.script.fault == "page":
                return web.Response(text="<html>เข้าสู่ระบบ</html>", content_type="text/html")
            if _is_taken_for_thinking(seen):
                seen.script = replace(seen.script, reasoning=seen.script.tokens, tokens=())
            if body.get("stream") and not seen.script.never_streams:
                return await (self._stream_response if responses_api else self._stream)(request, seen)
            return await self._whole(seen, responses_api=responses_api)

    def _objection(self, seen: Seen) -> Script | None:
        script = seen.script
        if script.status != 200:
            return script
        if seen.model not in self.models and seen.model not in self.scripts:
            return openai_error(404, f"The model `{seen.model}` does not exist.", code="model_not_found")
        if script.responses_only and not seen.path.endswith("/responses"):
            return RESPONSES_ONLY
        if not self.chat_template:
            return NO_CHAT_TEMPLATE
        if script.refuses_prefill and seen.body.get("continue_final_message"):
            return NO_PREFILL
        if script.refuse_streaming and seen.body.get("stream"):
            return UNVERIFIED
        return refused(script, seen.body) or overflow(
            script, prompt_tokens(seen.body), seen.body, window=self.models.get(seen.model)
        )

    async def _stream(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        options = seen.body.get("stream_options") or {}
        usage = seen.script.usage and bool(options.get("include_usage"))
        frames, tail = _frames(
            seen.script,
            seen.model,
            prompt_tokens(seen.body) if usage else 0,
            usage and bool(options.get("continuous_usage_stats")),
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
        return web.json_response(
            {
                "id": "chatcmpl-standin",
                "object": "chat.completion",
                "created": 1_700_000_000,
                "model": seen.model,
                "choices": [{"index": 0, "message": message, "finish_reason": script.finish_reason}],
                "usage": _usage(script, prompt, completion),
            }
        )


def _is_taken_for_thinking(seen: Seen) -> bool:
    told = seen.body.get("chat_template_kwargs") or {}
    if not seen.body.get("continue_final_message") or not seen.script.prefill_is_thinking:
        return False
    return seen.script.prefill_is_thinking == "always" or told.get("enable_thinking") is not False


def prompt_tokens(body: dict[str, Any]) -> int:
    """Return one token for three characters, at least one a message."""
    return sum(1 + len(message["content"] or "") // 3 for message in body.get("messages") or body["input"])


@lru_cache(maxsize=256)
def _frames(script: Script, model: str, prompt: int, continuous: bool) -> tuple[tuple[bytes, ...], bytes]:
    """Return the pieces of the answer and what ends it. `prompt` is the count to report, 0 for no usage at all."""
    pieces = [(script.reasoning_field, text) for text in script.reasoning]
    pieces += [("content", text) for text in script.tokens]
    ping = ": ping\n\n" if script.ping else ""
    role = _chunk(model, {"role": "assistant", "content": ""})
    frames = []
    for at, (name, text) in enumerate(pieces, start=1):
        usage = _usage(script, prompt, at) if continuous else None
        frames.append(f"{role if at == 1 else ''}{ping}{_chunk(model, {name: text}, usage=usage)}".encode())
    end = ("" if pieces else role) + _chunk(model, {}, finish_reason=script.finish_reason)
    if prompt:
        end += _chunk(model, None, usage=_usage(script, prompt, len(pieces)))
    return tuple(frames), f"{end}data: [DONE]\n\n".encode()


def _chunk(
    model: str, delta: dict[str, str] | None, *, finish_reason: str | None = None, usage: dict[str, Any] | None = None
) -> str:
    body = {
        "id": "chatcmpl-standin",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": model,
        "choices": []
        if delta is None
        else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}],
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


def _failure(script: Script) -> web.Response:
    patience = {"Retry-After": script.retry_after, "Retry-After-Ms": script.retry_after_ms}
    headers = {name: value for name, value in patience.items() if value}
    kind = "application/json" if script.error_body.startswith("{") else "text/html"
    return web.Response(status=script.status, text=script.error_body, content_type=kind, headers=headers)


if __name__ == "__main__":
    run(OpenAIStandin)
