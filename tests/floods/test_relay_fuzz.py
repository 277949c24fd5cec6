"""Streams as no one server sends them, on their way to a program: every object as it was, every word once."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from tests.floods.test_wire_fuzz import NOISE, ODD, chunk, cut, delta, in_halves, pieces, stream
from tests.standins.relays import chat, respond
from thai_chat.backends.failures import failure
from thai_chat.backends.openai_api.relay_stream import RelayStream
from thai_chat.chat.tally import Tally
from thai_chat.domain.backend_errors import BackendError
from thai_chat.domain.ports.relay import RelayCall

STREAMS = 2_000


def read(call: RelayCall, parts: Iterable[bytes], into: list[Any]) -> None:
    answer = RelayStream(call, failure)
    for part in parts:
        into += answer.feed(part)
        if answer.done:
            break
    into += answer.last()
    answer.end()
    assert answer.is_whole


def words(chunks: Iterable[Any]) -> str:
    found = []
    for one in chunks:
        for choice in one.get("choices") or ():
            content = (choice.get("delta") or {}).get("content") or ""
            found += [content] if isinstance(content, str) else [part["text"] for part in content]
    return "".join(found)


def halves(chosen: random.Random, found: list[str]) -> Iterator[bytes]:
    """Yield the text with cut characters, in one field: a half waits for the next piece of its own field."""
    for piece in in_halves(chosen, found):
        if chosen.random() < 0.2:
            yield chosen.choice(NOISE)
        yield chunk(chosen, {"content": piece})
    yield chunk(chosen, chosen.choice(({}, None, {"content": ""})), "stop")


def as_read(event: bytes) -> Any:
    """Return what an event holds; numbers beyond 64 bits are read as floats."""
    return json.loads(event.strip().removeprefix(b"data: "), parse_int=_number)


def _number(digits: str) -> int | float:
    return float(digits) if len(digits) > 20 else int(digits)


def test_no_word_is_lost_however_it_is_sent() -> None:
    chosen = random.Random(21)
    for number in range(STREAMS):
        found = pieces(chosen)
        sent = b"".join(halves(chosen, found) if number % 3 == 0 else stream(chosen, found))
        chunks: list[Any] = []
        read(chat(), cut(chosen, sent), chunks)
        assert words(chunks) == "".join(found), sent
        orjson.dumps(chunks)


def test_every_object_is_as_it_was_sent() -> None:
    chosen = random.Random(22)
    for _ in range(STREAMS):
        sent = [chunk(chosen, delta(chosen, piece)) for piece in pieces(chosen)]
        sent.append(chunk(chosen, {}, "stop"))
        objects = [as_read(event) for event in sent]
        chunks: list[Any] = []
        read(chat(), cut(chosen, b"".join(sent)), chunks)
        assert json.dumps(chunks) == json.dumps(objects)


def test_every_stream_has_a_last_word_whatever_is_in_it() -> None:
    chosen = random.Random(23)
    ended = failed = 0
    for _ in range(STREAMS // 2):
        odd = [chunk(chosen, chosen.choice(ODD), chosen.choice(ODD)) for _ in range(2)]
        fields = {name: chosen.choice(ODD) for name in ("content", "tool_calls", "reasoning")}
        odd.append(chunk(chosen, fields, usage={"prompt_tokens": chosen.choice(ODD)}))
        spoiled = bytearray(b"".join((*odd[:1], *stream(chosen, pieces(chosen)), *odd[1:])))
        for _ in range(chosen.randrange(4)):
            spoiled[chosen.randrange(len(spoiled))] = chosen.randrange(256)
        for call in (chat(), respond(), chat(stream=False)):
            objects: list[Any] = []
            try:
                read(call, cut(chosen, bytes(spoiled)), objects)
            except BackendError:
                failed += 1
            else:
                ended += 1
            orjson.dumps(objects)  # of whole characters
            tally = Tally(call)
            for one in objects:
                tally.take(one)
            tally.usage("m")
    assert ended
    assert failed
