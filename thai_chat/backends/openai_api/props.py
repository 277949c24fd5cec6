"""Asks a llama.cpp server by its `/props` whether it reads pictures."""

from __future__ import annotations

import asyncio

import httpx2
import openai

from thai_chat.backends.address import root_of
from thai_chat.backends.json_text import lenient
from thai_chat.domain.backend_errors import BackendError

_PROPS_TIMEOUT_S = 1.5


async def takes_pictures(client: openai.AsyncOpenAI) -> bool | None:
    """Tell whether the server reads pictures; None where it does not say, as before `/props` had `modalities`."""
    try:
        async with asyncio.timeout(_PROPS_TIMEOUT_S):
            answer = await client.get(f"{root_of(str(client.base_url))}/props", cast_to=httpx2.Response)
        body = lenient(answer.content)
    except (openai.OpenAIError, BackendError, TimeoutError, ValueError):
        return None  # the list without this is better than no list
    modalities = body.get("modalities") if isinstance(body, dict) else None
    vision = modalities.get("vision") if isinstance(modalities, dict) else None
    return vision if isinstance(vision, bool) else None
