"""The head of an answer goes out with its body, and does not wait for one that comes later."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from thai_chat.gate.connections import Joining

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n"


class Socket:
    """Stands in for a connection, and keeps the calls that the system would get."""

    def __init__(self) -> None:
        self.calls: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.calls.append(data)

    def close(self) -> None:
        self.calls.append("close")

    def is_closing(self) -> bool:
        return "close" in self.calls


def joining() -> tuple[Socket, Any]:
    plain = Socket()
    return plain, Joining(plain, asyncio.get_running_loop())  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [b"body", b""], ids=["body", "no body"])
async def test_head_and_body_are_written_at_once(body: bytes) -> None:
    plain, transport = joining()
    transport.write(HEAD)
    transport.write(body)
    assert plain.calls == [HEAD + body]
    transport.write(b"more")
    await asyncio.sleep(0)
    assert plain.calls == [HEAD + body, b"more"]


async def test_a_head_waits_no_longer_than_a_turn_of_the_loop() -> None:
    plain, transport = joining()
    transport.write(HEAD)
    assert plain.calls == []
    await asyncio.sleep(0)
    assert plain.calls == [HEAD]
    transport.write(b"late")
    assert plain.calls == [HEAD, b"late"]


async def test_a_head_goes_out_before_its_connection_is_closed() -> None:
    plain, transport = joining()
    transport.write(HEAD)
    transport.close()
    await asyncio.sleep(0)
    assert plain.calls == [HEAD, "close"]
    assert transport.is_closing()
    transport = joining()[1]
    transport.close()
    assert transport.calls == ["close"]


async def test_nothing_is_written_to_a_connection_that_was_broken_off() -> None:
    plain, transport = joining()
    transport.write(HEAD)
    plain.close()
    await asyncio.sleep(0)
    assert plain.calls == ["close"]


async def test_two_heads_keep_their_order() -> None:
    plain, transport = joining()
    transport.write(HEAD)
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert b"".join(plain.calls) == HEAD * 2  # type: ignore[arg-type]
