"""PostgreSQL goes away and comes back: every turn is answered meanwhile, and all of it is in PostgreSQL afterwards."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from tests.histories import OpenStores, PostgresStores, is_away, is_stored, opened, stored, straight, until
from tests.history_writes import ANSWER, begin, finish, grow, new_user, purge, update, whole_turn
from tests.outages import KINDS, Outage
from tests.postgres_servers import PostgresServer, Proxy, replicas
from thai_chat.domain.errors import HistoryUnavailable, ReplyRunning, SessionNotFound
from thai_chat.domain.messages import Status
from thai_chat.domain.reads import ReadMessages, ReadSession, ReadSessions
from thai_chat.domain.writes import Checkpoints


@pytest.fixture
def outage(
    request: pytest.FixtureRequest, postgres: PostgresServer, proxy: Proxy, own_database: str
) -> Iterator[Outage]:
    outage = Outage(postgres, proxy, own_database).of_kind(request.param)
    yield outage
    outage.undo()


@pytest.mark.parametrize("outage", KINDS, indirect=True)
async def test_turns_before_in_and_after_an_outage_are_all_stored_in_order(
    outage: Outage, postgres: PostgresServer, proxy: Proxy, own_database: str, user: str, tmp_path: Path
) -> None:
    session_id = uuid7()
    async with opened(postgres.address(own_database, port=proxy.port), tmp_path) as history:
        await whole_turn(history, user, session_id, question="ก่อน")
        running = begin(user, session_id, question="ระหว่าง")
        await history.write(running)
        await history.write(Checkpoints([grow(running, "ครึ่ง")]))
        await asyncio.to_thread(outage.begin)
        await history.write(Checkpoints([grow(running, "ครึ่งแรก")]))
        await history.write(finish(running, "ครบ"))
        for number in range(3):
            await whole_turn(history, user, session_id, question=f"คำถามที่ {number}")
        assert await is_away(history)
        assert (await history.state()).waiting_turns == 4
        shown = await history.read(ReadMessages(session_id, user, limit=100))
        assert [message.message_order for message in shown] == list(range(1, 11))
        await asyncio.to_thread(outage.end)
        await until(lambda: is_stored(history))
        await whole_turn(history, user, session_id, question="หลัง")
        shown = await history.read(ReadMessages(session_id, user, limit=100))
    expected = ["ก่อน", "ระหว่าง", "คำถามที่ 0", "คำถามที่ 1", "คำถามที่ 2", "หลัง"]
    in_database = await stored(postgres.address(own_database), session_id, user)
    assert in_database == [(message.message_order, message.status, message.content) for message in shown]
    assert [content for order, _, content in in_database if order % 2] == expected
    assert {status for _, status, _ in in_database} == {Status.COMPLETE}
    assert in_database[3][2] == "ครบ"
    assert not list((tmp_path / "journal").iterdir())


async def test_a_hang_delays_one_turn_by_two_seconds_and_no_other(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        await whole_turn(history, user)
        proxy.hang()
        async with asyncio.timeout(3.9):  # one time-out of 2 s for all of them, not two
            await asyncio.gather(*(whole_turn(history, user) for _ in range(30)))
        async with asyncio.timeout(5):  # none, where each would cost 2 s
            for _ in range(5):
                await whole_turn(history, user)
        proxy.resume()
        await until(lambda: is_stored(history))
    async with straight(postgres.address(database_name)) as direct:
        assert len(await direct.read(ReadSessions(user, limit=100))) == 36


async def test_long_hangs_leave_no_threads_and_no_descriptors(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str
) -> None:
    async with straight(postgres.address(database_name, port=proxy.port)) as history:
        await asyncio.gather(*(whole_turn(history, user) for _ in range(20)))
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(2):
            proxy.hang()
            results = await asyncio.gather(
                *(history.read(ReadSession(uuid7(), user)) for _ in range(20)), return_exceptions=True
            )
            assert {type(result) for result in results} == {HistoryUnavailable}
            proxy.resume()
            await until(lambda: answers(history))
        await asyncio.gather(*(whole_turn(history, user) for _ in range(20)))
        assert len(os.listdir("/proc/self/fd")) <= before + 4


async def answers(history: PostgresStores) -> bool:
    try:
        await history.ping()
    except HistoryUnavailable:
        return False
    return True


async def test_a_restart_between_two_turns_goes_unnoticed(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str
) -> None:
    async with straight(postgres.address(database_name, port=proxy.port)) as history:
        first = await whole_turn(history, user)
        proxy.cut()
        turn = await whole_turn(history, user, first.session.session_id)
        assert not turn.repeated
        assert turn.session.message_count == 4


async def test_a_commit_whose_answer_was_lost_is_not_doubled(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    session_id = uuid7()
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        await whole_turn(history, user, session_id)
        proxy.delay(0.15)
        writing = asyncio.create_task(history.write(write := begin(user, session_id)))

        async def is_committed() -> bool:
            async with straight(postgres.address(database_name)) as direct:
                return (await direct.read(ReadSession(session_id, user))).message_count == 4

        await until(is_committed)
        proxy.refuse()
        turn = await writing
        assert (turn.question.message_id, turn.repeated) == (write.question_id, False)
        await history.write(finish(write))
        proxy.resume()
        await until(lambda: is_stored(history))
    found = await stored(postgres.address(database_name), session_id, user)
    assert [order for order, _, _ in found] == [1, 2, 3, 4]


async def test_earlier_sessions_stay_readable_in_an_outage(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    async with straight(postgres.address(database_name)) as direct:
        opened_before, listed_only, unseen = [await whole_turn(direct, user) for _ in range(3)]
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        await history.read(ReadSession(opened_before.session.session_id, user))
        window = await history.read(ReadMessages(opened_before.session.session_id, user, limit=10))
        await history.read(ReadSessions(user, limit=2))
        proxy.refuse()
        assert await history.read(ReadMessages(opened_before.session.session_id, user, limit=10)) == window
        assert len(await history.read(ReadSessions(user, limit=10))) >= 2
        assert await is_away(history)
        for session in (listed_only, unseen):
            with pytest.raises(HistoryUnavailable):
                await history.read(ReadMessages(session.session.session_id, user, limit=10))


async def test_what_another_process_deleted_for_good_does_not_come_back_in_an_outage(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    async with (
        straight(postgres.address(database_name)) as direct,
        opened(postgres.address(database_name, port=proxy.port), tmp_path) as history,
    ):
        turns = [await whole_turn(history, user) for _ in range(3)]
        seen, asked, kept = (turn.session.session_id for turn in turns)
        for turn in turns[:2]:
            await direct.write(purge(turn))
        with pytest.raises(SessionNotFound):
            await history.read(ReadSession(seen, user))
        with pytest.raises(SessionNotFound):
            await history.read(ReadMessages(asked, user, limit=10))
        proxy.refuse()
        assert [session.session_id for session in await history.read(ReadSessions(user, limit=10))] == [kept]
        for gone in (seen, asked):
            with pytest.raises(HistoryUnavailable):
                await history.read(ReadMessages(gone, user, limit=10))


async def test_a_session_that_memory_never_held_goes_on_in_an_outage(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    async with straight(postgres.address(database_name)) as direct:
        first = await whole_turn(direct, user)
    session_id = first.session.session_id
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        proxy.refuse()
        await whole_turn(history, user, session_id, question="ต่อ")
        shown = await history.read(ReadMessages(session_id, user, limit=10))
        assert [message.content for message in shown] == ["ต่อ", ANSWER]
        proxy.resume()
        await until(lambda: is_stored(history))
        assert [m.message_order for m in await history.read(ReadMessages(session_id, user, limit=10))] == [1, 2, 3, 4]


async def test_renaming_and_pinning_in_an_outage_is_stored(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        turn = await whole_turn(history, user)
        proxy.refuse()
        await history.write(update(turn, session_name="ใหม่", pinned=True))
        await whole_turn(history, user, turn.session.session_id)
        await history.write(update(turn, session_name="ใหม่กว่า"))
        proxy.resume()
        await until(lambda: is_stored(history))
        session = await history.read(ReadSession(turn.session.session_id, user))
        assert (session.session_name, session.pinned_at is not None, session.message_count) == ("ใหม่กว่า", True, 4)


async def test_rules_hold_in_an_outage_too(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        write = begin(user, idempotency_key="k")
        await history.write(write)
        proxy.refuse()
        with pytest.raises(ReplyRunning):
            await history.write(begin(user, write.session_id))
        assert (await history.write(begin(user, write.session_id, idempotency_key="k"))).repeated
        with pytest.raises(SessionNotFound):
            await history.write(begin(new_user(), write.session_id))


async def test_writes_that_come_during_the_replay_keep_their_order(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    session_ids = [uuid7() for _ in range(4)]
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        proxy.refuse()

        async def chat(session_id: UUID) -> None:
            for number in range(60):
                await whole_turn(history, user, session_id, question=str(number))
                if number == 30:
                    proxy.resume()

        await asyncio.gather(*map(chat, session_ids))
        await until(lambda: is_stored(history))
    for session_id in session_ids:
        found = await stored(postgres.address(database_name), session_id, user)
        assert [content for order, _, content in found if order % 2] == [str(number) for number in range(60)]
        assert [order for order, _, _ in found] == list(range(1, 121))


async def test_an_outage_nobody_meets_is_noticed(
    postgres: PostgresServer, proxy: Proxy, database_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thai_chat.history.outage.primary._IDLE_S", 0.05)
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        proxy.refuse()
        await until(lambda: is_away(history))
        proxy.resume()
        await until(lambda: is_stored(history))


async def test_many_short_outages_lose_and_double_nothing(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    done = asyncio.Event()
    session_ids = [uuid7() for _ in range(6)]
    counts: dict[UUID, int] = {}

    async def chat(history: OpenStores, session_id: UUID) -> None:
        counts[session_id] = 0
        while not done.is_set():
            write = begin(user, session_id, question=str(counts[session_id]))
            await history.write(write)
            await history.write(Checkpoints([grow(write)]))
            await history.write(finish(write))
            counts[session_id] += 1
            await asyncio.sleep(0.002)

    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        chats = [asyncio.create_task(chat(history, session_id)) for session_id in session_ids]
        for fault in (proxy.cut, proxy.refuse, proxy.cut, proxy.hang, proxy.refuse) * 2:
            fault()
            await asyncio.sleep(0.1)
            proxy.resume()
            await until(lambda: is_stored(history))
        done.set()
        await asyncio.gather(*chats)
        await until(lambda: is_stored(history))
        assert (await history.state()).refused_writes == 0
    for session_id in session_ids:
        found = await stored(postgres.address(database_name), session_id, user)
        assert [c for order, _, c in found if order % 2] == [str(n) for n in range(counts[session_id])]
        assert [order for order, _, _ in found] == list(range(1, 2 * counts[session_id] + 1))
        assert {status for _, status, _ in found} == {Status.COMPLETE}


async def test_writers_who_go_on_do_not_keep_postgresql_away(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    """Over a slow network: while one batch is stored the next has gathered already."""
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:

        async def chat(session_id: UUID) -> None:
            while not done.is_set():
                await whole_turn(history, user, session_id)
                await asyncio.sleep(0.1)

        done = asyncio.Event()
        proxy.refuse()
        chats = [asyncio.create_task(chat(uuid7())) for _ in range(10)]
        await until(lambda: is_away(history))
        proxy.resume()
        proxy.delay(0.03)
        await until(lambda: serves(history))
        done.set()
        await asyncio.gather(*chats)


async def serves(history: OpenStores) -> bool:
    return not await is_away(history)


async def test_a_failover_to_the_standby_costs_no_turn_and_needs_no_hand(user: str, tmp_path: Path) -> None:
    session_id = uuid7()
    with replicas() as (primary, standby):
        name = primary.new_database()
        address = (
            f"postgresql://chat@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/{name}"
            "?target_session_attrs=read-write"
        )
        async with opened(address, tmp_path) as history:
            for _ in range(3):
                await whole_turn(history, user, session_id)
            primary.crash()
            for _ in range(3):
                await whole_turn(history, user, session_id)
            await asyncio.to_thread(standby.promote)
            await until(lambda: is_stored(history))
            await whole_turn(history, user, session_id)
        found = await stored(standby.address(name), session_id, user)
        assert [order for order, _, _ in found] == list(range(1, 15))
