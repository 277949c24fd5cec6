"""Files for fine-tuning, which may be very long, leave everybody else a turn and are made one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.api.test_transfer import history
from tests.histories import PostgresStores
from tests.history_writes import new_user, prefer, whole_reply, whole_turn
from thai_chat.api.app import build_app
from thai_chat.api.exports import words_in
from thai_chat.backends.registry import KINDS
from thai_chat.chat.service import ChatService
from thai_chat.chat.statistics import zone_of
from thai_chat.chat.transfer import exports
from thai_chat.chat.transfer.exports import Format
from thai_chat.chat.transfer.service import Export
from thai_chat.chat.transfer.training import EVERYTHING
from thai_chat.domain.people import LOCAL, Person
from thai_chat.gate.gate import Gate
from thai_chat.routing.router import Router

__all__ = ["history"]  # a fixture

USER = LOCAL.user_id


@pytest.fixture
async def service(history: PostgresStores) -> AsyncIterator[ChatService]:
    first = await whole_turn(history, USER)
    beaten = [await whole_reply(history, first, f"แย่ {number}") for number in range(5)]
    best = await whole_reply(history, first, "ดี")
    await history.write(prefer(best, *(turn.reply.message_id for turn in beaten)))
    service = ChatService(history.storage, Router([], kinds=KINDS), max_history_messages=20)
    yield service
    await service.close()


async def pairs_of(service: ChatService) -> Export:
    return await service.transfer.export(
        LOCAL, Format.DPO, chosen=None, words=words_in("th"), timezone=zone_of(None), wanted=EVERYTHING
    )


async def examples_of(service: ChatService, person: Person) -> int:
    return await service.transfer.examples(person, Format.DPO, chosen=None, wanted=EVERYTHING)


async def test_everybody_else_has_a_turn_between_two_lines(
    service: ChatService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PIECE_BYTES", 0)
    loop, turns, waits = asyncio.get_running_loop(), 0, []

    def count() -> None:
        nonlocal turns, handle
        turns += 1
        handle = loop.call_soon(count)

    handle = loop.call_soon(count)
    async for piece in (await pairs_of(service)).pieces:
        if piece.endswith(b"\n"):
            waits.append(turns)
    handle.cancel()
    assert len(waits) == len(set(waits)) == 5


async def test_one_is_made_or_counted_at_a_time_for_a_person(service: ChatService) -> None:
    made: Any = (await pairs_of(service)).pieces
    await anext(made)
    counting = asyncio.create_task(examples_of(service, LOCAL))
    other = replace(LOCAL, user_id=new_user())
    assert [await examples_of(service, other) for _ in range(20)] == [0] * 20
    assert not counting.done()
    await made.aclose()
    assert await counting == 5


async def test_a_count_ends_with_the_client_that_waits_for_it(service: ChatService) -> None:
    made: Any = (await pairs_of(service)).pieces
    await anext(made)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/export/examples",
        "query_string": b"format=dpo",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "scheme": "http",
        "state": {},
    }
    async with asyncio.timeout(15):
        await Gate(build_app(service))(scope, receive, send)
    assert sent[0]["status"] == 200
    await made.aclose()
    assert await examples_of(service, LOCAL) == 5
