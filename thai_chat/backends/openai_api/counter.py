"""Asks a server how many tokens a prompt has."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2
import openai
import orjson

from thai_chat.backends.failures import NO_SUCH_ROUTE
from thai_chat.backends.openai_api.errors import translate
from thai_chat.backends.timeouts import COUNT_TIMEOUT_S
from thai_chat.backends.translation import again_if_closed
from thai_chat.domain.backend_errors import ModelNotFound
from thai_chat.domain.ports.backend import PromptMessage


@dataclass(frozen=True, slots=True)
class Counter:
    """A route that counts the tokens of messages: its path, and the answer's field with the count."""

    path: str
    field: str

    async def count(self, client: openai.AsyncOpenAI, model: str, messages: Sequence[PromptMessage]) -> int | None:
        """Return the server's count; None where it does not count this way."""
        body = {
            "model": model,
            "messages": [{"role": message.role.value, "content": message.content} for message in messages],
            "add_generation_prompt": True,
        }
        try:
            async with asyncio.timeout(COUNT_TIMEOUT_S):
                answer = await again_if_closed(lambda: client.post(self.path, body=body, cast_to=httpx2.Response))
        except openai.APIStatusError as exc:
            if exc.status_code not in NO_SUCH_ROUTE or isinstance(translate(exc), ModelNotFound):
                raise
            return None
        counted = orjson.loads(answer.content)
        tokens = counted.get(self.field) if isinstance(counted, dict) else None
        return tokens if isinstance(tokens, int) else None


LLAMACPP_COUNTER = Counter("/chat/completions/input_tokens", "input_tokens")
