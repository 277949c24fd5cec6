"""A stand-in that speaks Ollama's own HTTP API as documented: NDJSON, nanoseconds, errors in a 200 stream.

`python -m tests.standins.ollama_server --port 0 --tokens 200 --delay-ms 20` prints its address.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, Literal

from aiohttp import web

from tests.standins.openai_answers import OpenAIAnswers, failure, prompt_tokens, vectors
from tests.standins.script import Script, ollama_error, openai_error
from tests.standins.server import Seen, as_json, drop, hang, run

GARBAGE = '{"model": "x", "mess'
_CREATED = "2026-11-20T08:15:30.123456789Z"

_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "stop": (list, "array"),
    "top_k": (int, "integer"),
    "num_predict": (int, "integer"),
    "repeat_penalty": ((int, float), "float32"),
}
"""The types of options in Ollama's api/types.go (FromMap)."""

PullFault = Literal["error", "no_space", "end", "hang"]


def _open() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(slots=True)
class OllamaStandin(OpenAIAnswers):
    """`models` has the windows that the weights allow; how much is really loaded is in `loaded`."""

    loaded: dict[str, int] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    """A model's Modelfile parameters, e.g. "num_ctx                        8192"."""
    capabilities: dict[str, list[str]] = field(default_factory=dict)
    families: dict[str, str] = field(default_factory=dict)
    thinking: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The `think` that newer servers tell of a model: values and default."""
    remote: set[str] = field(default_factory=set)
    """Models that run in Ollama's cloud: never loaded."""
    speaks_openai: bool = True
    """False as servers from before the part with OpenAI's protocol."""
    has_show: bool = True
    """False as servers that copy only a part of the API."""
    default_num_ctx: int = 4096
    tells_context: bool = True
    """False as servers before `/api/ps` had `context_length`."""
    caches_prompts: bool = False
    """Leave `prompt_eval_count` out, as older servers do for a prompt that was seen before."""
    may_load: asyncio.Event = field(default_factory=_open)
    """Cleared, every load waits; meanwhile `/api/ps` lists the model already."""
    loads: list[tuple[str, int]] = field(default_factory=list)
    """Every load with its `num_ctx`."""
    parallel: int | None = None
    """Replies at a time; the others wait without a word. None is no limit."""
    queue: int = 512
    registry: dict[str, tuple[int, ...]] = field(default_factory=lambda: {"typhoon2:8b": (1000, 200)})
    """The models that can be pulled, with the sizes of their layers."""
    pull_fault: PullFault | None = None
    """After half of the first layer."""
    may_pull: asyncio.Event = field(default_factory=_open)
    """Cleared, a pull waits after half of the first layer."""
    pulls: list[Seen] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    """How often each other route was asked."""
    _writing: int = 0

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/api/tags", self._tags),
            web.get("/api/ps", self._ps),
            web.post("/api/show", self._show),
            web.post("/api/chat", self._chat),
            web.post("/api/pull", self._pull),
            web.post("/v1/chat/completions", self._like_openai),
            web.post("/v1/responses", self._like_openai),
            web.post("/v1/embeddings", self._like_openai),
        ]

    async def _tags(self, request: web.Request) -> web.Response:
        self.asked["tags"] += 1
        return web.json_response({"models": [self._card(name) for name in self.models]})

    async def _ps(self, request: web.Request) -> web.Response:
        self.asked["ps"] += 1
        running = []
        for name, window in self.loaded.items():
            entry = self._card(name) | {"expires_at": _CREATED, "size_vram": 0}
            running.append(entry | {"context_length": window} if self.tells_context else entry)
        return web.json_response({"models": running})

    async def _show(self, request: web.Request) -> web.Response:
        self.asked["show"] += 1
        if not self.has_show:
            return web.Response(status=404, text="404 page not found")
        name = (await request.json())["model"]
        if name not in self.models:
            return _failure(ollama_error(404, f"model '{name}' not found"))
        window = self.models[name]
        shown: dict[str, Any] = {
            "modelfile": f"FROM {name}",
            "parameters": self.parameters.get(name, ""),
            "template": "{{ .Prompt }}",
            "details": self._card(name)["details"],
            "model_info": {"general.architecture": "llama"} | ({"llama.context_length": window} if window else {}),
            "capabilities": self.capabilities.get(name, ["completion"]),
        }
        if name in self.thinking:
            shown["thinking"] = self.thinking[name]
        if name in self.remote:
            shown["remote_host"] = "https://ollama.com:443"
        return web.json_response(shown)

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
            await self._load(seen)
            if not body["messages"]:
                return self._loaded(name, body)
            while self._is_full():
                await self.until(lambda: not self._is_full())
            self._writing += 1
            try:
                return await self._stream(request, seen)
            finally:
                self._writing -= 1
                self.changed()

    async def _like_openai(self, request: web.Request) -> web.StreamResponse:
        """Answer by the part that speaks OpenAI's protocol: it loads a model with the server's own window."""
        if not self.speaks_openai:
            return web.Response(status=404, text="404 page not found")
        body = await request.json()
        seen = Seen(body["model"], body, dict(request.headers), self.script_for(body["model"]), path=request.path)
        with self.watch(seen):
            if objection := self._objection(seen):
                said = json.loads(objection.error_body)["error"]
                return failure(openai_error(objection.status, said, kind="api_error"))
            if seen.script.fault == "silence":
                await hang()
            if seen.script.fault == "close":
                drop(request)
                return web.Response()
            await self._load(seen)
            if request.path.endswith("/embeddings"):
                return vectors(body)
            return await self.answer(request, seen, responses_api=request.path.endswith("/responses"))

    def _is_full(self) -> bool:
        return self.parallel is not None and self._writing >= self.parallel

    def _objection(self, seen: Seen) -> Script | None:
        if seen.script.status != 200:
            return seen.script
        if seen.model not in self.models:
            return ollama_error(404, f'model "{seen.model}" not found, try pulling it first')
        if seen.body.get("think") and "thinking" not in self.capabilities.get(seen.model, ()):
            return ollama_error(400, f'"{seen.model}" does not support thinking')
        for name, value in (seen.body.get("options") or {}).items():
            if (kind := _TYPES.get(name)) and not isinstance(value, kind[0]):
                return ollama_error(400, f'option "{name}" must be of type {kind[1]}')
        if self.parallel is not None and self.running > self.parallel + self.queue:
            return ollama_error(503, "server busy, please try again.  maximum pending requests exceeded")
        return None

    def _window(self, seen: Seen) -> int:
        own = self.parameters.get(seen.model, "").rpartition("num_ctx")[2].strip()
        asked = (seen.body.get("options") or {}).get("num_ctx") or int(own or 0) or self.default_num_ctx
        return min(asked, self.models[seen.model] or asked)

    async def _load(self, seen: Seen) -> None:
        """Load a model; another window than the loaded one loads it anew."""
        window = self._window(seen)
        if seen.model not in self.remote and self.loaded.get(seen.model) != window:
            self.loaded[seen.model] = window
            self.loads.append((seen.model, window))
            self.changed()
        await self.may_load.wait()

    def _loaded(self, name: str, body: dict[str, Any]) -> web.Response:
        reason = "load"
        if body.get("keep_alive") == 0:
            self.loaded.pop(name, None)
            reason = "unload"
        message = {"role": "assistant", "content": ""}
        return web.json_response(
            {"model": name, "created_at": _CREATED, "message": message, "done": True, "done_reason": reason}
        )

    async def _stream(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        frames, tail = _frames(seen.script, seen.model, self._prompt_count(seen))
        fault = seen.script.fault
        await self.play(response, frames[: seen.script.fault_after] if fault else frames, seen)
        match fault:
            case "drop" | "close" | "silence" | "page" | "drop_after_finish":
                drop(request)
            case "hang":
                await response.write(b"")
                await hang()
            case "garbage":
                await response.write(f"{seen.script.error_body or GARBAGE}\n".encode())
            case "error":
                message = seen.script.error_body or "an error was encountered while running the model: CUDA error"
                await response.write(_line({"error": message}))
            case "end" | None:
                await response.write(tail if fault is None else b"")
        return response

    def _prompt_count(self, seen: Seen) -> int | None:
        """Return what is left of the prompt: whole messages go, oldest first, and the last one is cut to the window."""
        if self.caches_prompts:
            return None
        window, messages = self._window(seen), list(seen.body["messages"])
        while len(messages) > 1 and prompt_tokens({"messages": messages}) > window:
            messages.pop(0)
        return min(prompt_tokens({"messages": messages}), window)

    async def _pull(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        name = body["model"]
        seen = Seen(name, body, dict(request.headers), Script())
        self.pulls.append(seen)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        try:
            await response.prepare(request)
            await response.write(_line({"status": "pulling manifest"}))
            if name not in self.registry:
                await response.write(_line({"error": "pull model manifest: file does not exist"}))
                return response
            if await self._pull_layers(response, name):
                self.models[name] = 8192
                await response.write(_line({"status": "success"}))
        except (asyncio.CancelledError, ConnectionResetError):
            seen.left = True
            raise
        finally:
            seen.running = False
            self.changed()
        return response

    async def _pull_layers(self, response: web.StreamResponse, name: str) -> bool:
        """Pull the layers of a model; False when the pull ends before its time."""
        digests = [f"sha256:{sha256(f'{name} {at}'.encode()).hexdigest()}" for at in range(len(self.registry[name]))]
        for at, (digest, size) in enumerate(zip(digests, self.registry[name], strict=True)):
            step = {"status": f"pulling {digest[7:19]}", "digest": digest, "total": size}
            await response.write(_line(step) + _line(step | {"completed": size // 2}))
            if at == 0:
                self.changed()
                await self.may_pull.wait()
                match self.pull_fault:
                    case "error":
                        await response.write(
                            _line({"error": "max retries exceeded: read tcp: connection reset by peer"})
                        )
                        return False
                    case "no_space":
                        await response.write(_line({"error": "write /root/.ollama/x: no space left on device"}))
                        return False
                    case "end":
                        return False
                    case "hang":
                        await hang()
            await response.write(_line(step | {"completed": size}))
        await response.write(_line({"status": "verifying sha256 digest"}) + _line({"status": "writing manifest"}))
        return True

    def _card(self, name: str) -> dict[str, Any]:
        family = self.families.get(name, "llama")
        details = {"format": "gguf", "family": family, "parameter_size": "8.0B", "quantization_level": "Q4_0"}
        return {
            "name": name,
            "model": name,
            "modified_at": _CREATED,
            "size": 4_661_224_676,
            "digest": sha256(name.encode()).hexdigest(),
            "details": details,
        }


@lru_cache(maxsize=256)
def _frames(script: Script, model: str, prompt: int | None) -> tuple[tuple[bytes, ...], bytes]:
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
        end |= {"eval_count": len(pieces)} | ({"prompt_eval_count": prompt} if prompt is not None else {})
    return frames, _line(end)


def _line(body: dict[str, Any]) -> bytes:
    return f"{as_json(body)}\n".encode()


def _failure(script: Script) -> web.Response:
    return web.Response(status=script.status, text=script.error_body, content_type="application/json")


if __name__ == "__main__":
    run(OllamaStandin)
