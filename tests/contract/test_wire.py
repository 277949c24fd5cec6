"""Answers of real model servers, byte by byte: each reply is whole, or what went wrong is told for what it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.recorded import OF_OLLAMA, SAID, WHOLE
from tests.standins.raw_server import EVENTS, JSON, Answer, RawServer, answer_of
from tests.standins.replies import ask, request, text_of
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.timeouts import Timeouts
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendError, BackendFailed, RateLimited, ReplyCut, WebPage
from thai_chat.domain.events import Finished, ReasoningDelta, StreamEvent, Usage

SIZES = [1, 7, 1 << 20]


async def read(*answers: Answer, into: list[object] | None = None) -> list[StreamEvent]:
    async with RawServer(answers) as server:
        backend = VLLMBackend(server.address)
        try:
            return await ask(backend, request(), into=into)
        finally:
            await backend.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", sorted(WHOLE.keys() - OF_OLLAMA))
async def test_no_word_of_a_reply_is_lost_or_said_twice(name: str, size: int) -> None:
    events = await read(answer_of(name, size=size))
    assert text_of(events) == WHOLE[name]
    assert events[-1] == Finished("stop")


async def test_thinking_in_parts_is_thinking() -> None:
    events = await read(answer_of("parts-think"))
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == "ลองคิดดูก่อน"


@pytest.mark.parametrize("size", SIZES)
async def test_half_a_character_of_ollama_waits_for_its_other_half(size: int) -> None:
    async with RawServer([answer_of("o-surrogate", size=size)]) as server:
        backend = OllamaBackend(server.address)
        events = await ask(backend, request("m"))
        await backend.close()
    assert text_of(events) == "ดีใจ 😀 END"
    assert events[-2:] == [Usage(11, 6), Finished("stop")]


async def test_a_stop_beside_words_is_not_the_end() -> None:
    timeouts = Timeouts(first_token_s=20, between_tokens_s=20, whole_reply_s=20)
    async with RawServer([answer_of("stop-every-slow", pause_s=5.5)]) as server:
        backend = VLLMBackend(server.address, timeouts=timeouts)
        events = await ask(backend, request())
        await backend.close()
    assert text_of(events) == "ครึ่งแรก ครึ่งหลัง END"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "said", "error"),
    [("err-list-mid", "สวัสดีครับ นี่คือ", BackendFailed), ("raw-error-in-sse", "", RateLimited)],
)
async def test_an_error_in_the_stream_is_told_behind_the_words_before_it(
    name: str, said: str, error: type[BackendError], size: int
) -> None:
    events: list[object] = []
    with pytest.raises(error):
        await read(answer_of(name, size=size), into=events)
    assert text_of([event for event in events if not isinstance(event, int)]) == said  # type: ignore[misc]


CHUNK = b'{"choices":[{"index":0,"delta":{"content":"\xe0\xb8\x81"},"finish_reason":null}]}'
STOP = b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
COMPLETION = '{"object": "chat.completion",\n "choices": [{"message": {"content": "ก"}, "finish_reason": "stop"}]}\n'


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"data: " + CHUNK + b"\r\rdata: " + STOP + b"\r\r", EVENTS),
        (b"data: " + CHUNK + b"\r\n\r\ndata: " + STOP + b"\r\n\r\n", EVENTS),
        (b"\n\n\ndata:" + CHUNK + b"\n\ndata:" + STOP, EVENTS),
        (b"event: ping\ndata: {}\n\ndata: " + CHUNK + b"\n\n:\n\nretry: 5\nid: 7\ndata: " + STOP + b"\n\n", EVENTS),
        (CHUNK + b"\n" + STOP + b"\n", EVENTS),
        (b"data: [" + CHUNK + b"]\n\ndata: [" + STOP + b"]\n\n", EVENTS),
        (COMPLETION.encode(), EVENTS),
        (COMPLETION.encode(), JSON),
        (b"\n \n" + COMPLETION.encode(), JSON),
        (b": wait\n\ndata: " + CHUNK + b"\n\ndata: " + STOP + b"\n\n", JSON),
        (b"data: " + CHUNK.replace(b"null", b'"null"') + b"\n\ndata: " + STOP + b"\n\n", EVENTS),
        (b"data: " + CHUNK.replace(b"null", b'null,"logprobs":NaN') + b"\n\ndata: [DONE]\n\n", EVENTS),
    ],
)  # fmt: skip
async def test_what_stands_around_a_reply_does_not_matter(body: bytes, kind: str, size: int) -> None:
    events = await read(Answer([body[at : at + size] for at in range(0, len(body), size)], kind))
    assert text_of(events) == "ก"
    assert events[-1] == Finished("stop")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'event: error\ndata: {"message": "slow down", "code": 429}\n\n', RateLimited),
        (b'{"error": {"message": "slow down",\n "code": "429"}}\n', RateLimited),
        (b'[{"error": {"code": 429, "message": "x"}}]', RateLimited),
        (b'data: {"detail": "worker died"}\n\n', BackendFailed),
        (b"<!doctype html><p>no such page", WebPage),
        (b"upstream connect error or disconnect/reset before headers", ReplyCut),
    ],
)
async def test_what_is_no_reply_is_told_for_what_it_is(body: bytes, error: type[BackendError]) -> None:
    with pytest.raises(error):
        await read(Answer([body]))


@pytest.mark.parametrize("last", ["", "data: [DONE]\n\n"])
async def test_an_end_that_is_taken_back_counts_no_more(last: str) -> None:
    stopped, more = CHUNK.replace(b"null", b'"stop"'), CHUNK
    body = b"data: " + stopped + b"\n\ndata: " + more + b"\n\n" + last.encode()
    events: list[object] = []
    if last:
        assert text_of(await read(Answer([body]))) == "กก"
    else:
        with pytest.raises(ReplyCut):
            await read(Answer([body]), into=events)
        assert len(events) > 0


async def test_a_connection_lost_behind_a_stop_beside_words_is_a_cut() -> None:
    body = b"data: " + CHUNK.replace(b"null", b'"stop"') + b"\n\n"
    with pytest.raises(ReplyCut):
        await read(Answer([body], breaks_off=True))


@pytest.mark.parametrize("status", ["400 X", "422 X"])
@pytest.mark.parametrize(
    "words",
    [
        '{"error_code": "BAD_REQUEST", "message": "Bad request: json: unknown field \\"stream_options\\"\\n"}',
        '{"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}',
        "stream_options: not allowed",
        "",
    ],
)
async def test_what_nobody_asked_for_is_left_out_after_any_refusal_and_that_is_remembered(
    words: str, status: str
) -> None:
    refused = replace(answer_of("so-go"), pieces=[words.encode()], status=status)
    async with RawServer([refused, answer_of("bom")]) as server:
        backend = OpenAIBackend(server.address, api_key="k")
        for _ in range(2):
            assert text_of(await ask(backend, request())) == SAID
        await backend.close()
    assert [b"stream_options" in body for body in server.bodies] == [True, False, False]


async def test_a_refusal_that_stays_is_told_and_nothing_is_learned_from_it() -> None:
    refused = replace(answer_of("so-go"), pieces=[b'{"message": "no"}'])
    async with RawServer([refused, refused, answer_of("bom")]) as server:
        backend = OpenAIBackend(server.address, api_key="k")
        with pytest.raises(BackendFailed):
            await ask(backend, request())
        assert text_of(await ask(backend, request())) == SAID
        await backend.close()
    assert [b"stream_options" in body for body in server.bodies] == [True, False, True]
