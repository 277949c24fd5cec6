"""The duties that only the history in memory has: hold no more than it may, and tell what it does not hold."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.histories import MemoryStores
from tests.history_writes import ANSWER, begin, finish, grow, new_user, whole_turn
from thai_chat.domain.errors import HistoryUnavailable, MessageNotFound, SessionNotFound
from thai_chat.domain.reads import ReadMessage, ReadMessages, ReadSession, ReadSessions
from thai_chat.domain.writes import Checkpoints
from thai_chat.history.memory.conversation import MemoryConversation
from thai_chat.history.memory.sessions import HeldSessions

USER = new_user()


async def is_held(history: MemoryConversation, session_id: UUID) -> bool:
    return history.holds(session_id)


async def test_sessions_used_longest_ago_are_forgotten_first() -> None:
    history = MemoryConversation(HeldSessions(max_bytes=35_000))
    turns = [await whole_turn(history, USER, question="ก" * 1_000) for _ in range(3)]
    await history.read(ReadSession(turns[0].session.session_id, USER))
    later = [await whole_turn(history, USER, question="ก" * 1_000) for _ in range(4)]
    held = [history.holds(turn.session.session_id) for turn in (*turns, *later)]
    assert held == [True, False, False, True, True, True, True] or (held[0] and not held[1] and all(held[3:]))
    with pytest.raises(SessionNotFound):
        await history.read(ReadSession(turns[1].session.session_id, USER))


async def test_a_session_with_a_growing_reply_is_never_forgotten() -> None:
    history = MemoryConversation(HeldSessions(max_bytes=10_000))
    write = begin(USER)
    await history.write(write)
    for _ in range(5):
        await whole_turn(history, USER, question="ก" * 1_000)
    await history.write(Checkpoints([grow(write, "ยังอยู่")]))
    assert (await history.write(finish(write, "ยังอยู่"))).content == "ยังอยู่"


async def test_a_session_that_is_needed_is_never_forgotten() -> None:
    needed: set[UUID] = set()
    history = MemoryConversation(HeldSessions(max_bytes=10_000, is_needed=needed.__contains__))
    turn = await whole_turn(history, USER)
    needed.add(turn.session.session_id)
    for _ in range(5):
        await whole_turn(history, USER, question="ก" * 1_000)
    assert len(await history.read(ReadMessages(turn.session.session_id, USER, limit=10))) == 2


async def test_what_is_forgotten_is_counted_back() -> None:
    history = MemoryConversation(HeldSessions(max_bytes=220_000))
    for _ in range(200):
        await whole_turn(history, USER, question="ก" * 1_000)
    held = await history.read(ReadSessions(USER, limit=500))
    assert 25 <= len(held) <= 40


async def test_of_a_remembered_part_only_that_part_is_told() -> None:
    source, history = MemoryConversation(), MemoryConversation()
    first = await whole_turn(source, USER)
    session_id = first.session.session_id
    for _ in range(3):
        await whole_turn(source, USER, session_id)
    session = await source.read(ReadSession(session_id, USER))
    history.remember(ReadSession(session_id, USER), session)
    with pytest.raises(HistoryUnavailable):
        await history.read(ReadMessages(session_id, USER, limit=10))
    last = ReadMessages(session_id, USER, limit=2)
    history.remember(last, await source.read(last))
    assert [m.message_order for m in await history.read(ReadMessages(session_id, USER, limit=10))] == [7, 8]
    with pytest.raises(HistoryUnavailable):
        await history.read(ReadMessages(session_id, USER, limit=10, before_order=7))


async def test_a_remembered_part_is_continued_where_it_ended() -> None:
    source, history = MemoryConversation(), MemoryConversation()
    first = await whole_turn(source, USER)
    read = ReadSession(first.session.session_id, USER)
    history.remember(read, await source.read(read))
    turn = await whole_turn(history, USER, first.session.session_id)
    assert (turn.question.message_order, turn.question.parent_id) == (3, first.reply.message_id)


async def test_an_older_reading_of_a_session_does_not_undo_a_turn() -> None:
    history = MemoryConversation()
    first = await whole_turn(history, USER)
    await whole_turn(history, USER, first.session.session_id)
    history.remember(ReadSession(first.session.session_id, USER), first.session)
    assert (await history.read(ReadSession(first.session.session_id, USER))).message_count == 4


async def test_what_somebody_said_under_anothers_id_in_an_outage_is_not_given_to_its_owner() -> None:
    source, history, other = MemoryConversation(), MemoryConversation(), new_user()
    own = await whole_turn(source, USER, question="ของเจ้าของ")
    session_id = own.session.session_id
    taken = await whole_turn(history, other, session_id, question="ของคนอื่น")
    await whole_turn(history, other, session_id, question="ของคนอื่นอีก")
    for read in (ReadSession(session_id, USER), ReadMessages(session_id, USER, limit=10)):
        history.remember(read, await source.read(read))
    with pytest.raises(MessageNotFound):
        await history.read(ReadMessage(taken.question.message_id, USER))
    assert (await history.read(ReadSession(session_id, USER))).message_count == 2
    found = await history.read(ReadMessages(session_id, USER, limit=10))
    assert [message.content for message in found] == ["ของเจ้าของ", ANSWER]
    with pytest.raises(SessionNotFound):
        await history.read(ReadMessages(session_id, other, limit=10))


async def test_what_models_thought_counts_for_what_is_held() -> None:
    history = MemoryStores(max_bytes=220_000)
    for _ in range(20):
        write = begin(USER)
        await history.write(write)
        await history.write(finish(write, "สั้น", metadata={"reasoning": "คิด" * 3_000}))
    assert len(await history.read(ReadSessions(USER, limit=500))) <= 6
