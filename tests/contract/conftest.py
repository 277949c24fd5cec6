"""The stores that keep a history, each behind the same fixture; a stand-in of OpenAI's API with its backends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.histories import MemoryStores, OpenStores, PostgresStores, Stores
from tests.ports import free_port
from tests.standins.openai_server import OpenAIStandin
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.history.postgres.connections import Database


@pytest.fixture(params=["memory", "postgresql", "resilient", "resilient in an outage", "pgbouncer"])
async def history(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> AsyncIterator[Stores]:
    async with AsyncExitStack() as stack:
        store: Stores
        match request.param:
            case "memory":
                store = MemoryStores()
            case "postgresql":
                store = PostgresStores(Database(database_url))
            case "pgbouncer":
                store = PostgresStores(Database(request.getfixturevalue("pooled_url")))
            case "resilient":
                resilient = store = OpenStores(database_url, tmp_path)
                await resilient.start()
                assert (await store.state()).database is DatabaseState.POSTGRESQL
            case _:
                nobody = f"postgresql://chat@127.0.0.1:{free_port()}/chat"
                resilient = store = OpenStores(nobody, tmp_path)
                await resilient.start()
                assert (await store.state()).database is DatabaseState.MEMORY
        stack.push_async_callback(store.close)
        yield store


@pytest.fixture
async def standin() -> AsyncIterator[OpenAIStandin]:
    async with OpenAIStandin() as standin:
        yield standin


@pytest.fixture
async def vllm(standin: OpenAIStandin) -> AsyncIterator[VLLMBackend]:
    backend = VLLMBackend(standin.base_url)
    yield backend
    await backend.close()


@pytest.fixture
async def openai(standin: OpenAIStandin) -> AsyncIterator[OpenAIBackend]:
    backend = OpenAIBackend(standin.base_url, api_key="sk-test")
    yield backend
    await backend.close()
