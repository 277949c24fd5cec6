"""The doctor's word on an address that answers, and not as a model server does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import create_server

import pytest

from tests.unit.test_observability import FORGED, TITLE
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.commands import model_servers
from thai_chat.commands.findings import Finding, Level
from thai_chat.commands.terminal import tell
from thai_chat.domain.backend_errors import WebPage
from thai_chat.domain.ports.backend import Backend
from thai_chat.observability import printable
from thai_chat.settings import Settings

LOGIN = "<!DOCTYPE html>\n<html><title>เข้าสู่ระบบ</title><p>Choose a model"
HTML, JSON = "text/html; charset=utf-8", "application/json"


Reply = tuple[int, str, bytes]
"""Status, content type, body."""


@contextmanager
def serving(reply_at: Callable[[str], Reply]) -> Iterator[str]:
    """Yield the address of a server that answers each path so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = reply_at(self.path)
            self.send_response(status)
            if kind:
                self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def answering(body: str, kind: str, status: int = 200) -> AbstractContextManager[str]:
    """Return the address of a server with one answer to all."""
    return serving(lambda _: (status, kind, body.encode("utf-8", "surrogatepass")))


def listing_at(*paths: str) -> AbstractContextManager[str]:
    """Return the address of a server with a list of one model at these paths, and 404 at all others."""
    return serving(lambda path: (200, JSON, b'{"data": [{"id": "m"}]}') if path in paths else (404, JSON, b"{}"))


def told(name: str, address: str) -> Finding:
    """Return what the doctor says of it first."""
    places = {
        "vllm": {"vllm_base_url": f"{address}/v1", "ollama_host": None},
        "ollama": {"ollama_host": address},
        "openai": {"openai_base_url": f"{address}/v1", "openai_api_key": "sk-test", "ollama_host": None},
    }
    return next(model_servers.findings(Settings.model_validate(places[name])))


@pytest.mark.parametrize("name", ["vllm", "ollama", "openai"])
@pytest.mark.parametrize(("kind", "status"), [(HTML, 200), ("", 200), ("text/plain", 200), (HTML, 404), (HTML, 405)])
def test_a_web_page_is_told_for_what_it_is_with_the_setting_to_check(name: str, kind: str, status: int) -> None:
    with answering(LOGIN, kind, status) as address:
        finding = told(name, address)
    assert finding.level is Level.BAD
    assert address in finding.english
    assert "web page" in finding.english
    assert "หน้าเว็บ" in finding.thai
    assert {"vllm": "VLLM_BASE_URL", "ollama": "OLLAMA_HOST", "openai": "OPENAI_BASE_URL"}[name] in finding.fix


@pytest.mark.parametrize(
    ("pasted", "found"), [("/v1/chat/completions", "/v1"), ("/team", "/team/v1"), ("/v1/", ""), ("", "")]
)
def test_an_address_that_is_not_quite_right_is_told_with_the_right_one(pasted: str, found: str) -> None:
    with listing_at("/v1/models", "/team/v1/models") as address:
        settings = Settings(_env_file=None, vllm_base_url=f"{address}{pasted}", ollama_host=None)
        findings = list(model_servers.findings(settings))
    assert findings[0].level is Level.OK
    assert [finding.fix for finding in findings[1:]] == (
        [f"set VLLM_BASE_URL={address}{found} in .env"] if found else []
    )


def test_a_server_without_a_list_needs_the_name_of_its_model() -> None:
    with listing_at() as address:
        settings = Settings(_env_file=None, vllm_base_url=address, ollama_host=None)
        first = next(iter(model_servers.findings(settings)))
    assert first.fix == "name its model: VLLM_MODEL=NAME in .env"


@pytest.mark.parametrize(
    "body", ["", "ok", "7", '{"detail": "x"}', '{"data": 7}', "[" * 100_000, '{"a": ' + "9" * 9_999]
)
def test_an_answer_that_is_no_list_of_models_is_told_in_plain_words(body: str) -> None:
    with answering(body, JSON) as address:
        finding = told("vllm", address)
    assert finding.level is Level.BAD
    assert "something else than a list of models" in finding.english


def test_what_speaks_no_http_is_told() -> None:
    with create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        threading.Thread(target=greet, daemon=True).start()
        finding = told("vllm", f"http://127.0.0.1:{listener.getsockname()[1]}")
    assert finding.level is Level.BAD
    assert "doesn't speak HTTP" in finding.english


def test_names_of_models_command_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(json.dumps({"data": [{"id": TITLE}, {"id": FORGED}, {"id": "ก" * 9_999}]}), JSON) as address:
        tell(*told("vllm", address).lines())
    shown = capsys.readouterr().out.removesuffix("\n")
    assert printable(shown) == shown
    assert r"\x1b]0;ยึดแล้ว\x07" in shown
    assert len(shown) < 400


@pytest.mark.parametrize("name", ["vllm", "ollama", "openai"])
@pytest.mark.parametrize("status", [200, 404])
async def test_the_page_tells_a_web_page_for_what_it_is_too(name: str, status: int) -> None:
    with answering(LOGIN, HTML, status) as address:
        backends: dict[str, Backend] = {
            "vllm": VLLMBackend(address),
            "ollama": OllamaBackend(address),
            "openai": OpenAIBackend(f"{address}/v1", api_key="sk-test"),
        }
        with pytest.raises(WebPage):
            await backends[name].models()
        for backend in backends.values():
            await backend.close()
