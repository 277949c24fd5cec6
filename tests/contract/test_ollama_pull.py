"""Fetching a model through Ollama: progress over its layers, what goes wrong, and giving up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from tests.standins.ollama_server import OllamaStandin, PullFault
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import (
    BackendError,
    BackendUnreachable,
    ModelNotFetched,
    ModelNotInRegistry,
    NotOffered,
)
from thai_chat.domain.events import Progress
from thai_chat.domain.ports.backend import Backend


@pytest.fixture
async def standin() -> AsyncIterator[OllamaStandin]:
    async with OllamaStandin(models={"standin": 8192}) as standin:
        yield standin


@pytest.fixture
async def backend(standin: OllamaStandin) -> AsyncIterator[OllamaBackend]:
    backend = OllamaBackend(standin.address)
    yield backend
    await backend.close()


async def fetch(backend: Backend, model: str = "typhoon2:8b", *, into: list[Progress] | None = None) -> list[Progress]:
    steps = [] if into is None else into
    async with aclosing(backend.pull(model)) as pulling:
        async for step in pulling:
            steps.append(step)
    return steps


async def test_the_sizes_of_all_layers_are_added_up(standin: OllamaStandin, backend: OllamaBackend) -> None:
    steps = await fetch(backend)
    assert [(step.completed, step.total) for step in steps] == [
        (0, 0),
        (0, 1000),
        (500, 1000),
        (1000, 1000),
        (1000, 1200),
        (1100, 1200),
        (1200, 1200),
        (1200, 1200),
        (1200, 1200),
        (1200, 1200),
    ]
    assert [steps[0].status, *(step.status for step in steps[-3:])] == [
        "pulling manifest",
        "verifying sha256 digest",
        "writing manifest",
        "success",
    ]


async def test_a_fetched_model_is_listed(standin: OllamaStandin, backend: OllamaBackend) -> None:
    await fetch(backend)
    assert "typhoon2:8b" in {info.model for info in await backend.models()}


@pytest.mark.parametrize("fault", ["error", "no_space", "end"])
async def test_a_fetch_that_fails_says_so_after_what_came(
    standin: OllamaStandin, backend: OllamaBackend, fault: PullFault
) -> None:
    standin.pull_fault = fault
    steps: list[Progress] = []
    with pytest.raises(ModelNotFetched) as caught:
        await fetch(backend, into=steps)
    assert caught.value.params == {"backend": "ollama", "model": "typhoon2:8b"}
    assert steps[-1].completed == 500


async def test_a_model_that_the_registry_does_not_have_is_told_as_that(backend: OllamaBackend) -> None:
    with pytest.raises(ModelNotInRegistry) as caught:
        await fetch(backend, "no-such-model")
    assert caught.value.params == {"backend": "ollama", "model": "no-such-model"}


async def test_leaving_a_fetch_ends_its_request(standin: OllamaStandin, backend: OllamaBackend) -> None:
    standin.may_pull.clear()
    fetching = asyncio.create_task(fetch(backend))
    await standin.until(lambda: bool(standin.pulls))
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    await standin.until(lambda: not standin.pulls[0].running, timeout_s=1)
    assert standin.pulls[0].left


async def test_a_server_that_is_away_fetches_nothing() -> None:
    backend = OllamaBackend("http://127.0.0.1:9")
    with pytest.raises(BackendUnreachable):
        await fetch(backend)
    await backend.close()


async def test_a_server_of_another_kind_does_not_offer_it() -> None:
    backend = VLLMBackend("http://127.0.0.1:9/v1")
    with pytest.raises(NotOffered) as caught:
        await fetch(backend)
    assert isinstance(caught.value, BackendError)
    await backend.close()
