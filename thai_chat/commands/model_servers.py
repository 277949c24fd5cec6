"""What the doctor finds out about the model servers, with nothing but plain HTTP requests."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from typing import IO

from pydantic import SecretStr

from thai_chat.backends.address import base_of, moved_to, with_default_path, without_credentials
from thai_chat.backends.bounds import BODY_BYTES, is_page
from thai_chat.backends.failures import NO_SUCH_ROUTE
from thai_chat.backends.json_text import lenient
from thai_chat.backends.listing import entries
from thai_chat.backends.llamacpp.library import HOW_TO_INSTALL, demo_model_path, is_installed
from thai_chat.commands.findings import Finding, bad, note, ok
from thai_chat.domain.errors import BackendGarbled
from thai_chat.settings import Settings, is_clone

_TIMEOUT_S = 5
_PIECE_BYTES = 65_536
_NAME_CHARS = 80
_SET_ONE = "set VLLM_BASE_URL, OLLAMA_HOST or OPENAI_API_KEY in .env"
_CHECK: Mapping[str, str] = {
    "vllm": "check VLLM_BASE_URL in .env: the address of the server itself, which ends in /v1",
    "ollama": "check OLLAMA_HOST in .env: the address of the server itself, http://127.0.0.1:11434 by default",
    "openai": "check OPENAI_BASE_URL in .env: the address of the API, which mostly ends in /v1",
}


class _SameServer(urllib.request.HTTPRedirectHandler):
    """Follows where the same server leads: the key goes to no other."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        return (
            super().redirect_request(req, fp, code, msg, headers, newurl)
            if moved_to(req.full_url, code, newurl)
            else None
        )


_OPENER = urllib.request.build_opener(_SameServer)


def findings(settings: Settings) -> Iterator[Finding]:
    answered = False
    for server in _servers(settings):
        for finding in _ask(server):
            answered = answered or finding.level.value == "ok"
            yield finding
    if settings.llamacpp_model_path:
        yield ok(f"llamacpp: {settings.llamacpp_model_path}")
    elif not answered:
        yield _demo_model()


def _demo_model() -> Finding:
    if not is_installed() or not demo_model_path():
        by_hand = "thai-chat demo-model" if is_installed() else f"{HOW_TO_INSTALL}, then thai-chat demo-model"
        return bad(
            "no model server answers, and the demo model is not installed: nothing answers questions",
            "ไม่มีเซิร์ฟเวอร์โมเดลใดตอบ และยังไม่ได้ติดตั้งโมเดลสาธิต จึงยังถามตอบไม่ได้",
            f"{_SET_ONE}; or, for the demo model, {'./manage.sh setup' if is_clone() else by_hand}",
        )
    return note(
        "no model server answers, so the small English demo model does",
        "ไม่มีเซิร์ฟเวอร์โมเดลใดตอบ จึงใช้โมเดลสาธิตภาษาอังกฤษขนาดเล็ก",
        _SET_ONE,
    )


@dataclass(frozen=True, slots=True)
class _Server:
    name: str
    setting: str
    address: str
    """As it is set."""
    base: str
    """Where its routes are, as far as the address tells."""
    path: str
    """Of the list of models, below that."""
    key: SecretStr | None
    hint: str
    """The command that starts such a server."""

    @property
    def urls(self) -> Sequence[str]:
        """Where the list may be, the likeliest first."""
        also = [f"{self.base}/v1{self.path}"] if self.name != "ollama" and not self.base.endswith("/v1") else []
        return [f"{self.base}{self.path}", *also]


def _servers(settings: Settings) -> Iterator[_Server]:
    for address in settings.vllm_addresses:
        hint = "start it (vllm serve MODEL), and check VLLM_BASE_URL, which ends in /v1"
        base = with_default_path(base_of(address), "/v1")
        yield _Server("vllm", "VLLM_BASE_URL", address, base, "/models", settings.vllm_api_key, hint)
    for address in settings.ollama_addresses:
        hint = "start it (ollama serve), or set OLLAMA_HOST= to nothing when it is not used"
        base = base_of(address).removesuffix("/v1")
        yield _Server("ollama", "OLLAMA_HOST", address, base, "/api/tags", None, hint)
    if settings.openai_api_key:
        hint = "check the network and OPENAI_BASE_URL"
        address = settings.openai_base_url
        yield _Server("openai", "OPENAI_BASE_URL", address, base_of(address), "/models", settings.openai_api_key, hint)


