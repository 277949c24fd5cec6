"""A session of a running app, over HTTP as any client has it, and what the app acknowledged of it."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx

from tests.api.streams import events_of
from tests.app import App

ASYNC = {"Prefer": "respond-async"}
LOST_S = 1.0
"""The seconds of a growing reply that a kill may lose."""


@dataclass(slots=True)
class Chat:
    """Asks a model of the stand-in; what it says is known, so every stored reply can be compared."""

    http: httpx.AsyncClient
    model: str = "standin"
    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    acknowledged: list[str] = field(default_factory=list)
    """Questions that were answered with 202."""
    seen: str = ""
    """The text that has come of the reply that was followed last."""
    seen_at: list[tuple[float, int]] = field(default_factory=list)
    """When it had how many characters."""

    async def send(self, question: str, *, key: str | None = None) -> httpx.Response:
        body = {"query": question, "backend": "vllm", "model": self.model, "idempotency_key": key or uuid.uuid4().hex}
        return await self.http.post(f"/api/sessions/{self.session_id}/messages", json=body, headers=ASYNC)

    async def ask(self, question: str, *, key: str | None = None) -> str:
        """Ask and return the reply's id, once the question is acknowledged."""
        response = await self.send(question, key=key)
        assert response.status_code == 202, response.text
        self.acknowledged.append(question)
        message_id: str = response.json()["message_id"]
        return message_id

    async def follow(self, *, until_chars: int | None = None) -> str:
        """Return the reply's text up to its end, or until it has so many characters. Raises RuntimeError when it
        fails."""
        self.seen, self.seen_at = "", []
        async with self.http.stream("GET", f"/api/sessions/{self.session_id}/events") as response:
            async for event in events_of(response):
                if event.name == "delta":
                    self.seen += event.body["text"]
                    self.seen_at.append((time.monotonic(), len(self.seen)))
                    if until_chars is not None and len(self.seen) >= until_chars:
                        return self.seen
                if event.name == "error":
                    raise RuntimeError(event.body["code"])
        return self.seen

    async def ask_and_read(self, question: str) -> str:
        await self.ask(question)
        return await self.follow()

    def chars_at(self, moment_s: float) -> int:
        """Return how much of the reply had come at that `time.monotonic()`."""
        return max((chars for at_s, chars in self.seen_at if at_s <= moment_s), default=0)

    def kept_at_least(self, killed_at_s: float) -> int:
        """Return the least characters that are kept of a reply that was killed: all but those of its last second, and
        of the longest time in which the machine did nothing for it."""
        moments = [*(at_s for at_s, _ in self.seen_at), killed_at_s]
        pause_s = max(later - earlier for earlier, later in pairwise(moments))
        return self.chars_at(killed_at_s - LOST_S - pause_s)

    async def stop(self) -> None:
        await self.http.post(f"/api/sessions/{self.session_id}/stop")

    async def messages(self) -> list[dict[str, Any]]:
        response = await self.http.get(f"/api/sessions/{self.session_id}/messages", params={"limit": 200})
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["history"]
        return found


async def database_of(http: httpx.AsyncClient) -> dict[str, Any]:
    """Return the database's part of GET /readyz: which of them serves, and how many turns wait."""
    found: dict[str, Any] = (await http.get("/readyz")).json()["database"]
    return found


async def until_stored(http: httpx.AsyncClient, *, within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not _is_stored(await database_of(http)):  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.05)


async def until_away(http: httpx.AsyncClient, *, within_s: float = 15.0) -> None:
    """Wait until the app has noticed that PostgreSQL is gone."""
    async with asyncio.timeout(within_s):
        while (await database_of(http))["state"] != "memory":  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.05)


def _is_stored(database: dict[str, Any]) -> bool:
    return bool(database["state"] == "postgresql" and database["waiting"] == 0)


@asynccontextmanager
async def client_of(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client that also serves an app that is killed and started again meanwhile."""
    async with httpx.AsyncClient(base_url=app.address, timeout=30) as http:
        yield http
