"""Answers of real model servers, byte by byte, on their way to a program: whole characters, no word lost."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.recorded import OF_OLLAMA, WHOLE
from tests.standins.raw_server import EVENTS, JSON, Answer, RawServer, answer_of
from tests.standins.relays import chat, embed, reasons, relay, respond, said
from thai_chat.backends.failures import failure
from thai_chat.backends.openai_api.relay_stream import RelayStream
from thai_chat.backends.timeouts import Timeouts
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import (
    BackendError,
    BackendFailed,
    BackendGarbled,
    BackendTimeout,
    RateLimited,
    ReplyCut,
    WebPage,
)
from thai_chat.domain.ports.relay import RelayCall
from thai_chat.domain.relay_errors import RelayRefused

SIZES = [1, 7, 1 << 20]
PATIENT = Timeouts(first_token_s=20, between_tokens_s=20, whole_reply_s=20)
ASKED = chat()


async def read(
    answer: Answer, call: RelayCall = ASKED, *, into: list[Any] | None = None, timeouts: Timeouts = PATIENT
) -> list[Any]:
    async with RawServer([answer]) as server:
        backend = VLLMBackend(server.address, timeouts=timeouts)
        try:
            return await relay(backend, call, model="m", into=into)
        finally:
            await backend.close()


def cut(body: bytes, size: int, kind: str = EVENTS, **fields: Any) -> Answer:
    return Answer([body[at : at + size] for at in range(0, len(body), size)], kind, **fields)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", sorted(WHOLE.keys() - OF_OLLAMA - {"parts-think"}))
async def test_no_word_is_lost_or_said_twice(name: str, size: int) -> None:
    chunks = await read(answer_of(name, size=size))
    assert said(chunks) == WHOLE[name]
    orjson.dumps(chunks)  # no half of a character is left


async def test_content_in_parts_stays_as_it_is() -> None:
    chunks = await read(answer_of("parts-think"))
    first = chunks[0]["choices"][0]["delta"]["content"]
    assert first == [{"type": "thinking", "thinking": [{"type": "text", "text": "ลองคิด"}]}]


def test_a_stop_beside_words_is_not_the_end() -> None:
    first, _, rest = answer_of("stop-every-slow").pieces[0].partition(b"\n\n")
    stream = RelayStream(ASKED, failure)
    assert said(stream.feed(first + b"\n\n")) == "ครึ่งแรก "
    assert stream.is_whole
    assert not stream.has_ended  # the rest may be slow to come
    assert said(stream.feed(rest)) == "ครึ่งหลัง END"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "words", "error"),
    [("err-list-mid", "สวัสดีครับ นี่คือ", BackendFailed), ("raw-error-in-sse", "", RateLimited)],
    ids=["in the middle", "bare"],
)
async def test_an_error_in_the_stream_is_told_behind_the_words_before_it(
    name: str, words: str, error: type[BackendError], size: int
) -> None:
    chunks: list[Any] = []
    with pytest.raises(error):
        await read(answer_of(name, size=size), into=chunks)
    assert said(chunks) == words


async def test_a_refusal_is_not_mended_by_leaving_something_out() -> None:
    with pytest.raises(RelayRefused) as raised:
        await read(answer_of("so-go"))
    assert "stream_options" in raised.value.words.message


CHUNK = b'{"choices":[{"index":0,"delta":{"content":"\xe0\xb8\x81"},"finish_reason":null}]}'
STOP = b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
COMPLETION = '{"object": "chat.completion",\n "choices": [{"message": {"content": "ก"}, "finish_reason": "stop"}]}\n'
AROUND = {
    "cr": (b"data: " + CHUNK + b"\r\rdata: " + STOP + b"\r\r", EVENTS),
    "crlf": (b"data: " + CHUNK + b"\r\n\r\ndata: " + STOP + b"\r\n\r\n", EVENTS),
    "no blank, no last line": (b"\n\n\ndata:" + CHUNK + b"\n\ndata:" + STOP, EVENTS),
    "pings and fields": (
        b"event: ping\ndata: {}\n\ndata: " + CHUNK + b"\n\n:\n\nretry: 5\nid: 7\ndata: " + STOP + b"\n\n",
        EVENTS,
    ),
    "bare json": (CHUNK + b"\n" + STOP + b"\n", EVENTS),
    "lists": (b"data: [" + CHUNK + b"]\n\ndata: [" + STOP + b"]\n\n", EVENTS),
    "one object as events": (COMPLETION.encode(), EVENTS),
    "one object": (COMPLETION.encode(), JSON),
    "one object behind blanks": (b"\n \n" + COMPLETION.encode(), JSON),
    "events as json": (b": wait\n\ndata: " + CHUNK + b"\n\ndata: " + STOP + b"\n\n", JSON),
    "a reason in words": (b"data: " + CHUNK.replace(b"null", b'"null"') + b"\n\ndata: " + STOP + b"\n\n", EVENTS),
    "no number": (b"data: " + CHUNK.replace(b"null", b'null,"logprobs":NaN') + b"\n\ndata: [DONE]\n\n", EVENTS),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("around", AROUND)
async def test_what_stands_around_an_answer_does_not_matter(around: str, size: int) -> None:
    body, kind = AROUND[around]
    chunks = await read(cut(body, size, kind))
    assert said(chunks) == "ก"
    orjson.dumps(chunks)


@pytest.mark.parametrize("kind", [EVENTS, JSON, "text/plain"])
@pytest.mark.parametrize("size", SIZES)
async def test_one_object_is_one_by_whatever_type_it_comes(kind: str, size: int) -> None:
    (answer,) = await read(cut(COMPLETION.encode(), size, kind), chat(stream=False))
    assert answer == orjson.loads(COMPLETION)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'event: error\ndata: {"message": "slow down", "code": 429}\n\n', RateLimited),
        (b'{"error": {"message": "slow down",\n "code": "429"}}\n', RateLimited),
        (b'[{"error": {"code": 429, "message": "x"}}]', RateLimited),
        (b'data: {"detail": "worker died"}\n\n', BackendFailed),
        (b'data: {"error": {"code": 400, "message": "x"}}\n\n', RelayRefused),
        (b"<!doctype html><p>no such page", WebPage),
        (b"upstream connect error or disconnect/reset before headers", ReplyCut),
        (b"data: 7\n\n", ReplyCut),
        (b'data: {"choices": "x"}\n\n', BackendGarbled),
        (b'data: {"choices": [7]}\n\n', BackendGarbled),
        (b'data: {"choices": [{"index": {}, "delta": {"content": "x"}}]}\n\n', BackendGarbled),
        (b"data: {" * 2000 + b"\n\n", BackendGarbled),
        (b"", ReplyCut),
    ],
    ids=range(13),
)
async def test_what_is_no_answer_is_told_for_what_it_is(body: bytes, error: type[BackendError]) -> None:
    with pytest.raises(error):
        await read(Answer([body]))


@pytest.mark.parametrize(
    "call", [chat(stream=False), embed("ก"), respond(stream=False)], ids=["chat", "embed", "respond"]
)
@pytest.mark.parametrize("body", [b"{}", b"7", b'{"choices": 1, "data": 1, "output": 1}', b"{", b"ok"])
async def test_an_object_that_is_no_answer_is_garbled(call: RelayCall, body: bytes) -> None:
    with pytest.raises(BackendGarbled):
        await read(Answer([body], JSON), call)


async def test_a_reason_for_a_broken_reply_goes_through_and_then_fails() -> None:
    chunks: list[Any] = []
    gone = CHUNK.replace(b"null", b'"error"')
    with pytest.raises(ReplyCut):
        await read(Answer([b"data: " + gone + b"\n\ndata: [DONE]\n\n"]), into=chunks)
    assert reasons(chunks) == ["error"]


async def test_one_of_two_choices_without_its_end_is_a_cut() -> None:
    second = CHUNK.replace(b'"index":0', b'"index":1')
    body = b"".join(b"data: " + chunk + b"\n\n" for chunk in (CHUNK, second, STOP))
    with pytest.raises(ReplyCut):
        await read(Answer([body]))


async def test_pings_do_not_prolong_the_wait_for_a_word() -> None:
    body = [b"data: " + CHUNK + b"\n\n", *[b": ping\n\n"] * 100]
    timeouts = Timeouts(first_token_s=20, between_tokens_s=0.3, whole_reply_s=20)
    with pytest.raises(BackendTimeout):
        await read(Answer(body, pause_s=0.05), timeouts=timeouts)


@pytest.mark.parametrize("field", ["content", "reasoning_content", "arguments"])
async def test_halves_of_characters_meet_in_whatever_field_they_are(field: str) -> None:
    halves = [r"\ud83d", r"\ude00", r"x\ud83d"]
    pieces = [f'{{"{field}": "{half}"}}' for half in halves]
    if field == "arguments":
        pieces = [f'{{"tool_calls": [{{"index": 1, "function": {piece}}}]}}' for piece in pieces]
    chunks = [f'data: {{"choices": [{{"index": 0, "delta": {piece}}}]}}\n\n' for piece in pieces]
    body = "".join(chunks).encode() + b"data: " + STOP + b"\n\n"
    answer = await read(Answer([body]))
    text = orjson.dumps(answer).decode()
    assert "😀" in text
    if field != "arguments":
        assert said(answer, field) == "😀x\ufffd"


async def test_vectors_may_be_larger_than_any_reply() -> None:
    one = b'{"object":"embedding","index":0,"embedding":"' + b"A" * (1 << 20) + b'"}'
    body = b'{"object":"list","data":[' + b",".join([one] * 20) + b"]}"
    (answer,) = await read(cut(body, 1 << 20, JSON), embed("ก"))
    assert len(answer["data"]) == 20
    with pytest.raises(BackendGarbled):
        await read(cut(body.replace(b"data", b"choices"), 1 << 20, JSON), chat(stream=False))


@pytest.mark.parametrize("half", ["", r"\ud83d"], ids=["whole", "half"])
@pytest.mark.parametrize("levels", [300, 700, 900])
async def test_what_is_nested_too_deeply_to_be_sent_on_is_garbled(levels: int, half: str) -> None:
    nested = "[" * levels + f'"{half}"' + "]" * levels
    body = f'data: {{"choices": [{{"index": 0, "delta": {{"content": {nested}}}}}]}}\n\n'
    with pytest.raises(BackendGarbled):
        await read(Answer([body.encode()]))
