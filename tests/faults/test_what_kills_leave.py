"""The facts kept of a reply beside its text when the app dies in it: the model's thoughts, and who gave it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.app import App, running_app
from tests.chats import Chat, client_of
from tests.faults.test_kills import until_interrupted
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, openai_error, thai_tokens

THOUGHTS = thai_tokens(9000)


@pytest.fixture
async def ollama() -> AsyncIterator[OllamaStandin]:
    async with OllamaStandin(models={"qwen3:8b": 40_960}) as server:
        server.script = Script(tokens=thai_tokens(9000), delay_ms=20)
        yield server


@pytest.fixture
async def app(standin: OpenAIStandin, ollama: OllamaStandin) -> AsyncIterator[App]:
    """Yield an app whose `thinker` thinks for minutes; for `broken`, Ollama answers."""
    standin.scripts["thinker"] = Script(reasoning=THOUGHTS, delay_ms=20)
    standin.scripts["broken"] = openai_error(500, "CUDA error", kind="InternalServerError", code=500)
    for name in ("thinker", "broken"):
        standin.models[name] = 8192
    async with running_app(VLLM_BASE_URL=standin.base_url, OLLAMA_HOST=ollama.address) as running:
        yield running


async def after_a_kill(app: App, chat: Chat) -> dict[str, Any]:
    """Kill the app, start it again, and return the interrupted reply."""
    await app.kill()
    await app.start()
    await until_interrupted(chat)
    reply = (await chat.messages())[-1]
    assert reply["status"] == "interrupted"
    return reply


async def test_a_kill_while_a_model_thinks_leaves_its_thoughts(app: App, standin: OpenAIStandin) -> None:
    async with client_of(app) as http:
        chat = Chat(http, "thinker")
        await chat.ask("คิดให้ดีก่อน")
        await standin.until(lambda: bool(standin.seen) and standin.seen[-1].pieces_sent >= 150)
        reply = await after_a_kill(app, chat)
        thoughts = reply["metadata"]["reasoning"]
        assert reply["content"] == ""
        assert "".join(THOUGHTS).startswith(thoughts)
        assert len(thoughts) >= len("".join(THOUGHTS[:100]))


async def test_a_kill_leaves_who_answered_for_whom_and_what_was_sent(app: App, ollama: OllamaStandin) -> None:
    async with client_of(app) as http:
        chat = Chat(http, "broken")
        await chat.ask("ใครตอบ")
        await ollama.until(lambda: bool(ollama.seen) and ollama.seen[-1].pieces_sent >= 100)
        reply = await after_a_kill(app, chat)
        metadata = reply["metadata"]
        assert (reply["backend"], reply["model"]) == ("ollama", "qwen3:8b")
        assert metadata["asked"] == {"backend": "vllm", "model": "broken"}
        assert metadata["answered_by"] == {"backend": "ollama", "model": "qwen3:8b"}
        assert [notice["code"] for notice in metadata["notices"]] == ["answered_by_other"]
        assert metadata["context_used"]["estimated_tokens"] > 0
        assert ollama.script.text.startswith(reply["content"])
        assert reply["content"]
