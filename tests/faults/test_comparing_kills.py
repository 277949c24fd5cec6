"""Replies that grow beside each other when the app dies, and when PostgreSQL is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.api.streams import events_of
from tests.app import App, running_app
from tests.chats import ASYNC, client_of, until_away, until_stored
from tests.postgres_servers import PostgresServer, Proxy
from tests.standins.openai_server import OpenAIStandin

SESSION = "/api/sessions/0199a1b2-0000-7000-8000-0000000000c0"
STALE_WITHIN_S = 20


@pytest.fixture
async def remote(
    standin: OpenAIStandin, postgres: PostgresServer, proxy: Proxy, own_database: str
) -> AsyncIterator[App]:
    """Yield an app over PostgreSQL behind the proxy."""
    address = postgres.address(own_database, port=proxy.port)
    async with running_app(VLLM_BASE_URL=standin.base_url, DATABASE_URL=address) as running:
        yield running
        await asyncio.to_thread(proxy.resume)


async def compare(http: httpx.AsyncClient, *models: str) -> list[str]:
    """Ask the models one question, and return the ids of their replies."""
    first, *others = ({"backend": "vllm", "model": model} for model in models)
    answer = await http.post(
        f"{SESSION}/messages", json={"query": "ใครดีกว่า", **first, "compare": others}, headers=ASYNC
    )
    assert answer.status_code == 202, answer.text
    accepted = answer.json()
    return [accepted["message_id"], *(also["message_id"] for also in accepted["also"])]


async def heard(http: httpx.AsyncClient, message_id: str) -> str:
    """Follow a reply to its end, and return its text."""
    async with http.stream("GET", f"{SESSION}/events", params={"message_id": message_id}) as response:
        return "".join([event.body["text"] async for event in events_of(response) if event.name == "delta"])


async def versions(http: httpx.AsyncClient, message_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await http.get(f"{SESSION}/messages/{message_id}/versions")).json()["versions"]
    return found


async def test_kill_9_in_the_middle_of_a_comparison_keeps_both(remote: App, standin: OpenAIStandin) -> None:
    async with client_of(remote) as http:
        ids = await compare(http, "slow", "endless")
        await standin.until(lambda: len(standin.seen) == 2 and all(seen.pieces_sent >= 150 for seen in standin.seen))
        await remote.kill()
        await remote.start()
        async with asyncio.timeout(STALE_WITHIN_S):
            while "streaming" in {message["status"] for message in await versions(http, ids[0])}:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        found = await versions(http, ids[0])
        assert [(message["message_id"], message["status"]) for message in found] == [
            (one, "interrupted") for one in ids
        ]
        for message, model in zip(found, ("slow", "endless"), strict=True):
            assert message["content"]
            assert standin.scripts[model].text.startswith(message["content"])
        answer = await http.post(f"{SESSION}/messages", json={"query": "ต่อ", "backend": "vllm", "model": "standin"})
        assert answer.status_code == 200
        shown = (await http.get(f"{SESSION}/messages")).json()["history"]
        assert [message["message_id"] for message in shown[:2]][1] == ids[0]


async def test_a_comparison_in_an_outage_is_stored_when_postgresql_is_back(
    remote: App, proxy: Proxy, standin: OpenAIStandin
) -> None:
    async with client_of(remote) as http:
        await asyncio.to_thread(proxy.refuse)
        await until_away(http)
        ids = await compare(http, "standin", "slow")
        texts = await asyncio.gather(*(heard(http, one) for one in ids))
        assert texts == [standin.scripts["standin"].text, standin.scripts["slow"].text]
        await asyncio.to_thread(proxy.resume)
        await until_stored(http, within_s=20)
        found = await versions(http, ids[0])
        assert [message["content"] for message in found] == texts
        assert [message["status"] for message in found] == ["complete", "complete"]
