"""A history of long messages is read and written in small parts: a slow reader has little of it in memory."""

from __future__ import annotations

import json

from fastapi.responses import StreamingResponse

from tests.histories import PostgresStores
from tests.history_writes import new_user, say, whole_turn
from tests.hooked import person as person_named
from thai_chat.api.histories import history_response
from thai_chat.backends.registry import KINDS
from thai_chat.chat.service import ChatService
from thai_chat.routing.router import Router

LONG = "ก" * 20_000


async def test_long_messages_are_read_and_written_few_at_a_time(history: PostgresStores) -> None:
    user = new_user()
    session = (await whole_turn(history, user)).session
    session_id = session.session_id
    for _ in range(208):
        await history.write(say(session, LONG))
    service = ChatService(history.storage, Router([], kinds=KINDS), max_history_messages=40)
    person = person_named(user)
    read = await service.histories.read(session_id, person)
    assert read.others
    pages = [len(read.messages), *[len(page) async for page in read.others]]
    assert sum(pages) == 210
    assert all(count < 60 for count in pages[1:])
    answer = await history_response({}, await service.histories.read(session_id, person), "en")
    assert isinstance(answer, StreamingResponse)
    parts = [bytes(part) async for part in answer.body_iterator]
    assert max(map(len, parts)) < 1_000_000
    told = json.loads(b"".join(parts))
    assert [one["message_order"] for one in told["history"]] == list(range(1, 211))
    assert told["total"] == 210
