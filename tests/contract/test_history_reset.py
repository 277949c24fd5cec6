"""A session that begins anew: what every history promises of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from uuid_utils.compat import uuid7

from tests.histories import Stores
from tests.history_writes import (
    LONG_AGO,
    UNKNOWN,
    again,
    begin,
    finish,
    new_user,
    reset,
    update,
    whole_reply,
    whole_turn,
)
from thai_chat.domain.errors import ReplyRunning, SessionNotFound
from thai_chat.domain.messages import Turn
from thai_chat.domain.reads import ReadMessage, ReadMessages, ReadSession, ReadVersions
from thai_chat.domain.writes import ResetSession


async def orders(history: Stores, turn: Turn, **place: int) -> list[int]:
    read = ReadMessages(turn.session.session_id, turn.session.user_id, limit=100, **place)
    return [message.message_order for message in await history.read(read)]


async def test_nothing_is_shown_after_a_reset_and_nothing_is_lost(history: Stores, user: str) -> None:
    session_id = uuid7()
    first = await whole_turn(history, user, session_id)
    last = await whole_turn(history, user, session_id)
    session = await history.write(reset(last))
    assert (session.leaf_id, session.message_count, session.has_branches) == (None, 4, True)
    assert await history.read(ReadSession(session_id, user)) == session
    assert await orders(history, first) == []
    assert await orders(history, first, after_order=0) == []
    assert await orders(history, first, before_order=9) == []
    assert (await history.read(ReadMessage(first.question.message_id, user))).message_order == 1


async def test_the_next_question_is_another_first_one_and_the_old_branch_comes_back(history: Stores, user: str) -> None:
    session_id = uuid7()
    old = await whole_turn(history, user, session_id)
    old_end = await whole_turn(history, user, session_id)
    await history.write(reset(old_end))
    new = await whole_turn(history, user, session_id)
    new_end = await whole_turn(history, user, session_id)
    assert (new.question.parent_id, new_end.question.parent_id) == (None, new.reply.message_id)
    assert await orders(history, old) == [5, 6, 7, 8]
    family = [old.question.message_id, new.question.message_id]
    assert await history.read(ReadVersions(session_id, user, family)) == dict.fromkeys(family, family)
    session = await history.write(update(old, leaf_id=old.question.message_id))
    assert session.leaf_id == old_end.reply.message_id
    assert await orders(history, old) == [1, 2, 3, 4]
    await history.write(update(old, leaf_id=new.question.message_id))
    assert await orders(history, old) == [5, 6, 7, 8]


async def test_the_old_branch_comes_back_before_anything_is_asked(history: Stores, user: str) -> None:
    old = await whole_turn(history, user)
    await history.write(reset(old))
    await history.write(update(old, leaf_id=old.question.message_id))
    assert await orders(history, old) == [1, 2]
    later = await whole_turn(history, user, old.session.session_id)
    assert later.question.parent_id == old.reply.message_id


async def test_a_session_with_branches_is_reset_and_reset_again(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    session_id = first.session.session_id
    other = await whole_reply(history, first, "อีกครั้ง")
    await history.write(reset(other))
    second = await whole_turn(history, user, session_id)
    assert await orders(history, first) == [4, 5]
    await history.write(reset(second))
    third = await whole_turn(history, user, session_id)
    assert await orders(history, first) == [6, 7]
    firsts = [turn.question.message_id for turn in (first, second, third)]
    found = await history.read(ReadVersions(session_id, user, firsts))
    assert found == dict.fromkeys(firsts, firsts)


async def test_a_reset_that_comes_again_takes_nothing_away(history: Stores, user: str) -> None:
    old = await whole_turn(history, user)
    write = reset(old)
    assert await history.write(write) == await history.write(write)
    new = await whole_turn(history, user, old.session.session_id)
    session = await history.write(write)
    assert session.leaf_id == new.reply.message_id
    assert await orders(history, old) == [3, 4]


async def test_a_session_is_not_reset_while_a_reply_grows(history: Stores, user: str) -> None:
    write = begin(user)
    turn = await history.write(write)
    with pytest.raises(ReplyRunning):
        await history.write(reset(turn))
    await history.write(finish(write))
    beside = again(turn, beside=True)
    await history.write(beside)
    with pytest.raises(ReplyRunning):
        await history.write(reset(turn))
    await history.write(finish(beside))
    assert (await history.write(reset(turn))).leaf_id is None


async def test_somebody_elses_session_is_not_reset(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    with pytest.raises(SessionNotFound):
        await history.write(reset(turn, user_id=new_user()))
    with pytest.raises(UNKNOWN):
        await history.write(reset(turn, session_id=uuid7()))
    assert await orders(history, turn) == [1, 2]


async def test_a_reply_that_lost_its_process_does_not_hold_up_a_reset(history: Stores, user: str) -> None:
    write = begin(user, at=LONG_AGO)
    await history.leave(write)
    session = await history.write(
        ResetSession(session_id=write.session_id, user_id=user, leaf_id=write.reply_id, at=datetime.now(UTC))
    )
    assert session.leaf_id is None
    turn = await whole_turn(history, user, write.session_id)
    assert turn.question.parent_id is None
