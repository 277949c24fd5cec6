"""A server that is slow, or a process that is busy itself, is no outage; only a server that says nothing is one."""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import Connection, text

from tests.histories import opened, straight
from tests.history_writes import new_user, whole_turn
from tests.postgres_servers import PostgresServer
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.domain.reads import ReadSessions
from thai_chat.history.postgres.connections import TIMEOUT_S, Database
from thai_chat.history.postgres.pulse import Pulse

LONG_S = 1.5 * TIMEOUT_S


async def test_a_turn_waits_for_a_server_that_lives(
    postgres: PostgresServer, own_database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    address, user = postgres.address(own_database), new_user()
    async with opened(address, tmp_path) as history:
        with closing(psycopg2.connect(address)) as other, other.cursor() as cursor:
            cursor.execute("LOCK TABLE chat_sessions")
            turn = asyncio.create_task(whole_turn(history, user))
            await asyncio.sleep(LONG_S)
            assert not turn.done()
            other.rollback()
        await turn
        assert (await history.state()).database is DatabaseState.POSTGRESQL
        assert (await history.state()).waiting_turns == 0
    assert "PostgreSQL is away" not in caplog.text
    async with straight(address) as direct:
        assert len(await direct.read(ReadSessions(user, limit=9))) == 1


@pytest.mark.parametrize("seconds", [1.5 * TIMEOUT_S, 2.5 * TIMEOUT_S])
async def test_a_call_gets_more_time_from_a_server_that_lives_though_the_loop_comes_late(
    postgres: PostgresServer, database_name: str, seconds: float
) -> None:
    database = Database(postgres.address(database_name))

    async def be_late() -> None:
        for _ in range(int(seconds / 0.05)):
            time.sleep(0.04)  # noqa: ASYNC251 - less than what is taken for held up
            await asyncio.sleep(0.01)

    try:
        late = asyncio.create_task(be_late())
        slow = text("SELECT 1 FROM pg_sleep(:seconds)").bindparams(seconds=seconds)
        assert await database.run(lambda connection: connection.execute(slow).scalar()) == 1
        await late
    finally:
        await database.close()


async def test_nothing_goes_on_when_a_database_is_closed_under_a_slow_call(
    postgres: PostgresServer, database_name: str, recwarn: pytest.WarningsRecorder
) -> None:
    database = Database(postgres.address(database_name))
    failed: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))
    call = asyncio.create_task(database.run(lambda connection: connection.execute(text("SELECT pg_sleep(60)"))))
    await asyncio.sleep(0.1)
    await database.close()
    with pytest.raises(HistoryUnavailable):
        await call
    gc.collect()
    await asyncio.sleep(TIMEOUT_S)
    assert (failed, list(recwarn)) == ([], [])


async def test_an_answer_that_this_process_is_too_busy_to_take_is_taken(
    postgres: PostgresServer, database_name: str
) -> None:
    database = Database(postgres.address(database_name))
    try:
        call = asyncio.create_task(database.run(_now))
        await asyncio.sleep(0)
        time.sleep(LONG_S)  # noqa: ASYNC251 - the loop is held up
        assert await call
    finally:
        await database.close()


async def test_a_call_that_is_given_up_takes_no_other_with_it(postgres: PostgresServer, database_name: str) -> None:
    database = Database(postgres.address(database_name), pool_size=1)
    try:
        slow = asyncio.create_task(database.run(lambda c: c.execute(text("SELECT pg_sleep(60)")), timeout_s=1.0))
        await asyncio.sleep(0.1)
        waiting = [asyncio.create_task(database.run(_now)) for _ in range(5)]
        with pytest.raises(HistoryUnavailable):
            await slow
        assert all(await asyncio.gather(*waiting))
    finally:
        await database.close()


async def test_a_server_that_reads_and_commits_nothing_shows_no_life(
    postgres: PostgresServer, own_database: str
) -> None:
    """A full disk does it, or the loss of a synchronous standby."""
    postgres.configure("synchronous_standby_names", "nobody")
    database = Database(postgres.address(own_database))
    pulse = Pulse(lambda: Database(postgres.address(own_database), pool_size=1, is_patient=False))

    async def is_felt() -> bool:
        began_s = time.monotonic()
        pulse.feel()
        await asyncio.sleep(TIMEOUT_S / 4)
        return pulse.was_felt_since(began_s)

    try:
        async with asyncio.timeout(30):  # the server takes its time to read a new configuration
            while await is_felt():
                assert await database.run(_now)
        assert await database.run(_now)
        postgres.configure("synchronous_standby_names", "")
        async with asyncio.timeout(30):
            while not await is_felt():
                assert await database.run(_now)
    finally:
        postgres.configure("synchronous_standby_names", "")
        await pulse.close()
        await database.close()


def _now(connection: Connection) -> object:
    return connection.execute(text("SELECT now()")).scalar()
