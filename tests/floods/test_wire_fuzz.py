"""Streams as no one server sends them: odd types, odd lines and odd cuts in every place, and never a lost word."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from tests.standins.script import PASSAGE
from thai_chat.backends.openai_api.completion_stream import CompletionStream
from thai_chat.backends.openai_api.response_stream import ResponseStream
from thai_chat.domain.backend_errors import BackendError
from thai_chat.domain.events import ReasoningDelta, StreamEvent, TextDelta

STREAMS = 20_000
ODD = (None, "", 0, 1.5, True, [], {}, "null", "x", [None], {"a": None}, -1, 10**30)
NOISE = (
    *(b": ping\n\n", b"data: keep-alive\n\n", b"data:\n\n", b"event: ping\ndata: {}\n\n", b"\n", b"id: 7\n"),
    *(b"retry: 1\n", b"data: : x\n\n", b"\r\n\r\n", b"data: null\n\n", b"data: []\n\n", b'data: {"choices": []}\n\n'),
)  # fmt: skip


def pieces(chosen: random.Random) -> list[str]:
    start = chosen.randrange(len(PASSAGE))
    text = (PASSAGE * 2)[start : start + chosen.randrange(1, 120)]
    found, at = [], 0
    while at < len(text):
        size = chosen.randrange(1, 9)
        found.append(text[at : at + size])
        at += size
    return found


def in_halves(chosen: random.Random, found: list[str]) -> list[str]:
    """Return the same text with some of its emoji cut between two pieces, each half escaped as a server does it."""
    whole = "".join(found)
    units = whole.encode("utf-16-le")
    cuts = sorted(chosen.sample(range(0, len(units), 2), min(3, len(units) // 2)))
    parts = [units[a:b] for a, b in zip([0, *cuts], [*cuts, len(units)], strict=True)]
    return [part.decode("utf-16-le", "surrogatepass") for part in parts]


def chunk(chosen: random.Random, delta: object, finish: object = None, **more: object) -> bytes:
    choice: dict[str, object] = {"index": 0, "delta": delta, "finish_reason": finish}
    body: dict[str, object] = {"id": "x", "choices": [choice], **more}
    for name in ("id", "created", "model", "system_fingerprint", "service_tier", "usage"):
        if chosen.random() < 0.1:
            body[name] = chosen.choice(ODD) if name != "usage" else chosen.choice((None, {}, {"prompt_tokens": None}))
    if chosen.random() < 0.1:
        choice["logprobs"] = chosen.choice((float("nan"), *ODD))
    if chosen.random() < 0.1:
        del choice["finish_reason" if finish is None else "index"]
    end = chosen.choice((b"\n\n", b"\n\n", b"\r\n\r\n", b"\n", b"\r\r"))
    return b"data: " + json.dumps(body, ensure_ascii=chosen.random() < 0.5).encode("utf-8", "surrogatepass") + end


def delta(chosen: random.Random, piece: str) -> object:
    match chosen.randrange(4):
        case 0:
            return {"content": [{"type": "text", "text": piece}]}
        case 1:
            return {"role": "assistant", "content": piece, "tool_calls": chosen.choice((None, []))}
        case _:
            return {"content": piece, "reasoning": None, "reasoning_content": chosen.choice((None, ""))}


def stream(chosen: random.Random, found: list[str]) -> Iterator[bytes]:
    if chosen.random() < 0.1:
        yield b"\xef\xbb\xbf"
    every = chosen.random() < 0.1
    for piece in found:
        if chosen.random() < 0.2:
            yield chosen.choice(NOISE)
        yield chunk(chosen, delta(chosen, piece), "stop" if every else chosen.choice((None, None, "", "null")))
    if chosen.random() < 0.7 and not every:
        yield chunk(chosen, chosen.choice(({}, None, {"content": ""}, {"content": None})), "stop")
    yield b"data: [DONE]\n\n"


def cut(chosen: random.Random, sent: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(sent):
        size = chosen.choice((1, 2, 7, 50, 400, len(sent)))
        yield sent[at : at + size]
        at += size


def read(reply: CompletionStream | ResponseStream, parts: Iterator[bytes], into: list[StreamEvent]) -> None:
    for part in parts:
        into += reply.feed(part)
        if reply.done:
            break
    into += reply.last()
    reply.end()


def test_no_word_is_lost_however_it_is_sent() -> None:
    chosen = random.Random(11)
    for number in range(STREAMS):
        found = pieces(chosen)
        sent = b"".join(stream(chosen, in_halves(chosen, found) if number % 3 == 0 else found))
        events: list[StreamEvent] = []
        read(CompletionStream(), cut(chosen, sent), events)
        assert "".join(event.text for event in events if isinstance(event, TextDelta | ReasoningDelta)) == "".join(
            found
        ), sent


def test_every_stream_has_a_last_word_whatever_is_in_it() -> None:
    chosen = random.Random(12)
    ended = failed = 0
    for _ in range(STREAMS // 4):
        sent = b"".join(
            (
                *stream(chosen, pieces(chosen)),
                *(chunk(chosen, chosen.choice(ODD), chosen.choice(ODD)) for _ in range(2)),
            )
        )
        spoiled = bytearray(sent)
        for _ in range(chosen.randrange(4)):
            spoiled[chosen.randrange(len(spoiled))] = chosen.randrange(256)
        for reply in (CompletionStream(), ResponseStream()):
            events: list[StreamEvent] = []
            try:
                read(reply, cut(chosen, bytes(spoiled)), events)
            except BackendError:
                failed += 1
            else:
                assert reply.finish_reason
                ended += 1
            for event in events:
                if isinstance(event, TextDelta | ReasoningDelta):
                    event.text.encode()  # of whole characters
    assert ended
    assert failed
