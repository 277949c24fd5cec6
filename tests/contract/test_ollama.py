"""The ways of Ollama's own API, each a switch of the stand-in, through the official client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.standins.ollama_server import OllamaStandin
from tests.standins.replies import ask, request, text_of
from tests.standins.script import Script, ollama_error
from thai_chat.backends.ollama import OllamaBackend
from thai_chat.backends.timeouts import Timeouts
from thai_chat.domain.errors import (
    BackendError,
    BackendFailed,
    BackendGarbled,
    BackendTimeout,
    ModelNotFound,
    RateLimited,
)
from thai_chat.domain.events import Finished, Text, Usage
from thai_chat.domain.ports import ModelInfo


@pytest.fixture
async def standin() -> AsyncIterator[OllamaStandin]:
    async with OllamaStandin(models={"standin": 131_072}) as standin:
        yield standin


@pytest.fixture
async def backend(standin: OllamaStandin) -> AsyncIterator[OllamaBackend]:
    backend = OllamaBackend(standin.address)
    yield backend
    await backend.close()


async def test_only_options_that_were_asked_for_are_sent_by_ollamas_names(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    await ask(backend, request())
    assert {name for name, value in standin.seen[0].body.items() if value} == {"model", "messages", "stream"}
    await ask(backend, request(options={"temperature": 0.3, "max_tokens": 50, "logit_bias": {}}))
    assert standin.seen[1].body["options"] == {"temperature": 0.3, "num_predict": 50}


async def test_an_error_line_in_a_200_stream_is_the_servers_failure(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.script = Script(fault="error", fault_after=4)
    events: list[object] = []
    with pytest.raises(BackendFailed) as caught:
        await ask(backend, request(), into=events)
    assert caught.value.params == {"backend": "ollama", "model": "standin", "status": 500}
    assert "".join(event.text for event in events if isinstance(event, Text)) == standin.seen[0].text_sent


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (ollama_error(404, 'model "typhoon2" not found, try pulling it first'), ModelNotFound),
        (ollama_error(503, "server busy, please try again.  maximum pending requests exceeded"), RateLimited),
        (ollama_error(500, "llama runner process has terminated: signal: killed"), BackendFailed),
        (ollama_error(400, '"standin" does not support thinking'), BackendFailed),
        (Script(fault="garbage", fault_after=2), BackendGarbled),
        (Script(status=502, error_body="<html>"), BackendFailed),
    ],
)
async def test_what_goes_wrong_is_told_for_what_it_is(
    standin: OllamaStandin, backend: OllamaBackend, script: Script, error: type[BackendError]
) -> None:
    standin.script = script
    with pytest.raises(error) as caught:
        await ask(backend, request())
    assert type(caught.value) is error


@pytest.mark.parametrize("fault", ["silence", "hang"])
async def test_a_server_that_says_no_more_times_out_and_is_left(standin: OllamaStandin, fault: str) -> None:
    backend = OllamaBackend(standin.address, timeouts=Timeouts(first_token_s=0.3, between_tokens_s=0.2))
    standin.script = Script(fault="silence") if fault == "silence" else Script(fault="hang", fault_after=3)
    with pytest.raises(BackendTimeout):
        await ask(backend, request())
    await standin.until(lambda: standin.running == 0)
    await backend.close()


async def test_a_reply_that_reached_its_limit_says_so(standin: OllamaStandin, backend: OllamaBackend) -> None:
    standin.script = Script(finish_reason="length")
    assert (await ask(backend, request()))[-1] == Finished("length")


async def test_counts_that_are_not_given_are_unknown(standin: OllamaStandin, backend: OllamaBackend) -> None:
    standin.script = Script(usage=False)
    events = await ask(backend, request())
    assert Usage(None, None) in events
    assert text_of(events) == standin.script.text


async def test_a_models_window_is_what_ollama_gives_it_and_not_what_its_weights_allow(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.models = {"large": 131_072, "small": 2048, "set": 131_072}
    standin.parameters["set"] = 'stop                           "<|im_end|>"\nnum_ctx                        16384'
    windows = {info.model: info.context_window for info in await backend.models()}
    assert windows == {"large": 4096, "small": 2048, "set": 16384}


async def test_the_window_of_a_loaded_model_is_remembered_when_it_is_unloaded(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.loaded["standin"] = 32_768
    assert await backend.models() == [ModelInfo(model="standin", context_window=32_768)]
    standin.loaded.clear()
    assert await backend.models() == [ModelInfo(model="standin", context_window=32_768)]


async def test_models_that_only_embed_are_not_offered(standin: OllamaStandin, backend: OllamaBackend) -> None:
    standin.models["bge-m3:latest"] = 8192
    standin.capabilities["bge-m3:latest"] = ["embedding"]
    assert [info.model for info in await backend.models()] == ["standin"]


async def test_a_default_model_without_a_tag_means_the_latest() -> None:
    assert OllamaBackend("http://127.0.0.1:1", default_model="typhoon2").default_model == "typhoon2:latest"
    assert OllamaBackend("http://127.0.0.1:1", default_model="typhoon2:8b").default_model == "typhoon2:8b"
    assert OllamaBackend("http://127.0.0.1:1").default_model is None
