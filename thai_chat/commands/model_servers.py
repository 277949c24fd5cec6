"""What the doctor finds out about the model servers, with nothing but plain HTTP requests."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException

from pydantic import SecretStr

from thai_chat.backends.address import without_credentials
from thai_chat.commands.findings import Finding, bad, note, ok
from thai_chat.settings import Settings

_TIMEOUT_S = 5


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
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            listed = json.load(answer)
    except urllib.error.HTTPError as error:
        return _refused(name, error.code)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        # Ollama's default address is asked although nobody may have asked for Ollama.
        tell = note if name == "ollama" else bad
        return tell(f"{name} can't be reached at {url}: {reason}", f"ติดต่อ {name} ไม่ได้", hint)
    models = _models(listed)
    if models:
        return ok(f"{name}: {len(models)} models ({', '.join(models[:3])}{', ...' if len(models) > 3 else ''})")
    return note(
        f"{name} answers and has no model", f"{name} ยังไม่มีโมเดล", "ollama pull MODEL" if name == "ollama" else ""
    )


def _refused(name: str, status: int) -> Finding:
    if status in (401, 403):
        return bad(
            f"{name} refuses the key (HTTP {status})", f"{name} ไม่รับคีย์นี้", f"correct {name.upper()}_API_KEY in .env"
        )
    return bad(
        f"{name} answers with HTTP {status}", f"{name} ตอบผิดปกติ", "check that the address leads to a model server"
    )


def _models(listed: object) -> list[str]:
    """Names from OpenAI's form of the list, or Ollama's."""
    entries = (listed.get("data") or listed.get("models") or []) if isinstance(listed, dict) else []
    return [str(entry.get("id") or entry.get("name")) for entry in entries if isinstance(entry, dict)]
