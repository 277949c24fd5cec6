"""A stand-in that speaks OpenAI's Chat Completions and Responses over HTTP, as OpenAI and vLLM do.

`python -m tests.standins.openai_server --port 0 --tokens 200 --delay-ms 20` prints its address; the API is below `/v1`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from tests.standins.openai_answers import OpenAIAnswers, failure, is_malformed, prompt_tokens, vectors
from tests.standins.refusals import (
    NO_CHAT_TEMPLATE,
    NO_EMBEDDINGS,
    NO_PREFILL,
    RESPONSES_ONLY,
    UNVERIFIED,
    overflow,
    refused,
)
from tests.standins.script import Script, openai_error
from tests.standins.server import Seen, drop, hang, run


@dataclass(slots=True)
class OpenAIStandin(OpenAIAnswers):
    """`models` may have adapters: they are listed with their parent in `adapters`, and no window of their own."""

    adapters: dict[str, str] = field(default_factory=dict)
    health_status: int | None = 200
    """None: a server without that route. As vLLM's, the body is empty."""
    health_body: str = ""
    tokenizes: bool = True
    chat_template: bool = True
    props: dict[str, Any] | None = None
    """The answer of llama.cpp's `/props`; None: a server without that route."""
    embeds: bool = True
    counted: int = 0
    """How often `/tokenize` was asked."""

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/v1/models", self._models),
            web.post("/v1/chat/completions", self._chat),
            web.post("/v1/responses", self._responses),
            web.post("/v1/embeddings", self._embeddings),
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
            return failure(NO_CHAT_TEMPLATE)
        body = await request.json()
        tokens = list(range(prompt_tokens(body) + (2 if body["add_generation_prompt"] else 0)))
        return web.json_response({"count": len(tokens), "max_model_len": self.models[body["model"]], "tokens": tokens})

    async def _models(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return failure(refusal)
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
                return failure(refusal)
            if seen.script.fault == "silence":
                await hang()
            if seen.script.fault == "close":
                drop(request)
                return web.Response()
            if seen.script.fault == "page":
                return web.Response(text="<html>เข้าสู่ระบบ</html>", content_type="text/html")
            if _is_taken_for_thinking(seen):
                seen.script = replace(seen.script, reasoning=seen.script.tokens, tokens=())
            return await self.answer(request, seen, responses_api=responses_api)

    async def _embeddings(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        seen = Seen(body["model"], body, dict(request.headers), self.script_for(body["model"]), path=request.path)
        with self.watch(seen):
            if not self.embeds:
                return failure(NO_EMBEDDINGS)
            refusal = self._refusal(request) or self._objection(seen)
            return failure(refusal) if refusal else vectors(body)

    def _objection(self, seen: Seen) -> Script | None:
        script = seen.script
        if script.status != 200:
            return script
        if is_malformed(seen.body):
            return openai_error(400, "messages: Field required")
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


def _is_taken_for_thinking(seen: Seen) -> bool:
    told = seen.body.get("chat_template_kwargs") or {}
    if not seen.body.get("continue_final_message") or not seen.script.prefill_is_thinking:
        return False
    return seen.script.prefill_is_thinking == "always" or told.get("enable_thinking") is not False


if __name__ == "__main__":
    run(OpenAIStandin)
