"""The bytes of a streamed response, as servers really send them."""

from __future__ import annotations

import json

import pytest

from thai_chat.backends.openai_api.response_stream import ResponseStream
from thai_chat.domain.backend_errors import BackendGarbled, RateLimited, ReplyCut
from thai_chat.domain.events import StreamEvent, TextDelta, Usage


def event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields}, ensure_ascii=False)}\n\n".encode()


def delta(text: str) -> bytes:
    return event("response.output_text.delta", delta=text)


def end(status: str = "completed", **fields: object) -> bytes:
    return event(f"response.{status}", response={"status": status, **fields})


def read(sent: bytes, *, size: int = 10_000) -> list[StreamEvent]:
    reply = ResponseStream()
    events = [found for at in range(0, len(sent), size) for found in reply.feed(sent[at : at + size])]
    events += reply.last()
    reply.end()
    return events


@pytest.mark.parametrize("size", [1, 3, 64])
def test_pieces_of_the_network_may_end_inside_a_character(size: int) -> None:
    said = read(delta("สวัส") + delta("ดี 🇹🇭") + end(), size=size)
    assert "".join(part.text for part in said if isinstance(part, TextDelta)) == "สวัสดี 🇹🇭"


def test_events_that_nobody_needs_are_passed_over() -> None:
    others = event("response.created", response={}) + event("keepalive") + event("response.output_item.added", item={})
    assert read(others + delta("ก") + event("response.output_text.done", text="ก") + end()) == [TextDelta("ก")]


def test_a_refusal_to_answer_is_what_the_model_says() -> None:
    assert read(event("response.refusal.delta", delta="ไม่ได้ครับ") + end()) == [TextDelta("ไม่ได้ครับ")]


def test_counts_may_lack_their_details() -> None:
    assert read(end(usage={"input_tokens": 3, "output_tokens": 5})) == [Usage(3, 5)]


@pytest.mark.parametrize("reason", ["max_output_tokens", "content_filter", None])
def test_the_reason_of_an_unfinished_reply_is_told(reason: str | None) -> None:
    reply = ResponseStream()
    reply.feed(end("incomplete", incomplete_details={"reason": reason} if reason else None))
    assert reply.finish_reason == {"max_output_tokens": "length", None: "incomplete"}.get(reason, reason)


@pytest.mark.parametrize(
    "error",
    [
        event("error", code="rate_limit_exceeded", message="slow down"),
        event("error", error={"code": "rate_limit_exceeded", "message": "slow down"}),
        end("failed", error={"code": "rate_limit_exceeded", "message": "slow down"}),
    ],
)
def test_errors_come_in_three_shapes(error: bytes) -> None:
    with pytest.raises(RateLimited):
        read(error)


def test_a_stream_without_its_last_event_is_cut() -> None:
    with pytest.raises(ReplyCut):
        read(delta("ก"))


@pytest.mark.parametrize(
    "payload",
    [b"[5]", b'{"type": "response.output_text.delta", "delta": 5}',
     b'{"type": "response.completed"}', b'{"type": "response.completed", "response": {}}',
     b'{"object": "response", "output": 5, "status": "completed"}'],
)  # fmt: skip
def test_what_is_no_response_is_garbage(payload: bytes) -> None:
    with pytest.raises(BackendGarbled):
        read(b"data: " + payload + b"\n\n")
