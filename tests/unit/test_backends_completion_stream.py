"""The bytes of a streamed completion, as servers really send them."""

from __future__ import annotations

import json

import pytest

from thai_chat.backends.lines import MAX_LINE_BYTES, Lines
from thai_chat.backends.openai_api.completion_stream import CompletionStream
from thai_chat.domain.backend_errors import (
    BackendError,
    BackendFailed,
    BackendGarbled,
    ContextOverflow,
    EngineDead,
    RateLimited,
    ReplyCut,
)
from thai_chat.domain.events import Finished, ReasoningDelta, StreamEvent, TextDelta, Usage


def chunk(*, finish: str | None = None, usage: dict[str, int] | None = None, **delta: str | None) -> bytes:
    body = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": usage}
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


USAGE = b'data: {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}}\n\n'
DONE = b"data: [DONE]\n\n"
WHOLE = chunk(role="assistant", content="") + chunk(content="สวัส") + chunk(content="ดี") + chunk(finish="stop")


def read(*pieces: bytes) -> list[StreamEvent]:
    reply = CompletionStream()
    events = [event for piece in pieces for event in reply.feed(piece)]
    events += reply.last()
    reply.end()
    return [*events, Finished(reply.finish_reason)]


def test_the_last_chunk_with_the_usage_has_no_choices() -> None:
    assert read(WHOLE + USAGE + DONE) == [TextDelta("สวัสดี"), Usage(5, 2), Finished("stop")]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_pieces_of_the_network_may_end_inside_a_character(size: int) -> None:
    sent = WHOLE + USAGE + DONE
    events = read(*(sent[at : at + size] for at in range(0, len(sent), size)))
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "สวัสดี"
    assert events[-2:] == [Usage(5, 2), Finished("stop")]


@pytest.mark.parametrize("character", ["\u0085", "\u2028", "\u2029", "\x0b", "\x1c"])
def test_what_unicode_calls_a_line_break_does_not_break_a_chunk(character: str) -> None:
    sent = chunk(content=f"ก{character}ข") + chunk(finish="stop")
    assert read(sent) == [TextDelta(f"ก{character}ข"), Finished("stop")]


def test_what_comes_together_is_given_together_in_its_order() -> None:
    sent = chunk(reasoning="คิด") + chunk(reasoning="ก่อน") + chunk(content="ตอบ") + chunk(content="แล้ว", finish="stop")
    assert read(sent) == [ReasoningDelta("คิดก่อน"), TextDelta("ตอบแล้ว"), Finished("stop")]


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_both_names_of_the_thinking_are_read(field: str) -> None:
    assert read(chunk(usage=None, **{field: "คิด"}) + WHOLE) == [
        ReasoningDelta("คิด"),
        TextDelta("สวัสดี"),
        Finished("stop"),
    ]


def test_comments_event_names_and_other_line_ends_are_no_garbage() -> None:
    sent = b": ping\r\n\r\nevent: message\r\nid: 1\r\nretry: 3\r\n" + WHOLE.replace(b"\n", b"\r\n") + b"\ndata:\n\n"
    assert read(sent) == [TextDelta("สวัสดี"), Finished("stop")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_a_chunk_may_be_written_on_several_lines(end: bytes, size: int) -> None:
    body = {"choices": [{"index": 0, "delta": {"content": "สวัสดี"}, "finish_reason": "stop"}]}
    lines = json.dumps(body, ensure_ascii=False, indent=2).encode().split(b"\n")
    sent = b"".join(b"data: " + line + end for line in lines) + end + DONE.replace(b"\n", end)
    assert read(*(sent[at : at + size] for at in range(0, len(sent), size))) == [TextDelta("สวัสดี"), Finished("stop")]


def test_a_last_line_without_an_end_counts() -> None:
    assert read(WHOLE.rstrip(b"\n")) == [TextDelta("สวัสดี"), Finished("stop")]


def test_counts_that_grow_with_the_reply_are_given_as_they_grow() -> None:
    reply = CompletionStream()
    assert reply.feed(chunk(content="ก", usage={"prompt_tokens": 3, "completion_tokens": 1})) == [
        TextDelta("ก"),
        Usage(3, 1),
    ]


@pytest.mark.parametrize("sent", [b"", chunk(content="สวัส"), chunk(content="สวัส", finish="null")])
def test_a_stream_that_ends_without_a_word_on_its_end_is_cut(sent: bytes) -> None:
    with pytest.raises(ReplyCut):
        read(sent)


def test_a_reply_of_nothing_is_whole_here() -> None:
    assert read(chunk(content=None, finish="length") + DONE) == [Finished("length")]


@pytest.mark.parametrize(
    "payload",
    [
        b'{"choices": [{"delta": {"cont',
        b'{"choices": {"a": 1}}',
        b"[5]",
        b'{"choices": ["x"]}',
        b'{"choices": [{"delta": "x"}]}',
        b'{"choices": [{"delta": {"content": 5}}]}',
        b'{"choices": [{"delta": {"content": [5]}}]}',
        b'{"choices": [], "usage": [1]}',
    ],
)
def test_what_is_no_completion_is_garbage(payload: bytes) -> None:
    with pytest.raises(BackendGarbled):
        read(b"data: " + payload + b"\n\n")


@pytest.mark.parametrize("payload", [b"[]", b"null", b'"text"', b"\xff\xfe", b"<html>", b"keep-alive", b": keepalive"])
def test_a_line_that_is_no_event_is_passed_over(payload: bytes) -> None:
    line = b"data: " + payload + b"\n\n"
    assert read(line, WHOLE, line, DONE) == [TextDelta("สวัสดี"), Finished("stop")]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b'data: {"error": {"message": "CUDA error", "type": "InternalServerError", "code": 500}}', BackendFailed),
        (b'data: {"error": {"message": "slow down", "code": 429}}', RateLimited),
        (b'data: {"error": "engine died"}', EngineDead),
        (b'data: {"object": "error", "message": "no", "code": 400}', BackendFailed),
        (b'error: {"error": {"message": "exceeds the available context size", "code": 500}}', ContextOverflow),
        (b'data: {"error": {"message": "x", "code": "server_error"}}', BackendFailed),
    ],
)
def test_an_error_inside_the_stream_is_one_of_ours(line: bytes, error: type[BackendError]) -> None:
    reply = CompletionStream()
    assert reply.feed(chunk(content="ก")) == [TextDelta("ก")]
    with pytest.raises(error):
        reply.feed(line + b"\n\n")


def test_a_completion_in_one_piece_gives_the_same_events() -> None:
    body = {
        "choices": [{"message": {"reasoning": "คิด", "content": "ตอบ"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    }
    reply = CompletionStream()
    assert reply.whole(json.dumps(body).encode()) == [ReasoningDelta("คิด"), TextDelta("ตอบ"), Usage(1, 2)]
    assert reply.finish_reason == "stop"


def test_a_refusal_to_answer_is_what_the_model_says() -> None:
    assert read(chunk(refusal="ช่วยเรื่อง") + chunk(refusal="นี้ไม่ได้") + chunk(finish="stop")) == [
        TextDelta("ช่วยเรื่องนี้ไม่ได้"),
        Finished("stop"),
    ]


def test_the_tokens_of_the_thinking_are_told_apart() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 7}}
    body = {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": usage}
    assert read(f"data: {json.dumps(body)}\n\n".encode()) == [Usage(5, 9, 7), Finished("stop")]


def test_a_line_without_an_end_does_not_fill_the_memory() -> None:
    lines = Lines()
    lines.feed(bytes(MAX_LINE_BYTES))
    with pytest.raises(BackendGarbled):
        lines.feed(b"x")
