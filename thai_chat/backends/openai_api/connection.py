"""The official client's connection to a server, bounded in size and time, which follows nobody elsewhere."""

from __future__ import annotations

import httpx2
import openai
from openai._types import RequestOptions

from thai_chat.backends.address import base_of, certificates, is_loopback, without_credentials
from thai_chat.backends.bounds import UNPACKED, bound
from thai_chat.backends.timeouts import KEEP_ALIVE_S, MAX_CONNECTIONS, Timeouts
from thai_chat.backends.translation import again_if_closed

_JSON: RequestOptions = {"headers": {"Content-Type": "application/json"}}


def connection(base_url: str, *, api_key: str | None, timeouts: Timeouts) -> openai.AsyncOpenAI:
    """Return the client of a server. Its address may hold "user:password@", which goes before the key: both are sent as
    `Authorization`."""
    address, authorization = without_credentials(base_of(base_url))
    return openai.AsyncOpenAI(
        base_url=address,
        api_key=api_key or "none",  # the client refuses to be made without one
        default_headers={**UNPACKED, **({"Authorization": authorization} if authorization else {})},
        max_retries=0,
        # Reading has no limit here: `read_reply` counts from token to token, which a server's pings don't prolong.
        timeout=httpx2.Timeout(None, connect=timeouts.connect_s, pool=timeouts.connect_s),
        http_client=openai.DefaultAioHttpClient(
            trust_env=not is_loopback(address),
            verify=certificates(address),
            limits=httpx2.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=KEEP_ALIVE_S),
            event_hooks={"response": [bound]},
            follow_redirects=False,  # else a server could have questions sent to any other
        ),
    )


async def post(client: openai.AsyncOpenAI, path: str, content: bytes) -> httpx2.Response:
    """Send JSON and return the response with its headers read, also a refusing one."""
    try:
        return await again_if_closed(
            lambda: client.post(path, content=content, cast_to=httpx2.Response, options=_JSON, stream=True)
        )
    except openai.APIStatusError as exc:
        return exc.response
