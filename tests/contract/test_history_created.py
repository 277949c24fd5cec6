"""Sessions that are made empty, messages without replies, departments, and lists by age: what every history
promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from uuid_utils.compat import uuid7

from tests.histories import Stores
from tests.history_writes import (
    UNKNOWN,
    again,
    begin,
    create,
    delete,
    finish,
    new_user,
    reset,
    say,
    update,
    whole_reply,
    whole_turn,
)
from thai_chat.domain.addition_errors import MetadataTooLarge
from thai_chat.domain.errors import HistoryRefused, ReplyRunning
from thai_chat.domain.messages import Role, Status
from thai_chat.domain.reads import (
    ReadIsKeyKnown,
    ReadMessage,
    ReadMessages,
    ReadSession,
    ReadSessionCount,
    ReadSessions,
    SessionCursor,
    SessionFilter,
    SessionOrder,
    Shelf,
)
from thai_chat.domain.repeating_errors import KeyReused


async def test_an_empty_session_is_kept_listed_and_asked_in(history: Stores, user: str) -> None:
    write = create(user, options={"temperature": 0.5}, metadata={"dept_id": "ฝ่ายบุคคล", "project": 7})
    made = await history.write(write)
    assert (made.message_count, made.leaf_id, made.options) == (0, None, {"temperature": 0.5})
    assert made.metadata == {"dept_id": "ฝ่ายบุคคล", "project": 7}
    assert await history.read(ReadSession(made.session_id, user)) == made
    assert [one.session_id for one in await history.read(ReadSessions(user, limit=5))] == [made.session_id]
    assert await history.read(ReadMessages(made.session_id, user, limit=5)) == []
    turn = await whole_turn(history, user, made.session_id, session_name="อื่น")
    assert (turn.session.session_name, turn.question.message_order, turn.question.parent_id) == ("ลางาน", 1, None)
    assert turn.session.metadata == made.metadata


async def test_a_session_is_made_once(history: Stores, user: str) -> None:
    write = create(user)
    await history.write(write)
    await whole_turn(history, user, write.session_id)
    repeated = await history.write(replace(write, session_name="อีกชื่อ"))
    assert (repeated.session_name, repeated.message_count) == ("ลางาน", 2)
    with pytest.raises(UNKNOWN):
        await history.write(replace(write, user_id=new_user()))


@pytest.mark.parametrize("role", list(Role))
async def test_a_message_without_a_reply_stands_below_what_is_shown(history: Stores, user: str, role: Role) -> None:
    turn = await whole_turn(history, user)
    stored = await history.write(say(turn.session, role=role, metadata={"function_calls": [{"name": "f"}]}))
    assert (stored.message.role, stored.message.status, stored.repeated) == (role, Status.COMPLETE, False)
    assert (stored.message.parent_id, stored.message.message_order) == (turn.reply.message_id, 3)
    assert (stored.session.leaf_id, stored.session.message_count) == (stored.message.message_id, 3)
    shown = await history.read(ReadMessages(turn.session.session_id, user, limit=10))
    assert shown[-1] == stored.message
    later = await whole_turn(history, user, turn.session.session_id)
    assert (later.question.parent_id, later.question.message_order) == (stored.message.message_id, 4)
    assert not later.session.has_branches


async def test_a_message_is_added_once_by_its_id_and_by_its_key(history: Stores, user: str) -> None:
    session = await history.write(create(user))
    write = say(session, idempotency_key="k1")
    first = await history.write(write)
    assert (await history.write(write)).repeated is False
    other = await history.write(replace(write, message_id=uuid7()))
    assert (other.repeated, other.message) == (True, first.message)
    assert (await history.read(ReadSession(session.session_id, user))).message_count == 1
    assert await history.read(ReadIsKeyKnown(session.session_id, user, "k1"))


async def test_the_key_of_a_message_without_a_reply_asks_nothing(history: Stores, user: str) -> None:
    session = await history.write(create(user))
    for role, key in ((Role.ASSISTANT, "k1"), (Role.USER, "k2")):
        await history.write(say(session, role=role, idempotency_key=key))
    for key in ("k1", "k2"):
        with pytest.raises(KeyReused):
            await history.write(begin(user, session.session_id, idempotency_key=key))


async def test_a_message_waits_for_a_reply_that_grows(history: Stores, user: str) -> None:
    write = begin(user)
    turn = await history.write(write)
    with pytest.raises(ReplyRunning):
        await history.write(say(turn.session))
    await history.write(finish(write))
    assert (await history.write(say(turn.session))).message.message_order == 3


async def test_a_message_goes_below_an_earlier_branch_that_is_shown(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    await whole_reply(history, turn)
    await history.write(update(turn, leaf_id=turn.reply.message_id))
    stored = await history.write(say(turn.session))
    assert (stored.message.parent_id, stored.message.message_order) == (turn.reply.message_id, 4)
    shown = await history.read(ReadMessages(turn.session.session_id, user, limit=10))
    assert [message.message_order for message in shown] == [1, 2, 4]


async def test_a_message_after_a_reset_is_another_first_one(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    await history.write(reset(turn))
    stored = await history.write(say(turn.session))
    assert (stored.message.parent_id, stored.message.message_order) == (None, 3)
    shown = await history.read(ReadMessages(turn.session.session_id, user, limit=10))
    assert shown == [stored.message]


async def test_messages_go_into_ones_own_sessions_alone(history: Stores, user: str) -> None:
    session = await history.write(create(user))
    with pytest.raises(UNKNOWN):
        await history.write(say(session, user_id=new_user()))
    with pytest.raises(UNKNOWN):
        await history.write(say(replace(session, session_id=uuid7())))
    for bad in ({"content": "\0"}, {"metadata": {"a": "\0"}}, {"idempotency_key": "k" * 101}):
        with pytest.raises(HistoryRefused):
            await history.write(say(session, **bad))


async def test_a_message_takes_its_session_out_of_the_trash(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    await history.write(update(turn, deleted=True))
    stored = await history.write(say(turn.session))
    assert (stored.session.deleted_at, stored.session.is_active) == (None, True)


async def test_an_added_message_is_deleted_and_answered_as_others_are(history: Stores, user: str) -> None:
    session = await history.write(create(user))
    question = await history.write(say(session, "ลาได้กี่วัน", role=Role.USER))
    turn = await whole_turn(history, user, session.session_id)
    asked = replace(turn, question=question.message)
    reply = await history.write(again(asked))
    assert reply.reply.parent_id == question.message.message_id
    await history.write(delete(turn, question.message.message_id))
    assert (await history.read(ReadMessage(question.message.message_id, user))).deleted_at is not None


async def test_a_department_is_set_changed_and_taken_away(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    await whole_turn(history, user)
    changed = await history.write(update(turn, dept_id="hr"))
    assert changed.metadata == {"dept_id": "hr"}
    for dept_id, count in (("hr", 1), ("sales", 0)):
        wanted = SessionFilter(dept_id=dept_id)
        assert len(await history.read(ReadSessions(user, limit=5, filter=wanted))) == count
        assert await history.read(ReadSessionCount(user, filter=wanted)) == count
    assert (await history.write(update(turn, session_name="อื่น"))).metadata == {"dept_id": "hr"}
    assert (await history.write(update(turn, dept_id=""))).metadata == {}


async def test_metadata_is_merged_by_name(history: Stores, user: str) -> None:
    metadata = {"app": "portal", "config": {"k": 3, "deep": {"a": 1}}, "list": [1], "dept_id": "hr"}
    session = await history.write(create(user, metadata=metadata))
    turn = await whole_turn(history, user, session.session_id)
    patch = {"app": None, "config": {"k": None, "deep": {"b": 0.5}, "new": "ค่า 🍚"}, "list": {"x": None}, "none": None}
    wanted = {"config": {"deep": {"a": 1, "b": 0.5}, "new": "ค่า 🍚"}, "list": {}, "dept_id": "hr"}
    for _ in range(2):
        assert (await history.write(update(turn, metadata=patch, session_name="อื่น"))).metadata == wanted
    assert (await history.read(ReadSession(session.session_id, user))).metadata == wanted
    moved = await history.write(update(turn, metadata={"list": None}, dept_id=""))
    assert moved.metadata == {"config": wanted["config"]}
    for write in (
        update(turn, user_id=new_user(), metadata={"a": 1}),
        update(turn, session_id=uuid7(), metadata={"a": 1}),
    ):
        with pytest.raises(UNKNOWN):
            await history.write(write)
    with pytest.raises(HistoryRefused):
        await history.write(update(turn, metadata={"a": "\0"}))


async def test_metadata_that_becomes_too_large_is_refused(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    for name, is_refused in (("a", False), ("b", True), ("a", False)):
        write = update(turn, metadata={name: "x" * 10}, metadata_bytes=25, pinned=is_refused, dept_id="d" * 90)
        if not is_refused:
            await history.write(write)
            continue
        with pytest.raises(MetadataTooLarge):
            await history.write(write)
    kept = await history.read(ReadSession(turn.session.session_id, user))
    assert (kept.metadata, kept.pinned_at) == ({"a": "x" * 10, "dept_id": "d" * 90}, None)


@pytest.mark.parametrize("value", [5, None, ["hr"], "x" * 300])
async def test_what_is_no_department_is_found_as_none(history: Stores, user: str, value: object) -> None:
    await history.write(create(user, metadata={"dept_id": value}))
    for wanted in ("5", "hr", "null"):
        assert await history.read(ReadSessions(user, limit=5, filter=SessionFilter(dept_id=wanted))) == []
    long = await history.read(ReadSessions(user, limit=5, filter=SessionFilter(dept_id="x" * 100)))
    assert len(long) == (1 if value == "x" * 300 else 0)


async def test_a_list_by_age_does_not_move_while_somebody_pages(history: Stores, user: str) -> None:
    start = datetime.now(UTC) - timedelta(days=1)
    made = [await history.write(create(user, at=start + timedelta(hours=number // 2))) for number in range(5)]
    expected = sorted(made, key=lambda session: (session.created_at, session.session_id), reverse=True)
    found: list[object] = []
    before = None
    while page := await history.read(ReadSessions(user, limit=2, before=before, order=SessionOrder.CREATED)):
        found += [session.session_id for session in page]
        before = SessionCursor(at=page[-1].created_at, session_id=page[-1].session_id)
        await whole_turn(history, user, expected[-1].session_id)
    assert found == [session.session_id for session in expected]


async def test_a_page_may_be_named_by_its_place_and_all_are_counted(history: Stores, user: str) -> None:
    for number in range(5):
        await history.write(create(user, session_name=f"ชื่อ {number}"))
    for order in SessionOrder:
        page = await history.read(ReadSessions(user, limit=2, offset=3, order=order))
        assert [session.session_name for session in page] == ["ชื่อ 1", "ชื่อ 0"]
    assert await history.read(ReadSessions(user, limit=2, offset=5)) == []
    assert await history.read(ReadSessionCount(user)) == 5
    assert await history.read(ReadSessionCount(user, filter=SessionFilter(shelf=Shelf.TRASH))) == 0
