"""Compression on the way out, without a server."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable

import brotli
import pytest
from starlette.datastructures import Headers
from starlette.types import Message

from thai_chat.gate.packing import Encoding, encoding_for, packing


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0.0, gzip;q=0", None),
        ("GZIP", "gzip"),
        ("brotli, xgzip", None),
        ("identity", None),
        ("", None),
    ],
)
def test_the_best_encoding_that_is_accepted_is_chosen(accepted: str, chosen: Encoding | None) -> None:
    assert encoding_for(Headers({"accept-encoding": accepted})) == chosen


async def sent(parts: Iterable[bytes], content_type: str, *, accepted: str = "br") -> list[Message]:
    """Return what leaves of an answer in these parts."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    out = packing(send, {"type": "http", "method": "GET", "headers": [(b"accept-encoding", accepted.encode())]})
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(sum(map(len, parts))).encode())]
    await out({"type": "http.response.start", "status": 200, "headers": headers})
    *first, last = parts
    for part in first:
        await out({"type": "http.response.body", "body": part, "more_body": True})
    await out({"type": "http.response.body", "body": last})
    return messages


PARTS = [f'{{"ข้อความ": "ภาษาไทย {number} 👩‍💻"}}\n'.encode() * 40 for number in range(5)]


async def test_every_part_of_streamed_json_can_be_read_when_it_leaves() -> None:
    start, *bodies = await sent(PARTS, "application/x-ndjson")
    assert "content-length" not in Headers(raw=start["headers"])
    reader = brotli.Decompressor()
    assert [reader.process(body["body"]) for body in bodies] == PARTS
    _, *bodies = await sent(PARTS, "application/json", accepted="gzip")
    unzip = zlib.decompressobj(wbits=31)
    assert [unzip.decompress(body["body"]) for body in bodies] == PARTS


async def test_whole_json_has_the_length_that_it_has() -> None:
    for accepted, unpack in (("br", brotli.decompress), ("gzip", gzip.decompress)):
        whole = b"".join(PARTS)
        start, body = await sent([whole], "application/json; charset=utf-8", accepted=accepted)
        headers = Headers(raw=start["headers"])
        assert headers["content-encoding"] == accepted
        assert headers["vary"] == "Accept-Encoding"
        assert int(headers["content-length"]) == len(body["body"]) < len(whole) / 4
        assert unpack(body["body"]) == whole


@pytest.mark.parametrize(
    "content_type", ["text/event-stream", "application/octet-stream", "application/zip", "text/plain"]
)
async def test_what_is_no_json_passes_as_it_is(content_type: str) -> None:
    start, *bodies = await sent(PARTS, content_type)
    assert "content-encoding" not in Headers(raw=start["headers"])
    assert [body["body"] for body in bodies] == PARTS


async def test_short_json_and_json_for_who_takes_no_encoding_pass_as_they_are() -> None:
    for parts, accepted in (([b'{"a":1}'], "br"), ([b"".join(PARTS)], "identity")):
        start, *bodies = await sent(parts, "application/json", accepted=accepted)
        headers = Headers(raw=start["headers"])
        assert "content-encoding" not in headers
        assert headers["vary"] == "Accept-Encoding"
        assert [body["body"] for body in bodies] == parts
