"""Sessions that were reset, and what clients sent with a question, leave in a file and come back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
import pytest

from tests.histories import PostgresStores, straight
from tests.history_writes import begin, finish, new_user, reset, update, whole_turn
from tests.integration.test_transfer import exported, imported
from tests.people import as_person
from tests.postgres_servers import PostgresServer
from thai_chat.chat.sent import sent_with
from thai_chat.chat.statistics import last_days, zone_of
from thai_chat.chat.transfer.exports import Format
from thai_chat.domain.reads import ReadMessages, ReadSession, ReadSessions

FILES = [{"file": "greeting.wav", "seconds": 1.5}, "second.mp3"]
CALLS = [{"name": "get_weather", "arguments": {"place": "เชียงใหม่"}}]


@pytest.fixture
async def history(postgres: PostgresServer, own_database: str) -> AsyncIterator[PostgresStores]:
    async with straight(postgres.address(own_database)) as history:
        yield history


async def test_a_session_that_was_reset_comes_back_as_one(history: PostgresStores, user: str) -> None:
    turn = await whole_turn(history, user)
    before = await history.write(reset(turn))
    content = await exported(history, user)
    assert orjson.loads(content)["sessions"][0]["leaf_id"] is None
    other = new_user()
    await imported(history, other, content)
    (session,) = await history.read(ReadSessions(other, limit=9))
    assert (session.leaf_id, session.message_count, session.has_branches) == (None, before.message_count, True)
    assert await history.read(ReadMessages(session.session_id, other, limit=9)) == []
    (question, *_) = orjson.loads(await exported(history, other))["sessions"][0]["messages"]
    shown = update(turn, session_id=session.session_id, user_id=other, leaf_id=question["message_id"])
    await history.write(shown)
    assert len(await history.read(ReadMessages(session.session_id, other, limit=9))) == 2


async def test_a_chosen_session_that_was_reset_comes_back_as_one(history: PostgresStores, user: str) -> None:
    turn = await whole_turn(history, user)
    await history.write(reset(turn))
    content = await exported(history, user, chosen=[turn.session.session_id])
    other = new_user()
    await imported(history, other, content)
    (session,) = await history.read(ReadSessions(other, limit=9))
    assert (session.leaf_id, session.message_count) == (None, 2)


async def test_what_is_imported_again_does_not_undo_a_reset(history: PostgresStores, user: str) -> None:
    turn = await whole_turn(history, user)
    session_id = turn.session.session_id
    await whole_turn(history, user, session_id)
    longer = await exported(history, user)
    shorter = orjson.loads(longer)
    kept = shorter["sessions"][0]
    kept["messages"] = kept["messages"][:2]
    kept["leaf_id"] = kept["messages"][-1]["message_id"]
    other = new_user()
    await imported(history, other, orjson.dumps(shorter))
    (session,) = await history.read(ReadSessions(other, limit=9))
    assert session.leaf_id
    await history.write(reset(turn, session_id=session.session_id, user_id=other, leaf_id=session.leaf_id))
    await imported(history, other, longer)
    session = await history.read(ReadSession(session.session_id, other))
    assert (session.leaf_id, session.message_count) == (None, 4)


async def test_nothing_of_a_reset_session_is_lost_to_tables_and_figures(history: PostgresStores, user: str) -> None:
    turn = await whole_turn(history, user)
    await history.write(reset(turn))
    table = await exported(history, user, Format.CSV)
    assert table.count(str(turn.session.session_id).encode()) == 2
    found = await history.statistics.statistics(user, last_days(zone_of(None), None))
    assert found.total.messages == 2


async def test_what_came_with_a_question_leaves_and_comes_back(history: PostgresStores, user: str) -> None:
    write = begin(user, metadata=sent_with(FILES, CALLS))
    await history.write(write)
    await history.write(finish(write))
    other = new_user()
    await imported(history, other, await exported(history, user))
    (session,) = await history.read(ReadSessions(as_person(other).user_id, limit=9))
    question, _ = await history.read(ReadMessages(session.session_id, other, limit=9))
    assert question.metadata == {"audio_files": FILES, "function_calls": CALLS}
