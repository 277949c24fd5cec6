"""A history of which memory holds the end alone: what there is comes, and nothing is told that nobody knows."""

from __future__ import annotations

from tests.api.conftest import Chat
from tests.histories import MemoryStores
from tests.history_writes import whole_turn
from thai_chat.domain.people import LOCAL
from thai_chat.domain.reads import ReadMessages, ReadSession


async def test_the_end_of_a_session_that_is_remembered_in_part_comes_without_a_total(chat: Chat) -> None:
    other = MemoryStores()
    turns = [await whole_turn(other, LOCAL.user_id)]
    session_id = turns[0].session.session_id
    for _ in range(2):
        turns.append(await whole_turn(other, LOCAL.user_id, session_id))
    chat.history.remember(await other.read(ReadSession(session_id, LOCAL.user_id)))
    for message in await other.read(ReadMessages(session_id, LOCAL.user_id, limit=3)):
        chat.history.remember(message)
    for query in ("", "?limit=3"):
        body = (await chat.http.get(f"/chat/history/{session_id}{query}")).json()
        assert [message["message_order"] for message in body["history"]] == [4, 5, 6]
        assert (body["total"], body["has_earlier"]) == (None, True)
    answer = await chat.http.get(f"/chat/status?session_id={session_id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "history_unavailable")
