"""The contract against a server of your own: `./manage.sh test backends --url URL` (docs/backends.md).

Nothing is asserted on what is said. BACKEND_KEY in the environment has the key, as everybody sees a command line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from tests.standins.replies import ask, request, text_of
from thai_chat.backends.address import root_of
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.openai.models import is_openai
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendTimeout, ModelNotFound
from thai_chat.domain.events import Finished, ReasoningDelta, TextDelta, Usage
from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.ports.backend import Backend

KINDS: dict[str, Callable[[str, str | None], Backend]] = {
    "vllm": lambda address, key: VLLMBackend(address, api_key=key),
    "ollama": lambda address, _: OllamaBackend(root_of(address)),
    "openai": lambda address, key: OpenAIBackend(address, api_key=key or "none"),
}


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    backend = KINDS[os.environ["BACKEND"]](os.environ["BACKEND_URL"], os.environ.get("BACKEND_KEY"))
    yield backend
    await backend.close()


@pytest.fixture
async def model(backend: Backend) -> str:
    return os.environ.get("BACKEND_MODEL") or (await backend.models())[0].model


def short(tokens: int) -> dict[str, JsonValue]:
    """Return options for a short reply; models that think need more tokens than that to say a word."""
    return {"max_tokens": tokens, "temperature": 0}


async def test_the_models_are_listed(backend: Backend, model: str) -> None:
    assert model in {info.model for info in await backend.models()}


async def test_a_reply_streams_and_ends_with_finished(backend: Backend, model: str) -> None:
    events = await ask(backend, request(model, "สวัสดีครับ ตอบสั้น ๆ นะ", options=short(512)))
    assert text_of(events) or any(isinstance(event, ReasoningDelta) for event in events)
    assert isinstance(events[-1], Finished)
    counts = [event for event in events if isinstance(event, Usage)][-1]
    assert counts.prompt_tokens
    assert counts.completion_tokens


async def test_a_reply_can_be_stopped_and_the_next_one_comes(backend: Backend, model: str) -> None:
    async with aclosing(backend.stream(request(model, "นับหนึ่งถึงหนึ่งพัน"))) as events:
        async for event in events:
            if isinstance(event, TextDelta | ReasoningDelta):
                break
    assert isinstance((await ask(backend, request(model, "สวัสดี", options=short(512))))[-1], Finished)


async def test_replies_at_the_same_time_and_one_after_the_other_all_come(backend: Backend, model: str) -> None:
    for _ in range(2):
        asked = (ask(backend, request(model, "สวัสดี", options=short(512))) for _ in range(4))
        assert all(isinstance(events[-1], Finished) for events in await asyncio.gather(*asked))


async def test_a_reply_that_was_begun_is_gone_on_with(backend: Backend, model: str) -> None:
    begun = replace(
        request(model, "Count from 1 to 30, with commas.", options=short(1024)), continues="1, 2, 3, 4, 5, 6,"
    )
    events = await ask(backend, begun)
    assert isinstance(events[-1], Finished)
    assert not text_of(events).lstrip().startswith("1, 2, 3")


async def test_the_server_counts_what_it_then_reads(backend: Backend, model: str) -> None:
    asked = request(model, "น้ำใจคนไทย 🇹🇭", earlier=(("system", "ตอบสั้น ๆ"),), options=short(512))
    try:
        counted = await backend.count_tokens(model, asked.messages)
    except BackendTimeout:
        counted = None
    usage = [event for event in await ask(backend, asked) if isinstance(event, Usage)][-1]
    assert counted in (None, usage.prompt_tokens)


async def test_an_unknown_model_is_not_found_where_there_is_a_choice(backend: Backend) -> None:
    try:
        await ask(backend, request("there-is-no-such-model", options=short(16)))
    except ModelNotFound:
        return
    # llama.cpp's server has one model and answers with it whatever it is called.
    assert len(await backend.models()) == 1


def guessed_kind(address: str) -> str:
    """Guess the kind of a server. Ollama has a list of its own; OpenAI is known by its name; everything else is spoken
    to as vLLM is."""
    if is_openai(urlsplit(address).hostname or ""):
        return "openai"
    try:
        with urllib.request.urlopen(f"{root_of(address)}/api/tags", timeout=5) as answer:
            told = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return "vllm"
    return "ollama" if isinstance(told, dict) and "models" in told else "vllm"


def main() -> None:
    parser = argparse.ArgumentParser(prog="./manage.sh test backends", description="Test against a model server.")
    parser.add_argument("--url", required=True, help="its address, e.g. http://127.0.0.1:8000/v1")
    parser.add_argument("--kind", choices=sorted(KINDS), help="how to speak to it; guessed when left out")
    parser.add_argument("--model", help="default: the first that the server lists")
    given, others = parser.parse_known_args()
    address = given.url if "://" in given.url else f"http://{given.url}"
    kind = given.kind or guessed_kind(address)
    print(f"{address} as {kind}", flush=True)
    os.environ |= {"BACKEND": kind, "BACKEND_URL": address}
    if given.model:
        os.environ["BACKEND_MODEL"] = given.model
    # In a process of its own: pytest wants to see the modules before anybody else.
    os.execv(sys.executable, [sys.executable, "-m", "pytest", "-v", "--no-header", *others, __file__])


if __name__ == "__main__":
    main()
