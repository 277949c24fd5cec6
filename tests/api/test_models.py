"""`/api/models/prepare` and `/api/models/pull`, with the stand-in as Ollama."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.api.conftest import serving
from tests.api.streams import events_of, require_stream
from tests.histories import MemoryStores
from tests.standins.ollama_server import OllamaStandin
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.service import ChatService
from thai_chat.routing.router import Router
from thai_chat.settings import Settings

TYPHOON = {"backend": "ollama", "model": "typhoon2:8b"}
STANDIN = {"backend": "ollama", "model": "standin"}


@dataclass(frozen=True, slots=True)
class Server:
    http: httpx.AsyncClient
    ollama: OllamaStandin
    service: ChatService

    async def ready(self) -> dict[str, Any]:
        """Return what `/readyz` says of Ollama."""
        body: dict[str, Any] = (await self.http.get("/readyz")).json()["backends"]["ollama"]
        return body

    async def until(self, fact: Callable[[dict[str, Any]], bool]) -> None:
        async with asyncio.timeout(20):
            while not fact(await self.ready()):  # noqa: ASYNC110 - HTTP offers nothing to wait on
                await asyncio.sleep(0.01)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with OllamaStandin(models={"standin": 131_072, "other": 8192}) as ollama:
        router = Router(build_backends(Settings(ollama_host=ollama.address)), kinds=KINDS)
        await router.start()
        service = ChatService(MemoryStores().storage, router, max_history_messages=10)
        service.start()
        async with serving(service) as http:
            yield Server(http, ollama, service)
        await service.close()
        await router.close()


async def test_a_picked_model_is_loaded_in_the_background_and_told_as_loading_meanwhile(server: Server) -> None:
    server.ollama.may_load.clear()
    answer = await server.http.post("/api/models/prepare", json=STANDIN)
    assert (answer.status_code, answer.json()) == (202, STANDIN)
    await server.ollama.until(lambda: bool(server.ollama.loads))
    assert (await server.ready())["model_states"] == {"standin": "loading"}
    server.ollama.may_load.set()
    await server.ollama.until(lambda: server.ollama.running == 0)
    await server.until(lambda ready: not ready["model_states"])
    assert server.ollama.loads == [("standin", 8192)]


async def test_a_model_is_loaded_once_however_often_it_is_picked(server: Server) -> None:
    server.ollama.may_load.clear()
    for _ in range(4):
        assert (await server.http.post("/api/models/prepare", json=STANDIN)).status_code == 202
    await server.ollama.until(lambda: bool(server.ollama.loads))
    assert len(server.ollama.seen) == 1
    server.ollama.may_load.set()


async def test_a_model_that_can_not_be_loaded_does_no_harm(server: Server) -> None:
    assert (await server.http.post("/api/models/prepare", json=TYPHOON)).status_code == 202
    assert (await server.http.post("/api/models/prepare", json=STANDIN)).status_code == 202
    await server.ollama.until(lambda: bool(server.ollama.loads))


async def test_a_load_that_runs_when_the_app_ends_is_ended(server: Server) -> None:
    server.ollama.may_load.clear()
    await server.http.post("/api/models/prepare", json=STANDIN)
    await server.ollama.until(lambda: bool(server.ollama.loads))
    await server.service.close()
    await server.ollama.until(lambda: server.ollama.running == 0)
    assert server.ollama.seen[0].left


async def test_a_fetch_tells_its_progress_and_that_it_is_done(server: Server) -> None:
    async with server.http.stream("POST", "/api/models/pull", json=TYPHOON) as answer:
        events = [event async for event in events_of(answer)]
    require_stream(answer)
    assert {event.name for event in events[:-1]} == {"progress"}
    assert events[-2].body == {"status": "success", "completed": 1200, "total": 1200}
    assert (events[-1].name, events[-1].body) == ("completed", TYPHOON)
    await server.until(lambda ready: TYPHOON["model"] in ready["models"])


@pytest.mark.parametrize(
    ("model", "fault", "code"),
    [("no-such-model", None, "model_not_in_registry"), ("typhoon2:8b", "no_space", "model_not_fetched")],
)
async def test_a_fetch_that_fails_ends_with_the_reason_in_the_readers_language(
    server: Server, model: str, fault: str | None, code: str
) -> None:
    server.ollama.pull_fault = fault  # type: ignore[assignment]
    body = {"backend": "ollama", "model": model}
    async with server.http.stream("POST", "/api/models/pull", json=body, headers={"Accept-Language": "th"}) as answer:
        events = [event async for event in events_of(answer)]
    assert events[-1].name == "error"
    assert events[-1].body["code"] == code
    assert "ดาวน์โหลด" in str(events[-1].body["message"])
    assert model in str(events[-1].body["message"])


async def test_closing_the_connection_ends_the_fetch(server: Server) -> None:
    server.ollama.may_pull.clear()
    async with server.http.stream("POST", "/api/models/pull", json=TYPHOON) as answer:
        async for event in events_of(answer):
            assert event.name == "progress"
            break
    await server.ollama.until(lambda: bool(server.ollama.pulls) and not server.ollama.pulls[0].running, timeout_s=3)
    assert server.ollama.pulls[0].left


@pytest.mark.parametrize("path", ["/api/models/prepare", "/api/models/pull"])
async def test_what_can_not_be_is_refused_at_once(server: Server, path: str) -> None:
    unknown = await server.http.post(path, json={"backend": "vllm", "model": "x"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (400, "unknown_backend")
    nameless = await server.http.post(path, json={"backend": "ollama", "model": " "})
    assert (nameless.status_code, nameless.json()["error"]["code"]) == (400, "bad_input")
    nul = await server.http.post(path, json={"backend": "ollama", "model": "a\x00b"})
    assert (nul.status_code, nul.json()["error"]["code"]) == (400, "unreadable_text")


@pytest.mark.parametrize("path", ["/api/models/prepare", "/api/models/pull"])
async def test_a_page_of_another_site_can_neither_load_nor_fetch(server: Server, path: str) -> None:
    answer = await server.http.post(path, json=TYPHOON, headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_site")
    assert server.ollama.pulls == []


async def test_a_missing_model_for_which_another_answered_is_told_as_one_that_can_be_fetched(server: Server) -> None:
    answer = (await server.http.post("/chat", json={"query": "สวัสดี", **TYPHOON})).json()
    assert answer["model"] == "standin"
    swap = next(notice for notice in answer["metadata"]["notices"] if notice["code"] == "answered_by_other")
    assert (swap["asked"], swap["asked_model"], swap["fetchable"]) == ("ollama", "typhoon2:8b", True)
    await server.http.post("/api/models/pull", json=TYPHOON)
    answer = (await server.http.post("/chat", json={"query": "สวัสดี", **TYPHOON})).json()
    assert answer["model"] == "typhoon2:8b"
    assert answer["response"] == server.ollama.script.text
