"""Replies to one question that grow at the same time: what every history promises of them."""

from __future__ import annotations

import pytest

from tests.histories import Stores
from tests.history_writes import ANSWER, LONG_AGO, again, begin, finish, grow, whole_turn
from thai_chat.domain.errors import ReplyRunning
from thai_chat.domain.messages import Choice, Status
from thai_chat.domain.reads import ReadMessage, ReadMessages, ReadSession, ReadVersions
from thai_chat.domain.writes import Checkpoints

OTHER = Choice("openai", "another")


async def test_a_reply_grows_beside_one_that_is_still_shown(history: Stores, user: str) -> None:
    write = begin(user)
    first = await history.write(write)
    beside = again(first, beside=True, choice=OTHER)
    second = await history.write(beside)
    assert second.session.leaf_id == write.reply_id
    assert second.reply.status is Status.STREAMING
    assert (await history.read(ReadSession(write.session_id, user))).model == write.choice.model
    await history.write(Checkpoints([grow(write, "one"), grow(beside, "two")]))
    ended = await history.write(finish(beside, "two and more"))
    assert (ended.status, ended.model) == (Status.COMPLETE, OTHER.model)
    shown = await history.read(ReadMessages(write.session_id, user, limit=10))
    assert [message.message_id for message in shown] == [write.question_id, write.reply_id]
    assert shown[-1].status is Status.STREAMING
    assert (await history.write(finish(write))).content == ANSWER
    versions = await history.read(ReadVersions(write.session_id, user, [write.reply_id]))
    assert list(versions[write.reply_id]) == [write.reply_id, beside.reply_id]


async def test_a_reply_grows_beside_one_of_long_ago(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    later = await whole_turn(history, user, first.session.session_id)
    begun = await history.write(again(first, beside=True))
    assert begun.session.leaf_id == later.reply.message_id


@pytest.mark.parametrize("ends_first", [0, 1])
async def test_nothing_else_begins_while_one_of_them_grows(history: Stores, user: str, ends_first: int) -> None:
    write = begin(user)
    turn = await history.write(write)
    beside = again(turn, beside=True)
    await history.write(beside)
    both = [write, beside]
    await history.write(finish(both.pop(ends_first)))
    for refused in (begin(user, write.session_id), again(turn)):
        with pytest.raises(ReplyRunning):
            await history.write(refused)
    await history.write(finish(both.pop()))
    assert (await history.write(begin(user, write.session_id))).question.parent_id == write.reply_id


async def test_three_may_grow_and_each_is_begun_once(history: Stores, user: str) -> None:
    turn = await history.write(begin(user))
    beside = again(turn, beside=True, idempotency_key="one")
    await history.write(beside)
    repeated = await history.write(again(turn, beside=True, idempotency_key="one"))
    assert (repeated.repeated, repeated.reply.message_id) == (True, beside.reply_id)
    await history.write(again(turn, beside=True))
    with pytest.raises(ReplyRunning):
        await history.write(again(turn, beside=True))
    with pytest.raises(ReplyRunning):
        await history.write(begin(user, turn.session.session_id))


async def test_those_that_lost_their_process_are_settled_together(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    dead = [again(first, beside=True, at=LONG_AGO) for _ in range(2)]
    for write in dead:
        await history.leave(write)
    await history.write(begin(user, first.session.session_id))
    await history.write(Checkpoints([grow(write, "too late") for write in dead]))
    for write in dead:
        reply = await history.read(ReadMessage(write.reply_id, user))
        assert (reply.status, reply.content) == (Status.INTERRUPTED, "")
        assert (await history.write(finish(write))).status is Status.COMPLETE
