"""The schema goes up while others start, work, hold the tables, or die."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import Connection, Engine, exc, text

from tests.histories import straight
from tests.history_writes import new_user
from tests.postgres_servers import PostgresServer, wait_for
from tests.schemas import BEGUN_BEFORE, REVISIONS, TABLES, branched, tables, version
from thai_chat.domain.reads import ReadMessages
from thai_chat.history.postgres import schema
from thai_chat.history.postgres.connections import Database


@pytest.fixture
def name(postgres: PostgresServer) -> str:
    return postgres.new_database()


@pytest.fixture
def engine(postgres: PostgresServer, name: str) -> Iterator[Engine]:
    engine = Database(postgres.address(name)).engine
    yield engine
    engine.dispose()


@pytest.mark.parametrize("found", [None, *REVISIONS[:-1]])
def test_instances_that_start_at_once_wait_for_each_other(
    postgres: PostgresServer, name: str, engine: Engine, found: str | None
) -> None:
    if found:
        schema.migrate(engine, found)
    engines = [Database(postgres.address(name)).engine for _ in range(4)]
    with ThreadPoolExecutor(len(engines)) as threads:
        list(threads.map(schema.migrate, engines))
    for other in engines:
        other.dispose()
    assert version(engine) == schema.HEAD
    assert tables(postgres, name) >= TABLES


def kill_halfway(postgres: PostgresServer, name: str, engine: Engine, blocker: Connection) -> None:
    """Migrate until it waits for a lock that `blocker` holds, and end its connection there."""
    failed = threading.Event()

    def migrate() -> None:
        try:
            schema.migrate(engine)
        except exc.OperationalError:
            failed.set()

    thread = threading.Thread(target=migrate)
    thread.start()
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    wait_for(lambda: bool(postgres.query(ended, name)))
    thread.join()
    blocker.rollback()
    assert failed.is_set()


def test_a_migration_that_is_killed_halfway_leaves_nothing_and_can_be_repeated(
    postgres: PostgresServer, name: str, engine: Engine
) -> None:
    # A foreign lock on a table of that name holds the migration up in its middle.
    postgres.query("CREATE TABLE message_contexts ()", database=name)
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as blocker, blocker.begin():
        postgres.query("DROP TABLE message_contexts", database=name)
        blocker.execute(text("CREATE TABLE message_contexts ()"))
        kill_halfway(postgres, name, engine, blocker)
    assert tables(postgres, name) == set()
    schema.migrate(engine)
    assert tables(postgres, name) >= TABLES


async def test_an_upgrade_that_is_killed_halfway_keeps_the_data_and_can_be_repeated(
    postgres: PostgresServer, name: str, engine: Engine
) -> None:
    schema.migrate(engine)
    async with straight(postgres.address(name)) as history:
        user = new_user()
        turn = await branched(history, user)
        shown = await history.read(ReadMessages(turn.session.session_id, user, limit=10))
        schema.downgrade(engine, "0001")
        with engine.connect().execution_options(isolation_level="READ COMMITTED") as blocker, blocker.begin():
            blocker.execute(text("SELECT FROM chat_messages"))  # by then chat_sessions has its new columns
            kill_halfway(postgres, name, engine, blocker)
        assert version(engine) == "0001"
        assert postgres.query("SELECT count(*) FROM chat_messages", database=name) == [(9,)]
        schema.migrate(engine)
        assert await history.read(ReadMessages(turn.session.session_id, user, limit=10)) == shown


BEFORE_TABLES_CHANGE = "0007"
"""The last step that changes a table, and so waits for who reads it, follows this one."""


@pytest.mark.parametrize("before", [BEFORE_TABLES_CHANGE])
def test_chats_go_on_while_an_upgrade_waits_for_a_backup(
    postgres: PostgresServer, name: str, engine: Engine, before: str
) -> None:
    schema.migrate(engine, before)
    turns = 0
    with ThreadPoolExecutor(1) as threads, closing(psycopg2.connect(postgres.address(name))) as backup:
        backup.cursor().execute("SELECT FROM chat_messages")
        upgrade = threads.submit(schema.migrate, engine)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            assert postgres.query(BEGUN_BEFORE, database=name) == [("begun", 2)]
            turns += 1
        assert not upgrade.done()
        backup.rollback()
        upgrade.result(timeout=60)
    assert turns > 3, "a turn waits for one attempt, and not for the whole backup"
    assert version(engine) == schema.HEAD
    assert postgres.query("SELECT count(*) / 2 FROM chat_messages", database=name) == [(turns,)]


def test_an_upgrade_is_given_up_when_the_tables_stay_in_use(
    postgres: PostgresServer, name: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.migrate(engine, BEFORE_TABLES_CHANGE)
    monkeypatch.setattr(schema, "PATIENCE_S", 1.0)
    with closing(psycopg2.connect(postgres.address(name))) as backup:
        backup.cursor().execute("SELECT FROM chat_messages")
        with pytest.raises(exc.OperationalError, match="lock timeout"):
            schema.migrate(engine)
    assert version(engine) == BEFORE_TABLES_CHANGE