def _ask(server: _Server) -> Iterator[Finding]:
    """What it answers, and where when that is not where its setting says."""
    finding, found = None, ""
    for url in server.urls:
        told, found = _ask_at(server, url)
        finding = told if found else finding or told
        if found:
            break
    yield finding or note(
        f"{server.name} answers and has no list of models",
        f"{server.name} ไม่มีรายชื่อโมเดล",
        f"name its model: {server.name.upper()}_MODEL=NAME in .env",
    )
    base = found.removesuffix(server.path)
    given = without_credentials(server.address)[0].rstrip("/")
    if found and base not in (given, with_default_path(given, "/v1")):
        yield note(
            f"{server.name} is found at {base}, not at {given}",
            f"พบ {server.name} ที่ {base}",
            f"set {server.setting}={base} in .env",
        )


def _ask_at(server: _Server, url: str) -> tuple[Finding | None, str]:
    """What to tell, and the address that answered with a list. Neither: nothing is there."""
    name = server.name
    url, authorization = without_credentials(url)
    if server.key and not authorization:
        authorization = f"Bearer {server.key.get_secret_value()}"
    headers = {"Authorization": authorization} if authorization else {}
    # Ollama's default address is asked although nobody may have asked for Ollama.
    tell = note if name == "ollama" else bad
    try:
        request = urllib.request.Request(url, headers=headers)
        with _OPENER.open(request, timeout=_TIMEOUT_S) as answer:
            kind, body, found = answer.headers.get("Content-Type", ""), _body(answer), answer.url
    except urllib.error.HTTPError as error:
        with error:
            return _refused(name, url, error), ""
    except HTTPException:
        return bad(f"what answers at {url} doesn't speak HTTP", "ที่อยู่นี้ไม่ใช่เซิร์ฟเวอร์ HTTP", _CHECK[name]), ""
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return tell(f"{name} can't be reached at {url}: {reason}", f"ติดต่อ {name} ไม่ได้", server.hint), ""
    models = _models(body)
    if models is None:
        return (_page(name, url) if is_page(kind, body) else _no_list(name, url)), ""
    if models:
        shown = ", ".join(model[:_NAME_CHARS] for model in models[:3])
        return ok(f"{name}: {len(models)} models ({shown}{', ...' if len(models) > 3 else ''})"), found
    return note(
        f"{name} answers and has no model",
        f"{name} ยังไม่มีโมเดล",
        "ollama pull MODEL" if name == "ollama" else "load a model there",
    ), found


def _refused(name: str, url: str, error: urllib.error.HTTPError) -> Finding | None:
    """None where there is no such route."""
    if error.code in (401, 403):
        return bad(
            f"{name} refuses the key (HTTP {error.code})",
            f"{name} ไม่รับคีย์นี้",
            f"correct {name.upper()}_API_KEY in .env" if name != "ollama" else _CHECK[name],
        )
    if 300 <= error.code < 400:
        return bad(
            f"{name}'s server sends its clients to another address: {error.headers.get('Location', '?')[:200]}",
            f"เซิร์ฟเวอร์ของ {name} บอกให้ไปที่อยู่อื่น",
            _CHECK[name],
        )
    if error.code in NO_SUCH_ROUTE:
        return _page(name, url) if is_page(error.headers.get("Content-Type", ""), _body(error)) else None
    return bad(
        f"{name} answers with HTTP {error.code}", f"{name} ตอบผิดปกติ", "check that the address leads to a model server"
    )


def _page(name: str, url: str) -> Finding:
    return bad(
        f"{url} answers with a web page, not as a model server: a login page, say, or another program's",
        "ที่อยู่นี้ตอบเป็นหน้าเว็บ (เช่น หน้าเข้าสู่ระบบ หรือโปรแกรมอื่น) ไม่ใช่เซิร์ฟเวอร์โมเดล",
        _CHECK[name],
    )


def _no_list(name: str, url: str) -> Finding:
    return bad(
        f"{url} answers with something else than a list of models",
        "ที่อยู่นี้ไม่ได้ตอบเป็นรายชื่อโมเดล",
        _CHECK[name],
    )


def _body(answer: IO[bytes]) -> str:
    """As much of it as comes in a few seconds, up to a bound."""
    pieces: list[bytes] = []
    size, until_s = 0, time.monotonic() + _TIMEOUT_S
    with suppress(OSError, HTTPException):
        while size < BODY_BYTES and time.monotonic() < until_s and (piece := answer.read1(_PIECE_BYTES)):  # type: ignore[attr-defined]
            pieces.append(piece)
            size += len(piece)
    return b"".join(pieces).decode(errors="replace")


def _models(body: str) -> list[str] | None:
    """Names from OpenAI's form of the list, or Ollama's; None when it is neither."""
    try:
        return [card["id"] for card in entries(lenient(body.encode()))]
    except BackendGarbled:
        return None
