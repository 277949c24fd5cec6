"""A stand-in that speaks Ollama's own HTTP API as documented: NDJSON, nanoseconds, errors in a 200 stream.

`python -m tests.standins.ollama_server --port 0 --tokens 200 --delay-ms 20` prints its address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

from aiohttp import web

from tests.standins.openai_server import prompt_tokens
from tests.standins.script import Script, ollama_error
from tests.standins.server import Seen, Standin, as_json, drop, hang, run

_CREATED = "2026-11-20T08:15:30.123456789Z"
_DIGEST = "sha256:" + "0123456789abcdef" * 4


@dataclass(slots=True)
class OllamaStandin(Standin):
    """`models` has the windows that the weights allow; how much is really loaded is in `loaded`."""

    loaded: dict[str, int] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    """A model's Modelfile parameters, e.g. "num_ctx                        8192"."""
    capabilities: dict[str, list[str]] = field(default_factory=dict)

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/api/tags", self._tags),
            web.get("/api/ps", self._ps),
            web.post("/api/show", self._show),
            web.post("/api/chat", self._chat),
            web.post("/api/pull", self._pull),
        ]

    async def _tags(self, request: web.Request) -> web.Response:
        return web.json_response({"models": [_card(name) for name in self.models]})

    async def _ps(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "models": [
                    _card(name) | {"expires_at": _CREATED, "size_vram": 0, "context_length": window}
                    for name, window in self.loaded.items()
                ]
            }
        )

    async def _show(self, request: web.Request) -> web.Response:
        name = (await request.json())["model"]
        if name not in self.models:
            return _failure(ollama_error(404, f"model '{name}' not found"))
        window = self.models[name]
        return web.json_response(
            {
                "modelfile": f"FROM {name}",
                "parameters": self.parameters.get(name, ""),
                "template": "{{ .Prompt }}",
                "details": _card(name)["details"],
                "model_info": {"general.architecture": "llama"} | ({"llama.context_length": window} if window else {}),
                "capabilities": self.capabilities.get(name, ["completion"]),
            }
        )

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        name = body["model"]
        seen = Seen(name, body, dict(request.headers), self.script_for(name))
        with self.watch(seen):
            if objection := self._objection(seen):
                return _failure(objection)
            if seen.script.fault == "silence":
                await hang()
            if seen.script.fault == "close":
                drop(request)
                return web.Response()
            self.loaded.setdefault(name, 4096)
            return await self._stream(request, seen)

    def _objection(self, seen: Seen) -> Script | None:
        if seen.script.status != 200:
            return seen.script
        if seen.model not in self.models:
            return ollama_error(404, f"model '{seen.model}' not found")
        if seen.body.get("think") and "thinking" not in self.capabilities.get(seen.model, ()):
            return ollama_error(400, f'"{seen.model}" does not support thinking')
        return None

    async def _stream(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        frames, tail = _frames(seen.script, seen.model, prompt_tokens(seen.body))
        fault = seen.script.fault
        await self.play(response, frames[: seen.script.fault_after] if fault else frames, seen)
        match fault:
            case "drop" | "close" | "silence" | "page" | "drop_after_finish":
                drop(request)
            case "hang":
                await response.write(b"")
                await hang()
            case "garbage":
                await response.write(b'{"model": "x", "mess\n')
            case "error":
                await response.write(b'{"error":"an error was encountered while running the model: CUDA error"}\n')
            case "end" | None:
                await response.write(tail if fault is None else b"")
        return response

    async def _pull(self, request: web.Request) -> web.StreamResponse:
        name = (await request.json())["model"]
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        lines: list[dict[str, Any]] = [{"status": "pulling manifest"}]
        lines += [
            {"status": f"pulling {_DIGEST[7:19]}", "digest": _DIGEST, "total": 1000, "completed": done}
            for done in (0, 500, 1000)
        ]
        lines += [{"status": "verifying sha256 digest"}, {"status": "writing manifest"}, {"status": "success"}]
        for line in lines:
            await response.write(f"{as_json(line)}\n".encode())
        self.models[name] = 8192
        return response


@lru_cache(maxsize=256)
def _frames(script: Script, model: str, prompt: int) -> tuple[tuple[bytes, ...], bytes]:
    pieces = [{"content": "", "thinking": text} for text in script.reasoning]
    pieces += [{"content": text} for text in script.tokens]
    frames = tuple(
        _line({"model": model, "created_at": _CREATED, "message": {"role": "assistant", **piece}, "done": False})
        for piece in pieces
    )
    end: dict[str, Any] = {
        "model": model,
        "created_at": _CREATED,
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "done_reason": script.finish_reason,
        "total_duration": 174_560_334,
        "load_duration": 101_397_084,
        "prompt_eval_duration": 13_074_791,
        "eval_duration": 52_479_709,
    }
    if script.usage:
        end |= {"prompt_eval_count": prompt, "eval_count": len(pieces)}
    return frames, _line(end)


def _line(body: dict[str, Any]) -> bytes:
    return f"{as_json(body)}\n".encode()


def _card(name: str) -> dict[str, Any]:
    details = {"format": "gguf", "family": "llama", "parameter_size": "8.0B", "quantization_level": "Q4_0"}
    return {
        "name": name,
        "model": name,
        "modified_at": _CREATED,
        "size": 4_661_224_676,
        "digest": sha256(name.encode()).hexdigest(),
        "details": details,
    }


def _failure(script: Script) -> web.Response:
    return web.Response(status=script.status, text=script.error_body, content_type="application/json")


if __name__ == "__main__":
    run(OllamaStandin)
