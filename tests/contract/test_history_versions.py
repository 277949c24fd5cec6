"""A change for a version that is not the newest is refused, by every store and with nothing in between."""

from __future__ import annotations

import asyncio

import pytest

from tests.histories import Stores, straight
from tests.history_writes import again, begin, delete, finish, purge, update, whole_turn
from thai_chat.domain.errors import SessionNotFound
from thai_chat.domain.messages import Session
from thai_chat.domain.reads import ReadSession
from thai_chat.domain.repeating_errors import ChangedMeanwhile
from thai_chat.domain.versions import version_of

CHANGES = {
    "name": {"session_name": "ชื่อใหม่"},
    "pin": {"pinned": True},
    "archive": {"archived": True},
    "trash": {"deleted": True},
    "tags": {"tags": ("ส้มตำ",)},
    "folder": {"folder": "ครัว"},
    "options": {"options": {"temperature": 0.5}},
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_makes_another_version_and_is_refused_for_the_one_before(
    history: Stores, user: str, change: str
) -> None:
    turn = await whole_turn(history, user)
    first = version_of(await history.read(ReadSession(turn.session.session_id, user)))
    changed = await history.write(update(turn, **CHANGES[change], expected=(first, "another")))
    assert version_of(changed) != first
    assert version_of(await history.read(ReadSession(turn.session.session_id, user))) == version_of(changed)
    with pytest.raises(ChangedMeanwhile):
        await history.write(update(turn, session_name="ช้าไป", expected=(first,)))
    with pytest.raises(ChangedMeanwhile):
        await history.write(purge(turn, expected=(first,)))
    assert await history.read(ReadSession(turn.session.session_id, user)) == changed
    assert (await history.write(update(turn, session_name="ใครก็ได้"))).session_name == "ใครก็ได้"


async def test_a_turn_a_reply_and_a_branch_make_other_versions(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    versions = [version_of(turn.session)]
    write = again(turn)
    versions.append(version_of((await history.write(write)).session))
    await history.write(finish(write))
    assert version_of(await history.read(ReadSession(turn.session.session_id, user))) == versions[-1]
    versions.append(
        version_of(await history.write(update(turn, leaf_id=turn.reply.message_id, expected=versions[-1:])))
    )
    versions.append(version_of((await history.write(begin(user, turn.session.session_id))).session))
    assert len(set(versions)) == 4
    with pytest.raises(ChangedMeanwhile):
        await history.write(update(turn, leaf_id=turn.reply.message_id, expected=versions[:1]))


async def test_what_is_done_to_a_message_is_no_change_of_its_session(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    first = version_of(turn.session)
    await history.write(delete(turn, turn.reply.message_id))
    assert version_of(await history.read(ReadSession(turn.session.session_id, user))) == first


async def test_of_two_changes_at_once_one_is_made(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    expected = (version_of(turn.session),)
    names = [f"ชื่อที่ {number}" for number in range(8)]
    outcomes = await asyncio.gather(
        *(history.write(update(turn, session_name=name, expected=expected)) for name in names), return_exceptions=True
    )
    made = [outcome for outcome in outcomes if isinstance(outcome, Session)]
    assert len(made) == 1
    assert sum(isinstance(outcome, ChangedMeanwhile) for outcome in outcomes) == len(names) - 1
    assert await history.read(ReadSession(turn.session.session_id, user)) == made[0]


async def test_a_session_is_deleted_for_good_as_it_was_read_alone(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    version = version_of(turn.session)
    assert await history.write(purge(turn, expected=(version,))) is True
    with pytest.raises((ChangedMeanwhile, SessionNotFound)):
        await history.write(purge(turn, expected=(version,)))
    assert not await history.write(purge(turn))


async def test_what_was_taken_in_an_outage_is_stored_whatever_was_changed_meanwhile(
    database_url: str, user: str
) -> None:
    async with straight(database_url) as history:
        turn = await whole_turn(history, user)
        taken = update(turn, session_name="ในช่วงที่ฐานข้อมูลหาย", expected=(version_of(turn.session),))
        await history.write(update(turn, session_name="จากอีกเครื่อง"))
        (stored,) = await history.apply([taken])
        assert stored == await history.read(ReadSession(turn.session.session_id, user))
        assert isinstance(stored, Session)
        assert stored.session_name == taken.session_name
