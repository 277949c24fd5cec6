"""A branch that is named: what it adds up to, and its messages, whatever is shown meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from tests.histories import Stores
from tests.history_writes import UNKNOWN, begin, delete, finish, new_user, update, whole_turn
from thai_chat.domain.errors import SessionNotFound
from thai_chat.domain.messages import Figures, Role, Status
from thai_chat.domain.reads import ReadBranchCounts, ReadMessage, ReadMessages


async def test_a_branch_is_counted_by_role_without_what_was_deleted(history: Stores, user: str) -> None:
    session_id = uuid7()
    first = await whole_turn(history, user, session_id)
    old = await whole_turn(history, user, session_id)
    new = await whole_turn(history, user, session_id, parent_id=first.reply.message_id)
    for turn in (old, new):
        found = await history.read(ReadBranchCounts(session_id, user, turn.reply.message_id))
        assert (dict(found.by_role), found.total) == ({Role.USER: 2, Role.ASSISTANT: 2}, 4)
        assert (found.first_at, found.last_at) == (first.question.created_at, turn.reply.created_at)
    await history.write(delete(new, first.question.message_id))
    found = await history.read(ReadBranchCounts(session_id, user, new.reply.message_id))
    assert (dict(found.by_role), found.first_at) == ({Role.USER: 1, Role.ASSISTANT: 2}, first.reply.created_at)


async def test_a_branch_ends_with_its_last_reply(history: Stores, user: str) -> None:
    write = begin(user, uuid7())
    turn = await history.write(write)
    place = ReadBranchCounts(write.session_id, user, turn.reply.message_id)
    assert (await history.read(place)).ended_at == turn.reply.created_at
    await history.write(finish(write, figures=Figures(latency_ms=4_321)))
    found = await history.read(place)
    assert (found.last_at, found.ended_at) == (write.at, write.at + timedelta(milliseconds=4_321))
    assert (await history.read(ReadMessage(turn.reply.message_id, user))).ended_at == found.ended_at
    stopped = begin(user, write.session_id)
    await history.write(stopped)
    await history.write(finish(stopped, status=Status.STOPPED))
    found = await history.read(replace(place, leaf_id=stopped.reply_id))
    assert found.ended_at == max(stopped.at, write.at + timedelta(milliseconds=4_321))


async def test_a_session_without_branches_is_counted_to_the_message(history: Stores, user: str) -> None:
    session_id = uuid7()
    turns = [await whole_turn(history, user, session_id) for _ in range(3)]
    assert (await history.read(ReadBranchCounts(session_id, user, turns[1].reply.message_id))).total == 4


async def test_a_branch_is_read_on_when_another_one_is_shown_meanwhile(history: Stores, user: str) -> None:
    session_id = uuid7()
    first = await whole_turn(history, user, session_id)
    old = await whole_turn(history, user, session_id)
    await whole_turn(history, user, session_id, parent_id=first.reply.message_id)
    read = ReadMessages(session_id, user, limit=2, after_order=2, before_order=5, leaf_id=old.reply.message_id)
    assert [message.message_order for message in await history.read(read)] == [3, 4]
    await history.write(update(first, leaf_id=old.reply.message_id))
    assert [message.message_order for message in await history.read(read)] == [3, 4]


async def test_nothing_of_somebody_else_is_counted(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    session_id, leaf_id = turn.session.session_id, turn.reply.message_id
    with pytest.raises(SessionNotFound):
        await history.read(ReadBranchCounts(session_id, new_user(), leaf_id))
    with pytest.raises(UNKNOWN):
        await history.read(ReadBranchCounts(session_id, user, uuid7()))
