"""Model servers for the tests of the router."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script


@pytest.fixture
async def pair() -> AsyncIterator[tuple[OpenAIStandin, OpenAIStandin]]:
    async with OpenAIStandin() as first, OpenAIStandin() as second:
        yield first, second


@pytest.fixture
async def vllm() -> AsyncIterator[OpenAIStandin]:
    async with OpenAIStandin() as standin:
        yield standin


@pytest.fixture
async def ollama() -> AsyncIterator[OllamaStandin]:
    async with OllamaStandin(models={"qwen3:8b": 40_960}, script=Script(tokens=("ตอบ", "แทน"))) as standin:
        yield standin


@pytest.fixture
async def cloud() -> AsyncIterator[OpenAIStandin]:
    async with OpenAIStandin(
        models={"gpt-5": None, "gpt-4o-mini": None}, script=Script(tokens=("จาก", "คลาวด์"))
    ) as standin:
        yield standin
