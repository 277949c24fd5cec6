"""Lists of models as servers and gateways give them, and the addresses at which they do."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from aiohttp import web

from tests.standins.raw_server import JSON, NOT_FOUND, Answer, RawServer, answer_of, listing
from tests.standins.replies import ask, request, text_of
from thai_chat.backends.address import base_of, moved_to
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendGarbled, BackendMoved, ModelNotFound, WebPage


async def names(server: RawServer, path: str = "/v1", *, model: str | None = None) -> list[str]:
    backend = VLLMBackend(server.address + path, default_model=model)
    try:
        return [info.model for info in await backend.models()]
    finally:
        await backend.close()


def answer(body: object) -> Answer:
    return Answer([orjson.dumps(body)], JSON)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ([{"id": "a"}, "b"], ["a", "b"]),
        ({"data": [{"id": None}, {"id": "a"}, None, 5, {"id": ["x"]}, {"object": "model"}]}, ["a"]),
        ({"data": [{"name": "a"}, {"model": "b"}, {"id": "", "name": "c"}]}, ["a", "b", "c"]),
        ({"data": None}, []),
        ({"models": None, "data": [{"id": "a", "parent": ["x"], "max_model_len": "8k"}]}, ["a"]),
        ({"models": [{"name": "a", "details": None}]}, ["a"]),
        ({"object": "list", "data": []}, []),
    ],
)
async def test_a_list_is_read_entry_by_entry(body: object, found: list[str]) -> None:
    async with RawServer(gets={"/v1/models": answer(body)}) as server:
        assert await names(server) == found


@pytest.mark.parametrize("body", [{"ok": True}, 5, {"data": {"a": 1}}])
async def test_what_is_no_list_is_told(body: object) -> None:
    async with RawServer(gets={"/v1/models": answer(body)}) as server:
        with pytest.raises(BackendGarbled):
            await names(server)


@pytest.mark.parametrize("missing", [NOT_FOUND, Answer([b"{}"], JSON, "405 Method Not Allowed")])
async def test_a_server_without_a_list_is_usable_by_the_model_that_is_named(missing: Answer) -> None:
    async with RawServer([answer_of("bom")], gets={"/v1/models": missing}) as server:
        assert await names(server) == []
        assert await names(server, model="typhoon") == ["typhoon"]
        backend = VLLMBackend(server.address)
        assert text_of(await ask(backend, request("typhoon"))).endswith("END")
        await backend.close()


async def test_a_page_for_people_is_no_server_without_a_list() -> None:
    page = Answer([b"<!doctype html><title>Not found</title>"], "text/html", "404 Not Found")
    async with RawServer(gets={"/v1/models": page}) as server:
        with pytest.raises(WebPage):
            await names(server)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"models": None}, []),
        ({"models": [{"name": "a"}, {"model": "b", "details": None, "digest": None}, {"name": None}]}, ["a", "b"]),
    ],
)
async def test_ollamas_like_may_leave_out_what_it_does_not_have(body: object, found: list[str]) -> None:
    async with RawServer(gets={"/api/tags": answer(body)}) as server:  # and without /api/ps
        backend = OllamaBackend(server.address)
        assert [info.model for info in await backend.models()] == found
        await backend.close()


async def test_the_health_of_a_gateway_is_not_asked() -> None:
    """LiteLLM's has every model say something, each time."""
    async with RawServer(gets={"/v1/models": listing("gpt", "claude")}) as server:
        await names(server)
        assert [head.split()[1] for head in server.heads] == ["/v1/models"]


