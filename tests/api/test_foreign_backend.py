"""A kind of backend from outside of the package, through the composition root: offered, told of, and answering."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import serving
from tests.postgres_servers import PostgresServer
from tests.toy_backend import TOY
from thai_chat import announcing, bootstrap, settings
from thai_chat.backends.registry import KINDS
from thai_chat.chat.service import ChatService
from thai_chat.settings import Settings
from thai_chat.texts.backends import name_backends
from thai_chat.ui.head import described
from thai_chat.ui.picker import picker_of


@dataclass(frozen=True, slots=True)
class Started:
    settings: Settings
    service: ChatService
    http: httpx.AsyncClient


@pytest.fixture
async def started(postgres: PostgresServer, own_database: str, tmp_path: Path) -> AsyncIterator[Started]:
    environment = {
        "DATABASE_URL": postgres.address(own_database),
        "DATA_DIR": str(tmp_path),
        "OLLAMA_HOST": "",
        "TOY_ADDRESS": "http://toy",
        "TOY_WORDS": "3",
    }
    found = settings.load(tmp_path / ".env", environment, kinds=(*KINDS, TOY))
    async with AsyncExitStack() as stack:
        stack.callback(name_backends, KINDS)
        service, _ = await bootstrap.build_parts(found, stack, progress=lambda line: None)
        yield Started(found, service, await stack.enter_async_context(serving(service)))


async def test_a_foreign_backend_is_offered_told_of_and_answers(started: Started) -> None:
    picked = picker_of(started.service, "th")["backends"]
    assert [backend["name"] for backend in picked] == ["vllm", "ollama", "openai", "llamacpp", "toy"]
    assert (picked[-1]["label"], picked[-1]["state"]) == ("Toy Box", "up")
    assert [model["model"] for model in picked[-1]["models"]] == ["bear:new"]

    ready = (await started.http.get("/readyz")).json()
    assert ready["backends"]["toy"] | {"servers": []} == {
        "state": "up",
        "models": ["bear:new"],
        "model_states": {},
        "servers": [],
        "error": None,
    }

    lines = await announcing.summary(started.settings, started.service)
    assert "  toy       up: bear:new" in lines
    assert "  vllm      not configured (set VLLM_BASE_URL in .env)" in lines

    # By the name without its tag, and by nobody else's.
    asked = {"query": "หนึ่ง สอง สาม สี่", "backend": "toy", "model": "bear"}
    answer = (await started.http.post("/chat", json=asked)).json()
    assert answer["response"] == "หนึ่ง สอง สาม (plain)"
    answer = (await started.http.post("/chat", json={"query": "ใครตอบ"})).json()
    assert answer["response"] == "ใครตอบ (plain)"


async def test_its_options_are_taken_and_passed_on(started: Started) -> None:
    checked = await started.http.post("/api/presets/check", json={"options": {"toy_mood": "merry"}})
    assert checked.json() == {"options": {"toy_mood": "merry"}}
    wrong = await started.http.post("/api/presets/check", json={"options": {"toy_mood": "odd"}})
    assert "merry, grave" in wrong.json()["error"]["message"]
    session_id = (await started.http.post("/chat", json={"query": "สวัสดี"})).json()["session_id"]
    options = {"options": {"toy_mood": "merry"}}
    assert (await started.http.patch(f"/api/sessions/{session_id}", json=options)).status_code == 200
    answer = await started.http.post("/chat", json={"query": "ว่าไง", "session_id": session_id})
    assert answer.json()["response"] == "ว่าไง (merry)"


async def test_the_browser_is_told_what_it_has_to_know_of_it(started: Started) -> None:
    told = json.loads(json.dumps(described(started.service.kinds)))
    assert told["toy"] == {"label": "Toy Box", "options": "toy_mood", "effort": False, "thinking": False}
    assert list(told) == ["vllm", "ollama", "openai", "llamacpp", "toy"]
