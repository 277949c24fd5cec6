"""Three people, and statements without a word of whose rows they want: row-level security alone keeps them apart.

Every condition on a `user_id` is taken out of what is sent to the server, and out of the function that begins turns.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from psycopg2.extensions import cursor
from uuid_utils.compat import uuid7

from tests.histories import PostgresStores
from tests.history_writes import again, begin, delete, new_user, prefer, purge, purge_message, rate, update, whole_turn
from tests.postgres_servers import PostgresServer
from thai_chat.domain.errors import HistoryRefused, NotFound
from thai_chat.domain.messages import Role, Turn
from thai_chat.domain.presets import Preset
from thai_chat.domain.reads import (
    ReadDeleted,
    ReadIsKeyKnown,
    ReadLabels,
    ReadMessage,
    ReadMessages,
    ReadSession,
    ReadSessions,
    ReadVersions,
)
from thai_chat.domain.searching import SearchQuery, terms_of
from thai_chat.domain.statistics import Behind, Period
from thai_chat.domain.transfer import KeptSession
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.sql.requests import RequestCursor

ALWAYS = Period(timezone=ZoneInfo("Asia/Bangkok"))
WORD = "ข้าวมันไก่"
# The value stays: a statement without a place for each of its values is none.
CONDITION = re.compile(r"(?:\w+\.)?user_id = (%\(\w+\)s|%s)")
TRAIT = re.compile(r"(?:, )?\(\(hashtext\(%\(trait_user\)s\) & 1073741823\) - 2147483648\)::int")
LEFT = re.compile(r"user_id = (?!excluded\.)")
OWN_PRESET = "known.user_id = excluded.user_id"


class ForgetfulCursor(RequestCursor):
    """A cursor of statements that ask for everybody's rows."""

    forgotten = 0

    def execute(self, query: Any, vars: Any = None) -> None:
        super().execute(self._without(query), vars)

    def mogrify(self, query: Any, vars: Any = None) -> bytes:
        return bytes(super().mogrify(self._without(query), vars))

    @staticmethod
    def _without(query: Any) -> Any:
        if not isinstance(query, str):
            return query  # it was filled in already
        query, number = CONDITION.subn(r"\1 IS NOT NULL", query)
        query, traits = TRAIT.subn("", query)
        assert not LEFT.search(query)
        ForgetfulCursor.forgotten += number + traits + query.count(OWN_PRESET)
        return query.replace(OWN_PRESET, "true")


@dataclass
class Owned:
    """A person and what is theirs."""

    user: str
    turns: list[Turn]
    preset: Preset

    @property
    def sessions(self) -> set[UUID]:
        return {turn.session.session_id for turn in self.turns}


def forgetful(address: str) -> PostgresStores:
    database = Database(address)
    database._cursors = ForgetfulCursor
    return PostgresStores(database)


@pytest.fixture
async def stores(postgres: PostgresServer, own_database: str) -> AsyncIterator[PostgresStores]:
    found = postgres.query("SELECT pg_get_functiondef('chat_begin_turn'::regproc)", database=own_database)
    function = str(found[0][0])
    check = "session.user_id IS DISTINCT FROM in_user_id"
    assert check in function
    postgres.query(function.replace(check, "session.session_id IS NULL"), database=own_database)
    history = forgetful(postgres.address(own_database))
    yield history
    await history.close()


@pytest.fixture
async def people(stores: PostgresStores) -> Sequence[Owned]:
    return [await _owned(stores, new_user()) for _ in range(3)]


async def _owned(stores: PostgresStores, user: str) -> Owned:
    turns = []
    for number in range(3):
        session_id = uuid7()
        text = f"{WORD} จานที่ {number}"
        turns.append(await whole_turn(stores, user, session_id, question=text, session_name=text, idempotency_key="k"))
        await whole_turn(stores, user, session_id, question=text, parent_id=None, is_first=True)
    await stores.write(update(turns[0], tags=["ครัว"], folder="อาหาร"))
    preset = Preset(preset_id=uuid7(), user_id=user, preset_name="ของฉัน", updated_at=datetime.now(UTC))
    await stores.presets.save(preset)
    return Owned(user, turns, preset)