async def test_a_health_that_does_not_answer_is_no_server_that_is_down() -> None:
    async def models(request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "a", "owned_by": "vllm"}]})

    async def health(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/v1/models", models), web.get("/health", health)])
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    backend = VLLMBackend(f"http://127.0.0.1:{runner.addresses[0][1]}")
    assert [info.model for info in await backend.models()] == ["a"]
    await backend.close()
    await runner.cleanup()


@pytest.mark.parametrize(
    ("pasted", "base"),
    [
        ("http://h:8000", "http://h:8000"),
        ("http://h/v1/", "http://h/v1"),
        ("http://h/v1//", "http://h/v1"),
        ("https://h/openai/v1/chat/completions", "https://h/openai/v1"),
        ("https://h/v1/chat/completions/", "https://h/v1"),
        ("https://h/v1/models", "https://h/v1"),
        ("https://h/v1/responses", "https://h/v1"),
        ("http://h:11434/api/chat", "http://h:11434"),
        ("http://h:11434/api", "http://h:11434"),
    ],
)
def test_the_route_that_was_pasted_along_is_left_out(pasted: str, base: str) -> None:
    assert base_of(pasted) == base


@pytest.mark.parametrize("pasted", ["", "/v1", "/v1/", "/v1/chat/completions", "/v1/models"])
async def test_an_address_of_vllm_may_be_any_of_its_routes(pasted: str) -> None:
    async with RawServer([answer_of("bom")]) as server:
        backend = VLLMBackend(server.address + pasted)
        assert await backend.models()
        await ask(backend, request("m"))
        await backend.close()
        assert [head.split()[1] for head in server.heads] == ["/v1/models", "/v1/chat/completions"]


async def test_the_usual_path_is_found_below_another_one() -> None:
    async with RawServer([answer_of("bom")], gets={"/openai/v1/models": listing("m")}) as server:
        backend = OpenAIBackend(f"{server.address}/openai", api_key="k")
        assert [info.model for info in await backend.models()] == ["m"]
        await ask(backend, request("m"))
        await backend.close()
        assert server.heads[-1].split()[1] == "/openai/v1/chat/completions"


async def test_where_the_list_was_moved_to_replies_are_asked_for_too() -> None:
    moved = Answer([b"moved"], "text/plain", "301 Moved Permanently", headers="Location: /new/v1/models\r\n")
    async with RawServer([answer_of("bom")], gets={"/v1/models": moved, "/new/v1/models": listing("m")}) as server:
        backend = VLLMBackend(server.address)
        assert await backend.models()
        await ask(backend, request("m"))
        await backend.close()
        assert server.heads[-1].split()[1] == "/new/v1/chat/completions"


@pytest.mark.parametrize("kind", [VLLMBackend, OllamaBackend])
@pytest.mark.parametrize("status", ["301 X", "302 X", "307 X", "308 X"])
async def test_no_question_goes_where_a_server_sends_it(status: str, kind: type[VLLMBackend | OllamaBackend]) -> None:
    async with RawServer([answer_of("bom")]) as inner:
        away = Answer([b"moved"], "text/plain", status, headers=f"Location: {inner.address}/v1/models\r\n")
        async with RawServer([away], gets=dict.fromkeys(["/v1/models", "/api/tags", "/api/ps"], away)) as server:
            backend = kind(server.address)
            with pytest.raises(BackendMoved):
                await backend.models()
            with pytest.raises(BackendMoved):
                await ask(backend, request("m"))
            await backend.close()
        assert inner.heads == []


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("/new/models", "http://h:8000/new/models"),
        ("https://h/v1/models", "https://h/v1/models"),
        ("http://h:8000/v2/models?x=1", "http://h:8000/v2/models"),
        ("http://h:22/v1/models", ""),
        ("https://other/v1/models", ""),
        ("//other/v1/models", ""),
        ("", ""),
    ],
)
def test_only_the_same_server_is_followed(location: str, found: str) -> None:
    assert moved_to("http://h:8000/v1/models", 301, location) == found
    assert moved_to("http://h:8000/v1/models", 200, location) == ""


@pytest.mark.parametrize("words", ["Not Found: /v1/models/x", "no route for POST /models/chat"])
async def test_a_missing_route_is_no_missing_model(words: str) -> None:
    missing = Answer([orjson.dumps({"error": {"message": words}})], JSON, "404 Not Found")
    async with RawServer([missing]) as server:
        backend = VLLMBackend(server.address)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - of our tree, and which one does not matter
            await ask(backend, request())
        await backend.close()
        assert not isinstance(caught.value, ModelNotFound)
