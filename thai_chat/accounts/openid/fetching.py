"""Requests to an OpenID provider, whose answers are foreign: bounded in size and time, no redirect followed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx2

from thai_chat.domain.openid_errors import OpenIdUnavailable

ANSWER_S = 10.0
"""The time for a whole answer."""
ANSWER_BYTES = 500_000
_PLAIN = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "thai-chat"}


async def fetch(
    client: httpx2.AsyncClient,
    method: str,
    address: str,
    *,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Mapping[str, Any]]:
    """Return the status of an answer and its object. Raises OpenIdUnavailable where there is no such answer."""
    try:
        async with (
            asyncio.timeout(ANSWER_S),
            client.stream(method, address, content=body, headers={**_PLAIN, **(headers or {})}) as answer,
        ):
            if answer.status_code >= 500 or answer.is_redirect or answer.headers.get("content-encoding"):
                raise OpenIdUnavailable(f"status {answer.status_code}")
            content = bytearray()
            async for part in answer.aiter_raw():
                content += part
                if len(content) > ANSWER_BYTES:
                    raise OpenIdUnavailable("its answer is too long")
    except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise OpenIdUnavailable(type(error).__name__) from error
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise OpenIdUnavailable(f"status {answer.status_code}, and no JSON") from error
    if not isinstance(told, dict):
        raise OpenIdUnavailable("its answer is no object")
    return answer.status_code, told
