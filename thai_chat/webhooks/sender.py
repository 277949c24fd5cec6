"""Sends one delivery, to an address of the network that the administrator allowed and to no other."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import math
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from thai_chat.domain.errors import trace_of
from thai_chat.domain.ports.webhooks import Receipt
from thai_chat.domain.webhook_hosts import WebhookHosts, parts_of
from thai_chat.domain.webhooks import DeliveryProblem

logger = logging.getLogger(__name__)

TIMEOUT_S = 15.0
_CONNECT_S = 5.0
_READ_BYTES = 4_096
"""So much of an answer's body is read, and forgotten."""
_LOOK_UPS = 8
_AGENT = "Thai-Chat-Webhooks/1"


class _InnerAddress(OSError):
    """A name leads to nothing but addresses that it may not lead to."""


class _CheckedResolver(AbstractResolver):
    """Looks names up and lets through the addresses that may be reached, so that nothing is looked up twice.

    It has threads of its own: a name server that hangs holds up nobody but webhooks.
    """

    def __init__(self, hosts: WebhookHosts) -> None:
        self._hosts = hosts
        self._threads = ThreadPoolExecutor(_LOOK_UPS, thread_name_prefix="webhooks")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        look_up = partial(socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        passed = [
            ResolveResult(
                hostname=host, host=str(place[0]), port=port, family=kind, proto=protocol, flags=socket.AI_NUMERICHOST
            )
            for kind, _, protocol, _, place in found
            if self._hosts.reaches(host, str(place[0]))
        ]
        if found and not passed:
            raise _InnerAddress
        return passed

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class HttpSender:
    """A `WebhookSender`. It follows no redirect, uses no proxy, keeps no cookie, and reads next to nothing."""

    def __init__(self, hosts: WebhookHosts, *, timeout_s: float = TIMEOUT_S) -> None:
        self._hosts = hosts
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, connect=min(_CONNECT_S, timeout_s))
        self._session: aiohttp.ClientSession | None = None

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        try:
            is_allowed = self._hosts.allows(url)
        except ValueError:
            is_allowed = False
        if not is_allowed:
            return Receipt(problem=DeliveryProblem.NOT_ALLOWED)
        if not self._reaches_literal(url):
            return Receipt(problem=DeliveryProblem.INNER_ADDRESS)
        try:
            return await self._post(url, headers, body)
        except TimeoutError:
            return Receipt(problem=DeliveryProblem.TIMEOUT)
        except aiohttp.ClientConnectorDNSError as error:
            is_inner = isinstance(error.__cause__, _InnerAddress)
            return Receipt(problem=DeliveryProblem.INNER_ADDRESS if is_inner else DeliveryProblem.UNRESOLVED)
        except (aiohttp.ClientSSLError, ssl.SSLError):
            return Receipt(problem=DeliveryProblem.CERTIFICATE)
        except (aiohttp.ClientError, OSError):
            return Receipt(problem=DeliveryProblem.UNREACHABLE)
        except Exception as error:  # noqa: BLE001 - whatever a receiver sends back, others are told what is for them
            logger.error("a webhook could not be sent: %s", type(error).__name__, extra=trace_of(error))
            return Receipt(problem=DeliveryProblem.UNREACHABLE)

    async def close(self) -> None:
        session, self._session = self._session, None
        if session:
            await session.close()

    def _reaches_literal(self, url: str) -> bool:
        """Tell of an address that is no name, which nobody looks up, whether it may be reached."""
        host = parts_of(url).hostname or ""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return True
        return self._hosts.reaches(host, host)

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        sent = {**headers, "content-type": "application/json", "user-agent": _AGENT}
        async with self._client().post(
            url, data=body, headers=sent, allow_redirects=False, auto_decompress=False
        ) as answer:
            receipt = _receipt(answer.status, answer.headers.get("Retry-After"))
            with suppress(aiohttp.ClientError, TimeoutError):
                # A receiver that is cut off while it writes would take that for a failure.
                async with asyncio.timeout(1):
                    await answer.content.read(_READ_BYTES)
            answer.close()
        return receipt

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=_CheckedResolver(self._hosts), use_dns_cache=False, force_close=True, limit=0
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
            )
        return self._session


def _receipt(status: int, retry_after: str | None) -> Receipt:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Receipt(status_code=status)
    if status == HTTPStatus.GONE:
        problem = DeliveryProblem.GONE
    elif status < HTTPStatus.BAD_REQUEST:
        problem = DeliveryProblem.REDIRECT
    else:
        problem = DeliveryProblem.STATUS
    return Receipt(status_code=status, problem=problem, retry_after_s=_wait_s(retry_after))


def _wait_s(retry_after: str | None) -> float | None:
    """Return how long a receiver asks to be left alone: it says so in seconds, or names a time."""
    text = (retry_after or "").strip()
    if not text or len(text) > 100:
        return None
    if text.isdecimal():
        return min(float(text), math.ldexp(1, 40))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
