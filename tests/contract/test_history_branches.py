"""Branches: what every history promises of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from tests.histories import Stores
from tests.history_writes import (
    ANSWER,
    LONG_AGO,
    UNKNOWN,
    again,
    begin,
    finish,
    grow,
    new_user,
    update,
    whole_reply,
    whole_turn,
)
from thai_chat.domain.errors import (
    MessageNotFound,
    ReplyRunning,
    SessionNotFound,
)
from thai_chat.domain.messages import Choice, Message, Status
from thai_chat.domain.reads import ReadIsKeyKnown, ReadMessage, ReadMessages, ReadSession, ReadVersions
from thai_chat.domain.writes import Checkpoints


async def test_an_edited_question_makes_a_branch_and_keeps_the_old_one(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    session_id = first.session.session_id
    old = await whole_turn(history, user, session_id)
    new = await whole_turn(history, user, session_id, parent_id=first.reply.message_id)
    shown = await history.read(ReadMessages(session_id, user, limit=10))
    assert [message.message_order for message in shown] == [1, 2, 5, 6]
    await history.write(update(first, leaf_id=old.reply.message_id))
    shown = await history.read(ReadMessages(session_id, user, limit=10))
    assert [message.message_order for message in shown] == [1, 2, 3, 4]
    later = await whole_turn(history, user, session_id)
    assert (later.question.parent_id, later.question.message_order) == (old.reply.message_id, 7)
    shown = await history.read(ReadMessages(session_id, user, limit=10))
    assert [message.message_order for message in shown] == [1, 2, 3, 4, 7, 8]
    assert (await history.read(ReadMessage(new.reply.message_id, user))).content == ANSWER


@pytest.mark.parametrize("branched", [False, True], ids=["one line", "with a branch"])
async def test_messages_come_in_windows(history: Stores, user: str, branched: bool) -> None:
    session_id = uuid7()
    turns = [await whole_turn(history, user, session_id) for _ in range(4)]
    expected = [1, 2, 3, 4, 5, 6, 7, 8]
    if branched:
        await whole_turn(history, user, session_id, parent_id=turns[2].reply.message_id)
        expected = [1, 2, 3, 4, 5, 6, 9, 10]
    found: list[int] = []
    before = None
    while window := await history.read(ReadMessages(session_id, user, limit=3, before_order=before)):
        found[:0] = [message.message_order for message in window]
        before = window[0].message_order
    assert found == expected


async def test_any_message_shows_the_branch_through_it_to_its_newest_end(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    session_id = first.session.session_id
    old = await whole_turn(history, user, session_id)
    older = await whole_turn(history, user, session_id)
    new = await whole_turn(history, user, session_id, parent_id=first.reply.message_id)
    for message, leaf in (
        (old.question, older.reply),
        (first.question, new.reply),
        (older.question, older.reply),
        (new.reply, new.reply),
    ):
        session = await history.write(update(first, leaf_id=message.message_id))
        assert session.leaf_id == leaf.message_id
        assert (await history.read(ReadMessages(session_id, user, limit=1)))[0].message_id == leaf.message_id


async def test_a_parent_outside_the_session_is_not_found(history: Stores, user: str) -> None:
    first, other = await whole_turn(history, user), await whole_turn(history, user)
    with pytest.raises(MessageNotFound):
        await history.write(begin(user, first.session.session_id, parent_id=other.reply.message_id))
    with pytest.raises(UNKNOWN):
        await history.write(begin(user, parent_id=other.reply.message_id))
    with pytest.raises(MessageNotFound):
        await history.write(update(first, leaf_id=other.reply.message_id))


async def test_asking_again_puts_a_reply_beside_the_first_and_shows_it(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    session_id = first.session.session_id
    assert not first.session.has_branches
    write = again(first, choice=Choice("ollama", "qwen3"))
    turn = await history.write(write)
    assert turn.question == first.question
    assert (turn.reply.parent_id, turn.reply.message_order) == (first.question.message_id, 3)
    assert (turn.reply.status, turn.reply.content, turn.reply.model) == (Status.STREAMING, "", "qwen3")
    assert (turn.session.leaf_id, turn.session.message_count) == (write.reply_id, 3)
    assert (turn.session.has_branches, turn.session.updated_at) == (True, write.at)
    assert turn.session == await history.read(ReadSession(session_id, user))
    assert [turn.question, turn.reply] == await history.read(ReadMessages(session_id, user, limit=10))
    await history.write(Checkpoints([grow(write, "ตำ")]))
    end = await history.write(finish(write, "ตำขิง"))
    assert [turn.question, end] == await history.read(ReadMessages(session_id, user, limit=10))
    assert (await history.read(ReadMessage(first.reply.message_id, user))).content == ANSWER


async def test_a_reply_may_go_on_from_an_earlier_one(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    continues = {"continues": str(first.reply.message_id)}
    turn = await history.write(again(first, content="ตำขิง กระ", metadata=continues))
    assert (turn.reply.content, turn.reply.metadata) == ("ตำขิง กระ", continues)
    assert turn.reply == await history.read(ReadMessage(turn.reply.message_id, user))


async def test_the_next_question_goes_below_the_reply_that_is_shown(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    session_id = first.session.session_id
    second = await whole_reply(history, first)
    later = await whole_turn(history, user, session_id)
    assert (later.question.parent_id, later.question.message_order) == (second.reply.message_id, 4)
    await history.write(update(first, leaf_id=first.reply.message_id))
    other = await whole_turn(history, user, session_id)
    assert (other.question.parent_id, other.question.message_order) == (first.reply.message_id, 6)
    assert [m.message_order for m in await history.read(ReadMessages(session_id, user, limit=10))] == [1, 2, 6, 7]


async def test_the_same_key_gives_the_earlier_reply(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    write = again(first, idempotency_key="อีกครั้ง")
    begun = await history.write(write)
    await history.write(finish(write, "ตำขิง"))
    repeated = await history.write(again(first, idempotency_key="อีกครั้ง"))
    assert (begun.repeated, repeated.repeated) == (False, True)
    assert (repeated.question, repeated.reply.message_id) == (first.question, write.reply_id)
    assert (repeated.reply.content, repeated.session.message_count) == ("ตำขิง", 3)


async def test_the_same_reply_can_be_begun_twice(history: Stores, user: str) -> None:
    write = again(await whole_turn(history, user))
    turns = [await history.write(write) for _ in range(2)]
    assert turns[0] == turns[1]
    assert turns[1].session.message_count == 3


async def test_a_key_is_known_whatever_was_begun_with_it(history: Stores, user: str) -> None:
    first = await whole_turn(history, user, idempotency_key="คำถาม")
    second = await whole_reply(history, first, idempotency_key="คำตอบ")
    as_reply = await history.write(again(first, idempotency_key="คำถาม"))
    as_turn = await history.write(begin(user, first.session.session_id, idempotency_key="คำตอบ"))
    assert (as_reply.repeated, as_reply.reply.message_id) == (True, first.reply.message_id)
    assert (as_turn.repeated, as_turn.reply.message_id) == (True, second.reply.message_id)


async def test_no_second_reply_begins_while_one_runs(history: Stores, user: str) -> None:
    write = begin(user)
    turn = await history.write(write)
    with pytest.raises(ReplyRunning):
        await history.write(again(turn))
    await history.write(finish(write))
    more = again(turn)
    await history.write(more)
    for attempt in (history.write(again(turn)), history.write(begin(user, write.session_id))):
        with pytest.raises(ReplyRunning):
            await attempt


async def test_only_a_question_of_the_session_is_answered_again(history: Stores, user: str) -> None:
    first, other = await whole_turn(history, user), await whole_turn(history, user)
    for question_id in (first.reply.message_id, other.question.message_id, uuid7()):
        with pytest.raises(MessageNotFound):
            await history.write(again(first, question_id=question_id))
    with pytest.raises(SessionNotFound):
        await history.write(again(first, user_id=new_user()))
    with pytest.raises(UNKNOWN):
        await history.write(again(first, session_id=uuid7()))
    assert (await history.read(ReadSession(first.session.session_id, user))).message_count == 2


async def test_a_second_reply_without_a_sign_of_life_comes_as_interrupted(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    dead = again(first, at=LONG_AGO)
    await history.leave(dead)
    assert (await history.read(ReadMessages(dead.session_id, user, limit=1)))[0].status is Status.INTERRUPTED
    await history.write(Checkpoints([grow(dead, "ตำ")]))
    assert (await history.read(ReadMessage(dead.reply_id, user))).status is Status.STREAMING


@pytest.mark.parametrize("with_turn", [True, False], ids=["a turn", "a reply"])
async def test_what_begins_next_settles_a_dead_second_reply(history: Stores, user: str, with_turn: bool) -> None:
    first = await whole_turn(history, user)
    dead = again(first, at=LONG_AGO)
    await history.leave(dead)
    if with_turn:
        await history.write(begin(user, dead.session_id))
    else:
        await history.write(again(first))
    await history.write(Checkpoints([grow(dead, "สาย")]))
    reply = await history.read(ReadMessage(dead.reply_id, user))
    assert (reply.status, reply.content) == (Status.INTERRUPTED, "")
    assert (await history.write(finish(dead))).status is Status.COMPLETE


async def test_the_first_question_can_be_edited(history: Stores, user: str) -> None:
    old = await whole_turn(history, user)
    session_id = old.session.session_id
    await whole_turn(history, user, session_id)
    new = await whole_turn(history, user, session_id, is_first=True, question="แก้แล้ว")
    assert (new.question.parent_id, new.question.message_order) == (None, 5)
    assert new.session.has_branches
    assert [m.message_order for m in await history.read(ReadMessages(session_id, user, limit=10))] == [5, 6]
    await history.write(update(old, leaf_id=old.question.message_id))
    assert [m.message_order for m in await history.read(ReadMessages(session_id, user, limit=10))] == [1, 2, 3, 4]


async def test_the_first_of_a_new_session_is_no_branch(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user, is_first=True)
    assert (turn.question.parent_id, turn.session.has_branches) == (None, False)


async def test_siblings_come_in_the_order_of_arrival(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    session_id = first.session.session_id
    second = await whole_turn(history, user, session_id)
    replies = [second.reply, *[(await whole_reply(history, second)).reply for _ in range(2)]]
    edited = await whole_turn(history, user, session_id, parent_id=first.reply.message_id)
    begun = await whole_turn(history, user, session_id, is_first=True)
    ids = [m.message_id for m in (first.question, first.reply, second.question, replies[1], edited.reply)]
    assert await history.read(ReadVersions(session_id, user, [*ids, uuid7()])) == {
        first.question.message_id: [first.question.message_id, begun.question.message_id],
        second.question.message_id: [second.question.message_id, edited.question.message_id],
        replies[1].message_id: [reply.message_id for reply in replies],
    }


async def test_without_branches_nobody_has_siblings(history: Stores, user: str) -> None:
    turn, other = await whole_turn(history, user), await whole_turn(history, user)
    await whole_reply(history, other)
    session_id = turn.session.session_id
    ids = [turn.question.message_id, turn.reply.message_id, other.reply.message_id]
    assert await history.read(ReadVersions(session_id, user, ids)) == {}
    assert await history.read(ReadVersions(session_id, user, [])) == {}
    with pytest.raises(SessionNotFound):
        await history.read(ReadVersions(session_id, new_user(), ids))


async def test_messages_of_another_session_have_no_siblings_here(history: Stores, user: str) -> None:
    mine, other = await whole_turn(history, user), await whole_turn(history, user)
    await whole_reply(history, mine)
    await whole_reply(history, other)
    assert await history.read(ReadVersions(mine.session.session_id, user, [other.reply.message_id])) == {}


async def test_a_window_can_begin_behind_a_message(history: Stores, user: str) -> None:
    session_id = uuid7()
    turns = [await whole_turn(history, user, session_id) for _ in range(4)]

    async def orders(**bounds: Any) -> list[int]:
        return [m.message_order for m in await history.read(ReadMessages(session_id, user, **bounds))]

    assert await orders(limit=3, after_order=2) == [3, 4, 5]
    assert await orders(limit=9, after_order=5) == [6, 7, 8]
    assert await orders(limit=9, after_order=2, before_order=5) == [3, 4]
    assert await orders(limit=2, after_order=0) == [1, 2]
    assert await orders(limit=2, after_order=8) == []
    await whole_turn(history, user, session_id, parent_id=turns[1].reply.message_id)
    assert await orders(limit=3, after_order=2) == [3, 4, 9]
    assert await orders(limit=3, after_order=4, before_order=10) == [9]
    assert await orders(limit=3, after_order=6) == [9, 10]


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_the_shape_a_branch_is_the_way_from_the_leaf(history: Stores, user: str, seed: int) -> None:
    chance = random.Random(seed)
    session_id = uuid7()
    turns = [await whole_turn(history, user, session_id)]
    messages = {m.message_id: m for m in (turns[0].question, turns[0].reply)}
    for _ in range(25):
        match chance.choice(["on", "on", "edit", "first", "again", "show"]):
            case "on":
                turns.append(await whole_turn(history, user, session_id))
            case "edit":
                parent_id = chance.choice(turns).reply.message_id
                turns.append(await whole_turn(history, user, session_id, parent_id=parent_id))
            case "first":
                turns.append(await whole_turn(history, user, session_id, is_first=True))
            case "again":
                turns.append(await whole_reply(history, chance.choice(turns)))
            case _:
                named = chance.choice(list(messages))
                session = await history.write(update(turns[0], leaf_id=named))
                assert session.leaf_id == max(below(messages, named), key=lambda m: m.message_order).message_id
        messages.update({m.message_id: m for m in (turns[-1].question, turns[-1].reply)})
        session = await history.read(ReadSession(session_id, user))
        expected = way(messages, session.leaf_id)
        limit, bound = chance.randint(1, 12), chance.randint(0, session.message_count + 1)
        found = await history.read(ReadMessages(session_id, user, limit=limit, before_order=bound))
        assert orders_of(found) == [order for order in expected if order < bound][-limit:]
        found = await history.read(ReadMessages(session_id, user, limit=limit, after_order=bound))
        assert orders_of(found) == [order for order in expected if order > bound][:limit]


def below(messages: dict[UUID, Message], message_id: UUID) -> list[Message]:
    found = [messages[message_id]]
    for message in found:
        found += [child for child in messages.values() if child.parent_id == message.message_id]
    return found


def way(messages: dict[UUID, Message], leaf_id: UUID | None) -> list[int]:
    orders: list[int] = []
    while leaf_id:
        orders[:0] = [messages[leaf_id].message_order]
        leaf_id = messages[leaf_id].parent_id
    return orders


def orders_of(messages: Sequence[Message]) -> list[int]:
    return [message.message_order for message in messages]


async def test_a_key_is_known_where_something_was_asked_with_it(history: Stores, user: str) -> None:
    turn = await history.write(begin(user, idempotency_key="คีย์เดิม"))
    session_id = turn.session.session_id
    assert await history.read(ReadIsKeyKnown(session_id, user, "คีย์เดิม"))
    assert not await history.read(ReadIsKeyKnown(session_id, user, "คีย์อื่น"))
