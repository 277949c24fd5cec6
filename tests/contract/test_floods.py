"""Whatever a model server sends without an end is an error of a kind that is known, in bounded memory and time."""

from __future__ import annotations

import zlib
from functools import cache

import ollama
import pytest

from tests.standins.flood import EVENTS, LINES, MODEL, Flood, chunk, line, memory
from tests.standins.openai_server import OpenAIStandin
from tests.standins.replies import ask, request
from tests.standins.script import openai_error
from tests.standins.server import as_json
from thai_chat.backends.bounds import MOST_MODELS
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.ollama.pull import Layers
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.timeouts import DEFAULT_TIMEOUTS, Timeouts
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import (
    BackendDenied,
    BackendError,
    BackendFailed,
    BackendGarbled,
    BackendTimeout,
    ContextOverflow,
)
from thai_chat.domain.ports.backend import Backend

JSON = "application/json"
MOST_MB = 150
IMPATIENT = Timeouts(first_token_s=0.5, between_tokens_s=0.5, whole_reply_s=5.0)
COUNTS = b'data: {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}\n\n'


@cache
def bomb() -> bytes:
    """Return 300 MB of zeros, packed."""
    return zlib.compress(b"\0" * 300_000_000, wbits=31)


@pytest.fixture(params=["vllm", "openai", "ollama"])
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def backend_of(kind: str, flood: Flood, timeouts: Timeouts = DEFAULT_TIMEOUTS) -> Backend:
    if kind == "ollama":
        return OllamaBackend(flood.address, timeouts=timeouts)
    if kind == "openai":
        return OpenAIBackend(f"{flood.address}/v1", api_key="sk-test", timeouts=timeouts)
    return VLLMBackend(f"{flood.address}/v1", timeouts=timeouts)


async def fails(backend: Backend, error: type[BackendError], *, lists: bool = False) -> None:
    """Require that the backend, asked for a reply or for its models, raises `error` and has not grown."""
    try:
        with memory() as grown, pytest.raises(error):
            await (backend.models() if lists else ask(backend, request(MODEL)))
    finally:
        await backend.close()
    assert grown[0] < MOST_MB


@pytest.mark.parametrize("beginning", [b"", b"data: ", b'{"message": {"content": "', b"\xe0"])
async def test_a_line_without_an_end_is_garbage(kind: str, beginning: bytes) -> None:
    async with Flood(b"x" * 1000, beginning=beginning, kind=LINES if kind == "ollama" else EVENTS) as flood:
        await fails(backend_of(kind, flood), BackendGarbled)
        await flood.until_left()


@pytest.mark.parametrize("piece", [b"data: x\n", b"data:\n"])
async def test_an_event_without_an_end_is_garbage(piece: bytes) -> None:
    async with Flood(piece) as flood:
        await fails(backend_of("vllm", flood), BackendGarbled)
        await flood.until_left()


async def test_a_reply_in_one_piece_without_an_end_is_garbage(kind: str) -> None:
    async with Flood(b" " * 1000, beginning=b"{", kind=JSON) as flood:
        await fails(backend_of(kind, flood), BackendGarbled)
        await flood.until_left()


async def test_a_list_of_models_without_an_end_is_garbage(kind: str) -> None:
    beginning = b'{"data": [' if kind != "ollama" else b'{"models": ['
    async with Flood(b'{"id": "m", "model": "m"},' * 100, beginning=beginning, kind=JSON, floods_lists=True) as flood:
        await fails(backend_of(kind, flood), BackendGarbled, lists=True)
        await flood.until_left()


@pytest.mark.parametrize("lists", [True, False])
async def test_what_is_packed_is_not_unpacked_and_nobody_asked_for_it(kind: str, lists: bool) -> None:
    flood = Flood(b"", beginning=bomb(), kind=JSON, headers="Content-Encoding: gzip\r\n", floods_lists=lists)
    async with flood:
        await fails(backend_of(kind, flood), BackendGarbled, lists=lists)
        asked = [head.lower().split("accept-encoding: ")[1].split("\r\n")[0] for head in flood.heads]
    assert set(asked) == {"identity"}


@pytest.mark.parametrize(
    ("status", "error"), [("500 Internal Server Error", BackendFailed), ("401 Unauthorized", BackendDenied)]
)
@pytest.mark.parametrize("headers", ["", "Content-Encoding: gzip\r\n"])
async def test_an_error_without_an_end_is_told_by_its_status(
    kind: str, status: str, error: type[BackendError], headers: str
) -> None:
    async with Flood(b"<p>" * 1000, beginning=b'{"error": "', kind=JSON, status=status, headers=headers) as flood:
        await fails(backend_of(kind, flood), error)
        await flood.until_left()


@pytest.mark.parametrize("piece", [b": ping\n\n", b"\n", chunk(), chunk(content=""), COUNTS])
async def test_signs_of_life_without_a_word_are_no_reply(piece: bytes) -> None:
    async with Flood(piece, pause_s=0.01) as flood:
        await fails(backend_of("vllm", flood, IMPATIENT), BackendTimeout)
        await flood.until_left()


@pytest.mark.parametrize("piece", [COUNTS, b": ping\n\n"])
async def test_signs_of_life_behind_the_first_word_are_no_reply_either(piece: bytes) -> None:
    async with Flood(piece, beginning=chunk(content="ครับ"), pause_s=0.01) as flood:
        await fails(backend_of("vllm", flood, IMPATIENT), BackendTimeout)
        await flood.until_left()


@pytest.mark.parametrize("beginning", [b"", line(content="ครับ")])
@pytest.mark.parametrize("piece", [line(content=""), b"\n"])
async def test_parts_of_ollama_that_say_nothing_are_no_reply(beginning: bytes, piece: bytes) -> None:
    async with Flood(piece, beginning=beginning, kind=LINES, pause_s=0.01) as flood:
        await fails(backend_of("ollama", flood, IMPATIENT), BackendTimeout)
        await flood.until_left()


@pytest.mark.parametrize("inside", [b"[" * 100_000, b"1" * 5_000])
async def test_json_that_python_gives_up_on_is_garbage(kind: str, inside: bytes) -> None:
    beginning = (b"" if kind == "ollama" else b"data: ") + b'{"a": ' + inside + b"}\n\n"
    async with Flood(b"\n", beginning=beginning, kind=LINES if kind == "ollama" else EVENTS) as flood:
        await fails(backend_of(kind, flood), BackendGarbled)


async def test_of_very_many_models_the_first_are_listed(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    standin.models = dict.fromkeys((f"model-{number}" for number in range(10_000)), 8192)
    listed = await vllm.models()
    assert len(listed) == MOST_MODELS
    assert listed[0].model == "model-0"


def test_a_fetch_of_layers_without_end_stays_small() -> None:
    layers = Layers()
    for number in range(2_000):
        layers.add(ollama.ProgressResponse(status="ก" * 10_000, digest=str(number), total=1, completed=1))
    assert layers.add(ollama.ProgressResponse(status="ก" * 10_000)).total == 1_000
    assert len(layers.add(ollama.ProgressResponse(status="ก" * 10_000)).status) == 200


async def test_a_figure_that_no_window_has_is_no_figure(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    said = f"This model's maximum context length is {'9' * 3000} tokens. However, you requested 20 tokens"
    standin.script = openai_error(400, said, code="\x1b]0;x\x07")
    with pytest.raises(ContextOverflow) as caught:
        await ask(vllm, request())
    assert "limit" not in caught.value.params
    assert "\x1b" not in str(caught.value)
    assert as_json(dict(caught.value.params))
