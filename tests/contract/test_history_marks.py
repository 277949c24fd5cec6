"""Ratings, votes and deleted messages: what every history promises of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from tests.histories import Stores, searched
from tests.history_writes import (
    ANSWER,
    QUESTION,
    UNKNOWN,
    again,
    begin,
    delete,
    finish,
    grow,
    new_user,
    prefer,
    purge_message,
    rate,
    update,
    whole_reply,
    whole_turn,
)
from thai_chat.domain.errors import HistoryRefused
from thai_chat.domain.fact_values import (
    Rating,
    Vote,
)
from thai_chat.domain.facts import (
    facts_of,
)
from thai_chat.domain.messages import Status, Turn
from thai_chat.domain.reads import ReadDeleted, ReadMessage, ReadMessages, ReadVersions
from thai_chat.domain.searching import SearchFilters, SearchQuery, terms_of
from thai_chat.domain.writes import Checkpoints


async def orders(history: Stores, turn: Turn, *, limit: int = 100, **place: Any) -> list[int]:
    read = ReadMessages(turn.session.session_id, turn.session.user_id, limit=limit, **place)
    return [message.message_order for message in await history.read(read)]


async def hits(history: Stores, user: str, text: str) -> set[UUID]:
    page = await searched(history, SearchQuery(user_id=user, terms=terms_of(text), limit=20))
    return {hit.message.message_id for hit in page.hits}


async def test_a_rating_is_kept_with_the_reply_replaced_and_taken_back(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    write = rate(turn, -1, reason="ปีเกิดผิด 🙏", tags=("wrong", "too_long"))
    rated = await history.write(write)
    known = Rating(value=-1, reason="ปีเกิดผิด 🙏", tags=("wrong", "too_long"), rated_at=write.at)
    assert facts_of(rated).rating == known
    assert await history.write(write) == rated
    assert await history.read(ReadMessage(turn.reply.message_id, user)) == rated
    assert rated.content == ANSWER
    better = await history.write(rate(turn, 1))
    assert facts_of(better).rating is not None
    assert facts_of(better).rating.value == 1  # type: ignore[union-attr]
    gone = await history.write(rate(turn, None))
    assert "rating" not in gone.metadata


async def test_a_rating_outlives_the_end_of_a_reply_that_grows(history: Stores, user: str) -> None:
    write = begin(user)
    turn = await history.write(write)
    await history.write(rate(turn, 1))
    await history.write(Checkpoints([grow(write, metadata={"reasoning": "คิด"})]))
    done = await history.write(finish(write, metadata={"finish_reason": "stop"}))
    facts = facts_of(done)
    assert (facts.reasoning, facts.finish_reason) == ("คิด", "stop")
    assert facts.rating is not None


async def test_a_vote_is_kept_with_the_reply_that_was_chosen(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    second = await whole_reply(history, first, "สั้นกว่า")
    write = prefer(second, first.reply.message_id, reason="กระชับ")
    chosen = await history.write(write)
    assert facts_of(chosen).vote == Vote(over=(first.reply.message_id,), reason="กระชับ", at=write.at)
    assert facts_of(await history.write(prefer(second))).vote is None


@pytest.mark.parametrize("mark", [rate, lambda turn: prefer(turn, uuid7())], ids=["rating", "vote"])
async def test_nobody_marks_what_is_another_s_or_not_there(history: Stores, user: str, mark: Any) -> None:
    turn = await whole_turn(history, user)
    stranger = new_user()
    for fields in ({"user_id": stranger}, {"session_id": uuid7()}, {"reply_id": uuid7()}):
        with pytest.raises(UNKNOWN):
            await history.write(type(mark(turn))(**{**as_fields(mark(turn)), **fields}))
    with pytest.raises(UNKNOWN):
        await history.write(delete(turn, turn.reply.message_id, user_id=stranger))
    await history.write(purge_message(turn, turn.reply.message_id, user_id=stranger))
    assert (await history.read(ReadMessage(turn.reply.message_id, user))).content == ANSWER


async def test_a_reason_that_no_store_can_keep_is_refused(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    for write in (rate(turn, 1, reason="a\0b"), prefer(turn, uuid7(), reason="\ud800")):
        with pytest.raises(HistoryRefused):
            await history.write(write)


@pytest.mark.parametrize("branched", [False, True], ids=["one line", "with a branch"])
async def test_a_deleted_message_is_left_out_of_every_window(history: Stores, user: str, branched: bool) -> None:
    session_id = uuid7()
    turns = [await whole_turn(history, user, session_id) for _ in range(4)]
    line = [1, 2, 3, 4, 5, 6, 7, 8]
    if branched:
        turns.append(await whole_turn(history, user, session_id, parent_id=turns[2].reply.message_id))
        line = [1, 2, 3, 4, 5, 6, 9, 10]
    deleted = await history.write(delete(turns[1], turns[1].question.message_id))
    await history.write(delete(turns[1], turns[1].reply.message_id))
    await history.write(delete(turns[0], turns[0].question.message_id))
    assert deleted.deleted_at is not None
    rest = [2, *line[4:]]
    assert await orders(history, turns[0]) == rest
    assert await orders(history, turns[0], limit=4) == rest[-4:]
    assert await orders(history, turns[0], limit=2, before_order=rest[2]) == rest[:2]
    assert await orders(history, turns[0], limit=2, after_order=0) == rest[:2]
    restored = await history.write(delete(turns[1], turns[1].question.message_id, deleted=False))
    assert restored.deleted_at is None
    assert await orders(history, turns[0]) == [2, 3, *line[4:]]


async def test_what_is_asked_below_a_deleted_reply_is_shown(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    await history.write(delete(turn, turn.reply.message_id))
    assert await orders(history, turn) == [1]
    later = await whole_turn(history, user, turn.session.session_id)
    assert later.question.parent_id == turn.reply.message_id
    assert await orders(history, turn) == [1, 3, 4]


async def test_a_deleted_version_is_no_version(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    second, third = await whole_reply(history, first, "สอง"), await whole_reply(history, first, "สาม")
    await history.write(delete(first, second.reply.message_id))
    asked = ReadVersions(first.session.session_id, user, [third.reply.message_id])
    assert await history.read(asked) == {third.reply.message_id: [first.reply.message_id, third.reply.message_id]}
    await history.write(update(first, leaf_id=first.reply.message_id))
    assert await orders(history, first) == [1, 2]


async def test_the_deleted_messages_are_listed_and_a_wiped_one_is_not(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    ids = [turn.question.message_id, turn.reply.message_id]
    await history.write(rate(turn, 1, reason="ดี"))
    for message_id in ids:
        await history.write(delete(turn, message_id))
    listed = ReadDeleted(turn.session.session_id, user)
    assert [message.content for message in await history.read(listed)] == [QUESTION, ANSWER]
    await history.write(purge_message(turn, ids[1]))
    await history.write(purge_message(turn, ids[1]))
    assert [message.message_id for message in await history.read(listed)] == ids[:1]
    wiped = await history.read(ReadMessage(ids[1], user))
    assert (wiped.content, wiped.metadata, wiped.parts, wiped.status) == ("", {"purged": True}, (), Status.COMPLETE)
    with pytest.raises(UNKNOWN):
        await history.read(ReadDeleted(turn.session.session_id, new_user()))


async def test_a_deleted_message_is_found_again_only_when_it_is_restored(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user, question="ขนมครกใบเตย")
    message_id = turn.question.message_id
    assert await hits(history, user, "ขนมครก") == {message_id}
    await history.write(delete(turn, message_id))
    assert await hits(history, user, "ขนมครก") == set()
    await history.write(delete(turn, message_id, deleted=False))
    assert await hits(history, user, "ขนมครก") == {message_id}
    await history.write(purge_message(turn, message_id))
    assert await hits(history, user, "ขนมครก") == set()


async def test_rated_replies_are_found_by_their_rating(history: Stores, user: str) -> None:
    good, bad = await whole_turn(history, user), await whole_turn(history, user)
    await whole_turn(history, user)
    await history.write(rate(good, 1))
    await history.write(rate(bad, -1))
    for value, turn in ((1, good), (-1, bad)):
        filters = SearchFilters(rating=value)
        page = await history.search.messages(
            SearchQuery(user_id=user, terms=terms_of("เต้าเจี้ยว"), limit=20, filters=filters)
        )
        assert [hit.message.message_id for hit in page.hits] == [turn.reply.message_id]


async def test_a_reply_to_a_deleted_version_s_question_can_be_asked_again(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    await history.write(delete(turn, turn.reply.message_id))
    write = again(turn)
    await history.write(write)
    await history.write(finish(write, "ใหม่"))
    assert await orders(history, turn) == [1, 3]


def as_fields(write: Any) -> dict[str, Any]:
    names: Sequence[str] = write.__dataclass_fields__
    return {name: getattr(write, name) for name in names}
