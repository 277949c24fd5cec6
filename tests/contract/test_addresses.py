"""Addresses as people have them: below a path, with a password, with a slash too many."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from tests.standins.openai_server import OpenAIStandin
from tests.standins.replies import ask, request, text_of
from thai_chat import observability
from thai_chat.backends.address import root_of, with_default_path, without_credentials
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.vllm.backend import VLLMBackend

BASIC = "Basic bWU6cEBzcw=="
"""me:p@ss"""


@dataclass(slots=True)
class Gateway:
    """Answers every route with a list of one model, and notes what came."""

    port: int = 0
    seen: list[tuple[str, str | None]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append((request.path, request.headers.get("Authorization")))
        return web.json_response({"data": [{"id": "m", "owned_by": "vllm"}]})

    def at(self, path: str, credentials: str = "") -> str:
        return f"http://{credentials}127.0.0.1:{self.port}{path}"


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", gateway.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.port = runner.addresses[0][1]
    yield gateway
    await runner.cleanup()


@pytest.mark.parametrize(
    ("path", "root"), [("", ""), ("/", ""), ("/v1/", ""), ("/team/v1", "/team"), ("/team/v1/", "/team")]
)
async def test_vllm_may_be_below_any_path_and_behind_a_password(gateway: Gateway, path: str, root: str) -> None:
    backend = VLLMBackend(gateway.at(path, "me:p%40ss@"), api_key="sk-behind-it")
    await backend.models()
    await backend.close()
    assert gateway.seen == [(f"{root}/v1/models", BASIC), (f"{root}/health", BASIC)]


@pytest.mark.parametrize("path", ["", "/", "/ollama", "/ollama/"])
async def test_ollama_may_be_below_any_path_and_behind_a_password(gateway: Gateway, path: str) -> None:
    backend = OllamaBackend(gateway.at(path, "me:p%40ss@"))
    await backend.models()
    await backend.close()
    below = path.rstrip("/")
    assert sorted(gateway.seen) == [(f"{below}/api/{route}", BASIC) for route in ("ps", "show", "tags")]


async def test_a_key_is_sent_where_the_address_has_no_password(gateway: Gateway) -> None:
    backend = OpenAIBackend(gateway.at("/v1"), api_key="sk-test")
    await backend.models()
    await backend.close()
    assert gateway.seen == [("/v1/models", "Bearer sk-test")]


async def test_a_reply_comes_from_behind_a_password_which_no_log_has(
    standin: OpenAIStandin, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    observability.configure("INFO", "text")
    try:
        backend = VLLMBackend(standin.base_url.replace("//", "//me:p%40ss@"))
        assert text_of(await ask(backend, request())) == standin.script.text
        await backend.close()
    finally:
        root.handlers[:], root.level = before, level
    assert capsys.readouterr().err == ""
    assert standin.seen[0].headers["Authorization"] == BASIC


@pytest.mark.parametrize(
    ("address", "place", "authorization"),
    [
        ("http://me:p%40ss@[::1]:8000/v1", "http://[::1]:8000/v1", BASIC),
        ("https://me@host/x?y=1", "https://host/x?y=1", "Basic bWU="),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1", None),
        ("http://host/a@b", "http://host/a@b", None),
    ],
)
def test_a_password_is_taken_out_of_an_address(address: str, place: str, authorization: str | None) -> None:
    assert without_credentials(address) == (place, authorization)


def test_the_other_routes_of_a_server_are_beside_its_api() -> None:
    assert root_of(with_default_path("http://[::1]:8000", "/v1")) == "http://[::1]:8000"
    assert root_of(with_default_path("http://host/team/v1/", "/v1")) == "http://host/team"
    assert root_of(with_default_path("http://host/team", "/v1")) == "http://host/team"