def others(people: Sequence[Owned]) -> Iterator[tuple[Owned, Owned]]:
    return ((one, other) for one in people for other in people if one is not other)


async def test_lists_and_labels_are_ones_own(stores: PostgresStores, people: Sequence[Owned]) -> None:
    before = ForgetfulCursor.forgotten
    for one in people:
        listed = await stores.read(ReadSessions(one.user, limit=50))
        assert {session.session_id for session in listed} == one.sessions
        assert (await stores.read(ReadLabels(one.user))).folders[0].sessions == 1
    assert ForgetfulCursor.forgotten > before


async def test_without_the_wall_the_same_statements_tell_everything(
    postgres: PostgresServer, own_database: str, people: Sequence[Owned]
) -> None:
    open_to_all = forgetful(postgres.address(own_database))
    open_to_all.database._role = {}
    try:
        listed = await open_to_all.read(ReadSessions(people[0].user, limit=50))
        assert {session.session_id for session in listed} == set().union(*(one.sessions for one in people))
    finally:
        await open_to_all.close()


async def test_what_is_anothers_is_not_found(stores: PostgresStores, people: Sequence[Owned]) -> None:
    for one, other in others(people):
        turn = other.turns[0]
        session_id, message_id = turn.session.session_id, turn.question.message_id
        for read in (
            ReadSession(session_id, one.user),
            ReadMessages(session_id, one.user, limit=50),
            ReadDeleted(session_id, one.user),
            ReadVersions(session_id, one.user, [message_id]),
            ReadMessage(message_id, one.user),
        ):
            with pytest.raises(NotFound):
                await stores.read(read)
        assert not await stores.read(ReadIsKeyKnown(session_id, one.user, "k"))
        assert await stores.read(ReadIsKeyKnown(session_id, other.user, "k"))


async def test_what_is_anothers_is_not_changed(stores: PostgresStores, people: Sequence[Owned]) -> None:
    for one, other in others(people):
        turn = replace(other.turns[0], session=replace(other.turns[0].session, user_id=one.user))
        question_id = turn.question.message_id
        for write in (
            update(turn, session_name="ของฉันแล้ว"),
            update(turn, leaf_id=question_id),
            rate(turn),
            prefer(turn),
            delete(turn, question_id),
            begin(one.user, turn.session.session_id),
            begin(one.user, turn.session.session_id, parent_id=question_id),
            again(turn),
        ):
            with pytest.raises(NotFound):
                await stores.write(write)
        await stores.write(purge_message(turn, question_id))
        assert not await stores.write(purge(turn))
        with pytest.raises(HistoryRefused):  # the id is taken, which is all that is told
            await stores.write(begin(one.user, question_id=question_id))
    for one in people:
        for turn in one.turns:
            assert await stores.read(ReadSession(turn.session.session_id, one.user))
            messages = await stores.read(ReadMessages(turn.session.session_id, one.user, limit=50))
            assert [message.role for message in messages] == [Role.USER, Role.ASSISTANT]


async def test_the_search_finds_ones_own_alone(stores: PostgresStores, people: Sequence[Owned]) -> None:
    everything = {turn.question.message_id for one in people for turn in one.turns}
    for one in people:
        mine = everything & {turn.question.message_id for turn in one.turns}
        for limit in (50, 1):
            query = SearchQuery(user_id=one.user, terms=terms_of(WORD), limit=limit)
            page = await stores.search.messages(query)
            assert {hit.session.session_id for hit in page.hits} <= one.sessions
            assert page.next is None or page.next.id in {hit.message.message_id for hit in page.hits}
            names = await stores.search.names(query)
            assert {session.session_id for session in names.sessions} <= one.sessions
            assert names.next is None or names.next.id in one.sessions
        page = await stores.search.messages(replace(query, limit=50))
        assert {hit.message.message_id for hit in page.hits} >= mine


