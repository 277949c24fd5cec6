"""Through pgbouncer in transaction mode everything is as without it, also when one of the two goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from uuid_utils.compat import uuid7

from tests.histories import is_stored, opened, stored, until
from tests.history_writes import begin, finish, grow, whole_turn
from tests.pgbouncer import PgBouncer
from tests.postgres_servers import PostgresServer
from thai_chat.domain.messages import Status
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.domain.writes import Checkpoints
from thai_chat.history.postgres import schema


async def test_instances_that_start_at_once_make_the_schema_once(
    postgres: PostgresServer, pgbouncer: PgBouncer, user: str, tmp_path: Path
) -> None:
    name = postgres.new_database()
    address = postgres.address(name, port=pgbouncer.port)
    async with opened(address, tmp_path / "1") as first, opened(address, tmp_path / "2") as second:
        for history in (first, second):
            assert await is_stored(history)
            await whole_turn(history, user)
    assert postgres.query("SELECT version_num FROM alembic_version", database=name) == [(schema.HEAD,)]


async def test_more_writers_than_connections_wait_for_each_other(
    postgres: PostgresServer, pooled_url: str, database_url: str, user: str, tmp_path: Path
) -> None:
    sessions = [uuid7() for _ in range(40)]
    async with opened(pooled_url, tmp_path / "1") as first, opened(pooled_url, tmp_path / "2") as second:
        for _ in range(3):
            await asyncio.gather(*(whole_turn(first, user, session_id) for session_id in sessions[:20]))
            await asyncio.gather(*(whole_turn(second, user, session_id) for session_id in sessions[20:]))
    for session_id in sessions:
        assert [order for order, _, _ in await stored(database_url, session_id, user)] == [1, 2, 3, 4, 5, 6]


KINDS = ["pgbouncer dies", "pgbouncer hangs", "PostgreSQL stops", "PostgreSQL crashes"]


@pytest.fixture(params=KINDS)
def outage(
    request: pytest.FixtureRequest, postgres: PostgresServer, pgbouncer: PgBouncer
) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """Return what begins the outage, and what ends it."""
    begins, ends = {
        "pgbouncer dies": (pgbouncer.crash, pgbouncer.start),
        "pgbouncer hangs": (pgbouncer.freeze, pgbouncer.thaw),
        "PostgreSQL stops": (postgres.stop, postgres.start),
        "PostgreSQL crashes": (postgres.crash, postgres.start),
    }[request.param]
    yield begins, ends
    pgbouncer.thaw()
    for server in (postgres, pgbouncer):
        if not server.answers():
            server.start()


async def test_an_outage_of_either_costs_no_turn(
    outage: tuple[Callable[[], None], Callable[[], None]],
    postgres: PostgresServer,
    pgbouncer: PgBouncer,
    own_database: str,
    user: str,
    tmp_path: Path,
) -> None:
    session_id = uuid7()
    begins, ends = outage
    async with opened(postgres.address(own_database, port=pgbouncer.port), tmp_path) as history:
        await whole_turn(history, user, session_id, question="ก่อน")
        running = begin(user, session_id, question="ระหว่าง")
        await history.write(running)
        await asyncio.to_thread(begins)
        await history.write(Checkpoints([grow(running, "ครึ่งแรก")]))
        await history.write(finish(running, "ครบ"))
        await whole_turn(history, user, session_id, question="ตอนดับ")
        assert (await history.state()).database is DatabaseState.MEMORY
        await asyncio.to_thread(ends)
        await until(lambda: is_stored(history))
        await whole_turn(history, user, session_id, question="หลัง")
    found = await stored(postgres.address(own_database), session_id, user)
    assert [content for order, _, content in found if order % 2] == ["ก่อน", "ระหว่าง", "ตอนดับ", "หลัง"]
    assert [order for order, _, _ in found] == list(range(1, 9))
    assert {status for _, status, _ in found} == {Status.COMPLETE}
