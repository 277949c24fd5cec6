"""Sessions and their lists: what every history promises of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.histories import Stores
from tests.history_writes import (
    ANSWER,
    UNKNOWN,
    again,
    begin,
    grow,
    new_user,
    purge,
    update,
    whole_reply,
    whole_turn,
)
from thai_chat.domain.labels import Label, Labels
from thai_chat.domain.messages import Choice, Session
from thai_chat.domain.reads import (
    ReadLabels,
    ReadMessage,
    ReadMessages,
    ReadOwner,
    ReadSession,
    ReadSessions,
    SessionCursor,
    SessionFilter,
    Shelf,
)
from thai_chat.domain.writes import Checkpoints


async def test_a_session_changes_only_in_what_is_named(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    renamed = await history.write(update(turn, session_name="ต้มยำกุ้ง 🦐"))
    assert (renamed.session_name, renamed.pinned_at, renamed.updated_at) == (
        "ต้มยำกุ้ง 🦐",
        None,
        turn.session.updated_at,
    )
    pin = update(turn, pinned=True)
    pinned = await history.write(pin)
    assert (pinned.pinned_at, pinned.session_name) == (pin.at, "ต้มยำกุ้ง 🦐")
    chosen = await history.write(update(turn, choice=Choice("openai", "gpt-5"), pinned=False))
    assert (chosen.backend, chosen.model, chosen.pinned_at) == ("openai", "gpt-5", None)
    assert await history.read(ReadSession(turn.session.session_id, user)) == chosen


async def test_the_owner_of_a_session_is_known_whoever_asks(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    for who in (user, new_user()):
        assert await history.read(ReadOwner(turn.session.session_id, who)) == user
    with pytest.raises(UNKNOWN):
        await history.read(ReadOwner(uuid4(), user))


async def test_archived_and_deleted_sessions_leave_the_list_and_come_back(history: Stores, user: str) -> None:
    kept, archived, deleted = [await whole_turn(history, user) for _ in range(3)]
    await history.write(update(archived, archived=True))
    gone = await history.write(update(deleted, deleted=True))
    assert (gone.is_active, gone.deleted_at is not None) == (False, True)
    listed = await history.read(ReadSessions(user, limit=10))
    assert [session.session_id for session in listed] == [kept.session.session_id]
    back = await history.write(update(deleted, deleted=False))
    assert (back.is_active, back.deleted_at) == (True, None)
    assert len(await history.read(ReadSessions(user, limit=10))) == 2


async def test_sessions_come_in_pages_newest_first(history: Stores, user: str) -> None:
    start = datetime.now(UTC) - timedelta(days=1)
    # Three share a moment: the cursor must tell them apart.
    turns = [await whole_turn(history, user, at=start + timedelta(hours=number // 3)) for number in range(7)]
    expected = [turn.session for turn in turns]
    expected.sort(key=lambda session: (session.updated_at, session.session_id), reverse=True)
    found: list[Session] = []
    before = None
    while page := await history.read(ReadSessions(user, limit=2, before=before)):
        found += page
        before = SessionCursor(at=page[-1].updated_at, session_id=page[-1].session_id)
    assert [session.session_id for session in found] == [session.session_id for session in expected]


async def test_a_new_question_takes_its_session_to_the_top(history: Stores, user: str) -> None:
    start = datetime.now(UTC) - timedelta(days=1)
    old = await whole_turn(history, user, at=start)
    await whole_turn(history, user, at=start + timedelta(hours=1))
    await whole_turn(history, user, old.session.session_id, at=start + timedelta(hours=2))
    assert (await history.read(ReadSessions(user, limit=1)))[0].session_id == old.session.session_id


@pytest.mark.parametrize(
    ("part", "count"), [("ไก่", 1), ("PLAN", 1), ("plan", 1), ("%", 1), ("_", 0), ("ข้าวผัด", 0), ("", 3)]
)
async def test_sessions_are_found_by_a_part_of_their_name(history: Stores, user: str, part: str, count: int) -> None:
    for name in ("ข้าวมันไก่", "Plan a trip", "ลด 50%"):
        await whole_turn(history, user, session_name=name)
    assert len(await history.read(ReadSessions(user, limit=10, filter=SessionFilter(name_contains=part)))) == count


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (SessionFilter(), "plain pinned both"),
        (SessionFilter(pinned=True), "pinned both"),
        (SessionFilter(pinned=False), "plain"),
        (SessionFilter(shelf=Shelf.ARCHIVED), "archived"),
        (SessionFilter(shelf=Shelf.TRASH), "trash gone"),
        (SessionFilter(shelf=Shelf.TRASH, pinned=True), "gone"),
        (SessionFilter(tag="งาน"), "plain both"),
        (SessionFilter(tag="งาน", shelf=Shelf.TRASH), "trash"),
        (SessionFilter(tag="ไม่มี"), ""),
        (SessionFilter(folder="บ้าน"), "both"),
        (SessionFilter(folder="บ้าน", tag="งาน", pinned=True, name_contains="BOT"), "both"),
    ],
    ids=str,
)
async def test_every_shelf_has_its_sessions_newest_first(
    history: Stores, user: str, wanted: SessionFilter, names: str
) -> None:
    fields: dict[str, dict[str, Any]] = {
        "gone": {"deleted": True, "archived": True, "pinned": True},
        "both": {"pinned": True, "tags": ["อื่น", "งาน"], "folder": "บ้าน"},
        "trash": {"deleted": True, "tags": ["งาน"]},
        "archived": {"archived": True},
        "pinned": {"pinned": True},
        "plain": {"tags": ["งาน"], "folder": "สวน"},
    }
    for name, changes in fields.items():
        turn = await whole_turn(history, user, session_name=name)
        await history.write(update(turn, **changes))
    found = await history.read(ReadSessions(user, limit=10, filter=wanted))
    assert [session.session_name for session in found] == names.split()
    for number, session in enumerate(found[1:], 1):
        cursor = SessionCursor(at=found[number - 1].updated_at, session_id=found[number - 1].session_id)
        assert await history.read(ReadSessions(user, limit=1, before=cursor, filter=wanted)) == [session]


async def test_the_labels_in_use_are_counted_for_each_shelf(history: Stores, user: str) -> None:
    assert await history.read(ReadLabels(user)) == Labels(folders=[], tags=[])
    for changes in (
        {"tags": ["งาน", "b"], "folder": "สวน"},
        {"tags": ["งาน"], "folder": "บ้าน"},
        {"folder": "สวน", "pinned": True},
        {"tags": ["เก่า"], "folder": "เก่า", "archived": True},
        {"tags": ["ทิ้ง"], "folder": "ทิ้ง", "deleted": True},
        {},
    ):
        await history.write(update(await whole_turn(history, user), **changes))
    found = await history.read(ReadLabels(user))
    assert found.folders == [Label("บ้าน", 1), Label("สวน", 2)]
    assert found.tags == [Label("b", 1), Label("งาน", 2)]
    for shelf, name in ((Shelf.ARCHIVED, "เก่า"), (Shelf.TRASH, "ทิ้ง")):
        assert await history.read(ReadLabels(user, shelf=shelf)) == Labels(
            folders=[Label(name, 1)], tags=[Label(name, 1)]
        )


async def test_tags_folder_and_options_are_kept_and_taken_away(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    assert (turn.session.tags, turn.session.folder, turn.session.options) == ((), None, {})
    options = {"system_prompt": "ตอบสั้น ๆ 🍚", "temperature": 0.2, "stop": ["จบ"]}
    changes = {"tags": ["งาน", "it's \\ {a,b}", "งาน"], "folder": "บ้าน", "options": options}
    changed = await history.write(update(turn, **changes))
    assert changed == await history.read(ReadSession(turn.session.session_id, user))
    assert (changed.tags, changed.folder, changed.options) == (("งาน", "it's \\ {a,b}"), "บ้าน", options)
    kept = await history.write(update(turn, session_name="ใหม่"))
    assert (kept.tags, kept.folder, kept.options) == (changed.tags, "บ้าน", options)
    bare = await history.write(update(turn, tags=[], folder="", options={}))
    assert (bare.tags, bare.folder, bare.options) == ((), None, {})


@pytest.mark.parametrize("with_turn", [True, False], ids=["a turn", "a reply"])
async def test_what_is_in_the_trash_can_be_read_and_comes_out_when_asked_in(
    history: Stores, user: str, with_turn: bool
) -> None:
    turn = await whole_turn(history, user)
    session_id = turn.session.session_id
    await history.write(update(turn, deleted=True))
    assert len(await history.read(ReadMessages(session_id, user, limit=10))) == 2
    assert (await history.read(ReadMessage(turn.reply.message_id, user))).content == ANSWER
    back = await (whole_turn(history, user, session_id) if with_turn else whole_reply(history, turn))
    assert (back.session.deleted_at, back.session.is_active) == (None, True)
    assert await history.read(ReadSession(session_id, user)) == back.session
    assert [session.session_id for session in await history.read(ReadSessions(user, limit=10))] == [session_id]


async def test_a_purged_session_is_gone_with_its_messages(history: Stores, user: str) -> None:
    turn, kept = await whole_turn(history, user), await whole_turn(history, user)
    await whole_reply(history, turn)
    session_id = turn.session.session_id
    for _ in range(2):
        await history.write(purge(turn))
    for attempt in (
        history.read(ReadSession(session_id, user)),
        history.read(ReadMessages(session_id, user, limit=10)),
        history.read(ReadMessage(turn.question.message_id, user)),
        history.write(again(turn)),
    ):
        with pytest.raises(UNKNOWN):
            await attempt
    assert await history.read(ReadSessions(user, limit=10, filter=SessionFilter())) == [kept.session]
    await history.write(Checkpoints([grow(begin(user, session_id, reply_id=turn.reply.message_id))]))


async def test_what_was_taken_out_of_the_trash_is_not_purged_with_it(history: Stores, user: str) -> None:
    restored, thrown = [await whole_turn(history, user) for _ in range(2)]
    for turn in (restored, thrown):
        await history.write(update(turn, deleted=True))
    await history.write(update(restored, deleted=False))
    assert not await history.write(purge(restored, only_trash=True))
    assert await history.write(purge(thrown, only_trash=True))
    assert not await history.write(purge(thrown, only_trash=True))
    assert len(await history.read(ReadMessages(restored.session.session_id, user, limit=10))) == 2
    with pytest.raises(UNKNOWN):
        await history.read(ReadSession(thrown.session.session_id, user))


async def test_nobody_purges_somebody_elses_session(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    await history.write(purge(turn, user_id=new_user()))
    assert len(await history.read(ReadMessages(turn.session.session_id, user, limit=10))) == 2


async def test_after_a_purge_the_same_id_makes_a_new_session(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    await history.write(purge(turn))
    fresh = await whole_turn(history, user, turn.session.session_id)
    assert (fresh.question.message_order, fresh.session.message_count) == (1, 2)
