"""What the doctor finds out about the model servers, with nothing but plain HTTP requests."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.client import HTTPException
from typing import IO

import orjson
from pydantic import SecretStr

from thai_chat.backends.address import without_credentials
from thai_chat.backends.bounds import BODY_BYTES, is_page
from thai_chat.backends.failures import NO_SUCH_ROUTE
from thai_chat.commands.findings import Finding, bad, note, ok
from thai_chat.settings import Settings

_TIMEOUT_S = 5
_PIECE_BYTES = 65_536
_NAME_CHARS = 80
_CHECK: Mapping[str, str] = {
    "vllm": "check VLLM_BASE_URL in .env: the address of the server itself, which ends in /v1",
    "ollama": "check OLLAMA_HOST in .env: the address of the server itself, http://127.0.0.1:11434 by default",
    "openai": "check OPENAI_BASE_URL in .env: the address of the API, which mostly ends in /v1",
}


def findings(settings: Settings) -> Iterator[Finding]:
    answered = False
    for name, url, key, hint in _servers(settings):
        finding = _ask(name, url, key, hint)
        answered = answered or finding.level.value == "ok"
        yield finding
    if settings.llamacpp_model_path:
        yield ok(f"llamacpp: {settings.llamacpp_model_path}")
    elif not answered:
        yield note(
            "no model server answers, so the small English demo model does",
            "ไม่มีเซิร์ฟเวอร์โมเดลใดตอบ จึงใช้โมเดลสาธิตภาษาอังกฤษขนาดเล็ก",
            "set VLLM_BASE_URL, OLLAMA_HOST or OPENAI_API_KEY in .env",
        )


def _servers(settings: Settings) -> Iterator[tuple[str, str, SecretStr | None, str]]:
    """Name, address of the model list, key, and the command that starts such a server."""
    for address in settings.vllm_addresses:
        hint = "start it (vllm serve MODEL), and check VLLM_BASE_URL, which ends in /v1"
        yield "vllm", f"{address}/models", settings.vllm_api_key, hint
    for address in settings.ollama_addresses:
        hint = "start it (ollama serve), or set OLLAMA_HOST= to nothing when it is not used"
        yield "ollama", f"{address}/api/tags", None, hint
    if settings.openai_api_key:
        hint = "check the network and OPENAI_BASE_URL"
        yield "openai", f"{settings.openai_base_url}/models", settings.openai_api_key, hint


def _ask(name: str, url: str, key: SecretStr | None, hint: str) -> Finding:
    url, authorization = without_credentials(url)
    if key and not authorization:
        authorization = f"Bearer {key.get_secret_value()}"
    headers = {"Authorization": authorization} if authorization else {}
    # Ollama's default address is asked although nobody may have asked for Ollama.
    tell = note if name == "ollama" else bad
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            kind, body = answer.headers.get("Content-Type", ""), _body(answer)
    except urllib.error.HTTPError as error:
        with error:
            return _refused(name, url, error)
    except HTTPException:
        return bad(f"what answers at {url} doesn't speak HTTP", "ที่อยู่นี้ไม่ใช่เซิร์ฟเวอร์ HTTP", _CHECK[name])
    except (OSError, ValueError) as error:
        return tell(f"{name} can't be reached at {url}: {getattr(error, 'reason', error)}", f"ติดต่อ {name} ไม่ได้", hint)
    models = _models(body)
    if models is None:
        return _page(name, url) if is_page(kind, body) else _no_list(name, url)
    if models:
        shown = ", ".join(model[:_NAME_CHARS] for model in models[:3])
        return ok(f"{name}: {len(models)} models ({shown}{', ...' if len(models) > 3 else ''})")
    return note(
        f"{name} answers and has no model",
        f"{name} ยังไม่มีโมเดล",
        "ollama pull MODEL" if name == "ollama" else "load a model there",
    )


def _refused(name: str, url: str, error: urllib.error.HTTPError) -> Finding:
    if error.code in (401, 403):
        return bad(
            f"{name} refuses the key (HTTP {error.code})",
            f"{name} ไม่รับคีย์นี้",
            f"correct {name.upper()}_API_KEY in .env" if name != "ollama" else _CHECK[name],
        )
    if error.code in NO_SUCH_ROUTE and is_page(error.headers.get("Content-Type", ""), _body(error)):
        return _page(name, url)
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
        listed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    entries = listed.get("data", listed.get("models")) if isinstance(listed, dict) else None
    if not isinstance(entries, list):
        return None
    return [str(entry.get("id") or entry.get("name")) for entry in entries if isinstance(entry, dict)]
