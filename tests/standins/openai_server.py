"""A stand-in that speaks OpenAI's Chat Completions over HTTP, as vLLM and OpenAI do.

`python -m tests.standins.openai_server --port 0 --tokens 200 --delay-ms 20` prints its address; the API is below `/v1`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from aiohttp import web

from tests.standins.script import Script, openai_error
from tests.standins.server import Seen, Standin, as_json, drop, hang, run

UNVERIFIED = openai_error(
    400,
    "Your organization must be verified to stream this model. Please go to: "
    "https://platform.openai.com/settings/organization/general and click on Verify Organization.",
    param="stream",
    code="unsupported_value",
)


class OpenAIStandin(Standin):
    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/v1/models", self._models),
            web.post("/v1/chat/completions", self._chat),
            web.get("/health", self._health),
        ]

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    async def _health(self, request: web.Request) -> web.Response:
        return web.Response()

    async def _models(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return _failure(refusal)
        return web.json_response(
            {
                "object": "list",
                "data": [
                    {"id": name, "object": "model", "created": 1_700_000_000 + at, "owned_by": "standin"}
                    | ({"max_model_len": window} if window else {})
                    for at, (name, window) in enumerate(self.models.items())
                ],
            }
        )

    def _refusal(self, request: web.Request) -> Script | None:
        if self.api_key and request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return openai_error(401, "Incorrect API key provided: sk-wr***ong.", code="invalid_api_key")
        return None

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        seen = Seen(body["model"], body, dict(request.headers), self.script_for(body["model"]))
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
            if body.get("stream") and not seen.script.never_streams:
                return await self._stream(request, seen)
            return await self._whole(seen)

    def _objection(self, seen: Seen) -> Script | None:
        script = seen.script
        if script.status != 200:
            return script
        if seen.model not in self.models and seen.model not in self.scripts:
            return openai_error(404, f"The model `{seen.model}` does not exist.", code="model_not_found")
        if script.refuse_streaming and seen.body.get("stream"):
            return UNVERIFIED
        for param in script.refused_params:
            if param in seen.body:
                return _refused(param)
        return None

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
                await response.write(b"data: [DONE]\n\n")
            case None:
                await response.write(tail)
        return response

    async def _whole(self, seen: Seen) -> web.Response:
        script = seen.script
        if script.fault == "hang":
            await hang()
        message: dict[str, Any] = {"role": "assistant", "content": script.text}
        if script.reasoning:
            message[script.reasoning_field] = "".join(script.reasoning)
        seen.pieces_sent = len(script.reasoning) + len(script.tokens)
        prompt, completion = prompt_tokens(seen.body), seen.pieces_sent
        return web.json_response(
            {
                "id": "chatcmpl-standin",
                "object": "chat.completion",
                "created": 1_700_000_000,
                "model": seen.model,
                "choices": [{"index": 0, "message": message, "finish_reason": script.finish_reason}],
                "usage": _usage(prompt, completion),
            }
        )


def prompt_tokens(body: dict[str, Any]) -> int:
    """One token for three characters, at least one a message."""
    return sum(1 + len(message["content"]) // 3 for message in body["messages"])


@lru_cache(maxsize=256)
def _frames(script: Script, model: str, prompt: int, continuous: bool) -> tuple[tuple[bytes, ...], bytes]:
    """The pieces of the answer and what ends it. `prompt` is the count to report, 0 for no usage at all."""
    pieces = [(script.reasoning_field, text) for text in script.reasoning]
    pieces += [("content", text) for text in script.tokens]
    ping = ": ping\n\n" if script.ping else ""
    role = _chunk(model, {"role": "assistant", "content": ""})
    frames = []
    for at, (name, text) in enumerate(pieces, start=1):
        usage = _usage(prompt, at) if continuous else None
        frames.append(f"{role if at == 1 else ''}{ping}{_chunk(model, {name: text}, usage=usage)}".encode())
    end = ("" if pieces else role) + _chunk(model, {}, finish_reason=script.finish_reason)
    if prompt:
        end += _chunk(model, None, usage=_usage(prompt, len(pieces)))
    return tuple(frames), f"{end}data: [DONE]\n\n".encode()


def _chunk(
    model: str, delta: dict[str, str] | None, *, finish_reason: str | None = None, usage: dict[str, int] | None = None
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


def _usage(prompt: int, completion: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _refused(param: str) -> Script:
    if param == "max_tokens":
        hint = " Use 'max_completion_tokens' instead."
        message = f"Unsupported parameter: 'max_tokens' is not supported with this model.{hint}"
        return openai_error(400, message, code="unsupported_parameter", param=param)
    message = (
        f"Unsupported value: '{param}' does not support this value with this model. Only the default is supported."
    )
    return openai_error(400, message, code="unsupported_value", param=param)


def _failure(script: Script) -> web.Response:
    headers = {"Retry-After": script.retry_after} if script.retry_after else None
    kind = "application/json" if script.error_body.startswith("{") else "text/html"
    return web.Response(status=script.status, text=script.error_body, content_type=kind, headers=headers)


if __name__ == "__main__":
    run(OpenAIStandin)
