"""Whatever a model server sends to a program without an end ends in an error that is known, in bounded memory."""

from __future__ import annotations

import pytest

from tests.contract.test_floods import COUNTS, IMPATIENT, JSON, MOST_MB, backend_of, bomb
from tests.standins.flood import EVENTS, MODEL, Flood, chunk, memory
from tests.standins.relays import chat, embed, relay, respond
from thai_chat.domain.backend_errors import BackendDenied, BackendError, BackendFailed, BackendGarbled, BackendTimeout
from thai_chat.domain.ports.backend import Backend
from thai_chat.domain.ports.relay import RelayCall


@pytest.fixture(params=["vllm", "ollama"])
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


async def fails(backend: Backend, error: type[BackendError], call: RelayCall) -> None:
    """Require that the backend, asked by a program, raises `error` and has not grown."""
    try:
        with memory() as grown, pytest.raises(error):
            await relay(backend, call, model=MODEL)
    finally:
        await backend.close()
    assert grown[0] < MOST_MB


@pytest.mark.parametrize("call", [chat(), respond()], ids=["chat", "response"])
@pytest.mark.parametrize("beginning", [b"", b"data: ", b"data: {", b"\xe0"], ids=["bare", "data", "object", "byte"])
async def test_a_line_without_an_end_is_garbage(kind: str, beginning: bytes, call: RelayCall) -> None:
    async with Flood(b"x" * 1000, beginning=beginning, kind=EVENTS) as flood:
        await fails(backend_of(kind, flood), BackendGarbled, call)
        await flood.until_left()


@pytest.mark.parametrize(
    "call",
    [chat(), chat(stream=False), embed("ก"), respond(stream=False)],
    ids=["chat", "whole", "vector", "response"],
)
async def test_an_object_without_an_end_is_garbage(kind: str, call: RelayCall) -> None:
    async with Flood(b" " * 1000, beginning=b"{", kind=JSON) as flood:
        await fails(backend_of(kind, flood), BackendGarbled, call)
        await flood.until_left()


async def test_what_is_packed_is_not_unpacked(kind: str) -> None:
    async with Flood(b"", beginning=bomb(), kind=JSON, headers="Content-Encoding: gzip\r\n") as flood:
        await fails(backend_of(kind, flood), BackendGarbled, chat())
        asked = [head.lower().split("accept-encoding: ")[1].split("\r\n")[0] for head in flood.heads]
    assert set(asked) == {"identity"}


@pytest.mark.parametrize(
    ("status", "error"), [("500 Internal Server Error", BackendFailed), ("401 Unauthorized", BackendDenied)]
)
@pytest.mark.parametrize("headers", ["", "Content-Encoding: gzip\r\n"], ids=["plain", "packed"])
async def test_an_error_without_an_end_is_told_by_its_status(
    kind: str, status: str, error: type[BackendError], headers: str
) -> None:
    async with Flood(b"<p>" * 1000, beginning=b'{"error": "', kind=JSON, status=status, headers=headers) as flood:
        await fails(backend_of(kind, flood), error, chat())
        await flood.until_left()


@pytest.mark.parametrize(
    "piece",
    [b": ping\n\n", b"\n", b"data: {}\n\n", chunk(content=""), COUNTS],
    ids=["ping", "blank", "empty", "no word", "counts"],
)
@pytest.mark.parametrize("beginning", [b"", chunk(content="ครับ")], ids=["before", "behind"])
async def test_signs_of_life_without_a_word_are_no_answer(beginning: bytes, piece: bytes) -> None:
    async with Flood(piece, beginning=beginning, pause_s=0.01) as flood:
        await fails(backend_of("vllm", flood, IMPATIENT), BackendTimeout, chat())
        await flood.until_left()


@pytest.mark.parametrize("inside", [b"[" * 100_000, b"1" * 5_000], ids=["deep", "long"])
async def test_json_that_python_gives_up_on_is_garbage(kind: str, inside: bytes) -> None:
    async with Flood(b"\n", beginning=b'data: {"a": ' + inside + b"}\n\n", kind=EVENTS) as flood:
        await fails(backend_of(kind, flood), BackendGarbled, chat())