async def test_the_statistics_count_ones_own_alone(stores: PostgresStores, people: Sequence[Owned]) -> None:
    for one in people:
        found = await stores.statistics.statistics(one.user, ALWAYS)
        assert (found.total.sessions, found.total.messages) == (3, 12)
        assert {session.session_id for session in found.longest} == one.sessions
        behind = await stores.statistics.messages_behind(one.user, Behind(period=ALWAYS), limit=500)
        assert {counted.message.session_id for counted in behind} == one.sessions
        sessions = await stores.statistics.sessions_behind(one.user, Behind(period=ALWAYS), limit=500)
        assert {session.session_id for session in sessions} == one.sessions
        assert len(await stores.statistics.questions(one.user, ALWAYS, limit=500)) == 6


async def test_presets_are_ones_own_and_those_that_are_shared(stores: PostgresStores, people: Sequence[Owned]) -> None:
    shared = people[0].preset
    await stores.presets.change(shared.preset_id, people[0].user, lambda preset: replace(preset, is_shared=True))
    for one, other in others(people):
        usable = await stores.presets.usable(one.user)
        assert {preset.preset_id for preset in usable} == {one.preset.preset_id, shared.preset_id}
        with pytest.raises(NotFound):
            await stores.presets.change(other.preset.preset_id, one.user, lambda preset: preset)
        with pytest.raises(NotFound):
            await stores.presets.delete(other.preset.preset_id, one.user)
        with pytest.raises(NotFound):
            await stores.presets.save(replace(other.preset, user_id=one.user, preset_name="ของฉันแล้ว"))
    assert [preset.preset_name for preset in await stores.presets.usable(people[1].user)] == ["ของฉัน"] * 2


async def test_an_export_has_ones_own_alone(stores: PostgresStores, people: Sequence[Owned]) -> None:
    transfer = stores.transfer()
    for one, other in others(people):
        assert set(await transfer.session_ids(one.user, with_trash=True)) == one.sessions
        assert await transfer.session_ids(one.user, chosen=list(other.sessions)) == []
        assert await transfer.sessions(one.user, list(other.sessions)) == []
        assert await transfer.messages(one.user, list(other.sessions), limit=None) == []
        assert len(await transfer.messages(one.user, list(one.sessions), limit=None)) == 12
        with pytest.raises(NotFound):
            await transfer.shown_ranges(one.user, next(iter(other.sessions)))


async def test_an_import_of_anothers_export_makes_copies(stores: PostgresStores, people: Sequence[Owned]) -> None:
    one, other = people[:2]
    transfer = stores.transfer()
    session = await stores.read(ReadSession(other.turns[0].session.session_id, other.user))
    messages = await transfer.messages(other.user, [session.session_id], limit=None)

    class Export:
        def sessions(self) -> Iterable[KeptSession]:
            return [KeptSession(session=session, messages=messages)]

        def presets(self) -> Iterable[Preset]:
            return [other.preset]

    for added in (1, 0):
        imported = await transfer.store(one.user, Export(), told=lambda _: None, is_over=lambda: False)
        assert (imported.sessions, imported.messages) == (added, 4 * added)
    assert len(await transfer.session_ids(one.user)) == 4
    assert set(await transfer.session_ids(other.user)) == other.sessions


def test_the_cursor_of_this_test_forgets_every_way_to_say_whose_rows() -> None:
    statement = "SELECT FROM t WHERE t.user_id = %(user_id_1)s AND user_id = %s AND e.user_id = %(user_id)s"
    assert "user_id =" not in ForgetfulCursor._without(statement)
    assert issubclass(ForgetfulCursor, cursor)
