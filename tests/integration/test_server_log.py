"""Whatever is refused, nothing that people or models wrote gets into PostgreSQL's log."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime

import psycopg2
import pytest
from uuid_utils.compat import uuid7

from tests.histories import PostgresStores
from tests.history_writes import again, begin, finish, grow, new_user, update, whole_turn
from tests.pgbouncer import PgBouncer
from tests.postgres_servers import PostgresServer, wait_for
from tests.server_log import log_of, logging_server
from thai_chat.domain.errors import HistoryUnavailable, ThaiChatError
from thai_chat.domain.messages import Turn
from thai_chat.domain.presets import Preset
from thai_chat.domain.searching import SearchQuery, terms_of
from thai_chat.domain.server_log import statements
from thai_chat.domain.spelling import fold
from thai_chat.domain.writes import Checkpoints
from thai_chat.history.postgres import upkeep
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.search.keys import packed

SECRET = "ความลับสุดยอด"
LONG = f"{SECRET} " * 40
TRACES = (SECRET[:6], packed(fold(SECRET))[:6])
TABLES = ("chat_sessions", "chat_messages", "chat_presets", "chat_message_search", "chat_session_search")

PROVOKE = """
CREATE FUNCTION provoke() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN {} RETURN NULL; END $$"""
TRIGGER = "CREATE TRIGGER provoke BEFORE INSERT OR UPDATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION provoke()"
DONE_BY_TRIGGERS = {
    "read-only": "EXECUTE 'SET TRANSACTION READ ONLY'; DELETE FROM chat_search_backfill;",
    "disk full": "RAISE 'could not extend file' USING ERRCODE = 'disk_full';",
    "too long": "DECLARE short VARCHAR(3); BEGIN short := 'ยาวเกินไป'; END;",
    "timeout": "PERFORM pg_cancel_backend(pg_backend_pid()); PERFORM pg_sleep(1);",
    "terminated": "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1);",
    "serialization": "RAISE 'could not serialize access' USING ERRCODE = 'serialization_failure';",
}
CHECKED = {
    "chat_sessions": "session_name",
    "chat_messages": "content",
    "chat_presets": "preset_name",
    "chat_message_search": "search_text",
}
KINDS = ["constraint", "permission denied", *DONE_BY_TRIGGERS]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with logging_server(deadlock_timeout="200ms", log_lock_waits="on") as server:
        yield server


@pytest.fixture(scope="module")
def pooler(server: PostgresServer) -> Iterator[PgBouncer]:
    pooler = PgBouncer(server)
    pooler.start()
    yield pooler
    pooler.close()


@pytest.fixture
def name(server: PostgresServer) -> str:
    name = server.new_database()
    upkeep.migrate(server.address(name))
    return name


@pytest.fixture
def quiet(server: PostgresServer, name: str) -> Iterator[None]:
    """Set up the role as `setup-postgres` makes it."""
    for statement in statements("chat"):
        server.query(statement)
    yield
    server.query("ALTER ROLE chat RESET ALL")


@pytest.fixture(params=["straight", "pgbouncer"])
def address(request: pytest.FixtureRequest, server: PostgresServer, pooler: PgBouncer, name: str) -> str:
    return server.address(name, port=pooler.port if request.param == "pgbouncer" else server.port)


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[PostgresStores]:
    history = PostgresStores(Database(address, pool_size=4, timeout_s=5.0))
    try:
        yield history
    finally:
        await history.close()


def provoke(server: PostgresServer, name: str, kind: str) -> None:
    """Have every write refused in this way from now on."""
    if kind in DONE_BY_TRIGGERS:
        server.query(PROVOKE.format(DONE_BY_TRIGGERS[kind]), database=name)
    for table in TABLES:
        if kind == "permission denied":
            server.query(f"REVOKE INSERT, UPDATE ON {table} FROM chat", database=name)
        elif kind in DONE_BY_TRIGGERS:
            server.query(TRIGGER.format(table), database=name)
        elif table in CHECKED:
            refused = f"ALTER TABLE {table} ADD CONSTRAINT refusing CHECK ({CHECKED[table]} = '') NOT VALID"
            server.query(refused, database=name)


async def begun(history: PostgresStores, user: str) -> tuple[Turn, Turn]:
    """Begin a turn that has ended, and one in another session whose reply grows."""
    ended = await whole_turn(history, user, question="ไม่", session_name="ไม่")
    return ended, await history.write(begin(user, question="ไม่", session_name="ไม่"))


async def try_all(history: PostgresStores, user: str, turn: Turn, growing: Turn) -> None:
    """Try each kind of write, and a search, with the secret in whatever of it is text; refusals are passed over."""
    session_id = turn.session.session_id
    write = begin(user, session_id, question=LONG, session_name=SECRET, metadata={"x": SECRET})
    ids = {"session_id": growing.session.session_id, "reply_id": growing.reply.message_id}
    end = finish(write, LONG, metadata={"thinking": SECRET}, **ids)
    options = {"system_prompt": LONG}
    now = datetime.now(UTC)
    preset = Preset(preset_id=uuid7(), user_id=user, preset_name=SECRET, options=options, updated_at=now)
    attempts: list[Callable[[], Awaitable[object]]] = [
        lambda: history.write(write),
        lambda: history.write(begin(user, question=LONG, session_name=SECRET)),
        lambda: history.write(again(turn, content=LONG, metadata={"x": SECRET})),
        lambda: history.write(Checkpoints([grow(write, LONG, metadata={"x": SECRET}, **ids)])),
        lambda: history.write(end),
        lambda: history.write(update(turn, session_name=SECRET, tags=[SECRET], folder=SECRET)),
        lambda: history.write(update(turn, options=options)),
        lambda: history.apply([begin(user, question=LONG), write, end]),
        lambda: history.presets.save(preset),
        lambda: history.index.index_noted(50),
        lambda: history.search.messages(SearchQuery(user_id=user, terms=terms_of(SECRET), limit=5)),
    ]
    for attempt in attempts:
        with suppress(ThaiChatError):
            await attempt()


async def refusals(server: PostgresServer, address: str, kind: str) -> str:
    """Return what the server's log has of the refusals."""
    user, before = new_user(), len(log_of(server))
    async with opened(address) as history:
        turns = await begun(history, user)
        provoke(server, address.rpartition("/")[2], kind)
        await try_all(history, user, *turns)
    return log_of(server)[before:]


def traces(log: str) -> list[str]:
    return [line for line in log.splitlines() if any(trace in line for trace in TRACES)]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refusal_leaves_no_word_in_the_log(
    server: PostgresServer, address: str, quiet: None, kind: str
) -> None:
    log = await refusals(server, address, kind)
    assert "ERROR:" in log or "FATAL:" in log
    assert traces(log) == []


# A constraint quotes the row that it refuses, and only the role's settings keep that from the log.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "constraint"])
async def test_a_refusal_leaves_no_word_in_the_log_of_a_server_that_nobody_prepared(
    server: PostgresServer, address: str, kind: str
) -> None:
    log = await refusals(server, address, kind)
    assert "STATEMENT:" in log
    assert traces(log) == []


async def test_a_deadlock_leaves_no_word_in_the_log(server: PostgresServer, address: str) -> None:
    user, before = new_user(), len(log_of(server))
    async with opened(address) as history:
        one, two = sorted([await whole_turn(history, user) for _ in range(2)], key=lambda turn: turn.session.session_id)
        with closing(psycopg2.connect(server.address(address.rpartition("/")[2], user="postgres"))) as other:
            with other.cursor() as cursor:
                lock = "SELECT FROM chat_sessions WHERE session_id = %s FOR UPDATE"
                cursor.execute(lock, (str(two.session.session_id),))
                writes = [update(turn, session_name=SECRET, folder=SECRET) for turn in (one, two)]
                writing = asyncio.create_task(history.apply(writes))
                await asyncio.sleep(0.1)
                with suppress(psycopg2.errors.DeadlockDetected):
                    await asyncio.to_thread(cursor.execute, lock, (str(one.session.session_id),))
            other.rollback()
        with suppress(HistoryUnavailable):
            await writing
    log = log_of(server)[before:]
    assert "deadlock detected" in log
    assert traces(log) == []


async def test_a_server_process_that_is_killed_leaves_no_word_in_the_log(
    server: PostgresServer, address: str, name: str
) -> None:
    user, before = new_user(), len(log_of(server))
    async with opened(address) as history:
        turn = await whole_turn(history, user)
        server.query(PROVOKE.format("PERFORM pg_sleep(20);"), database=name)
        server.query(TRIGGER.format("chat_messages"), database=name)
        asked = asyncio.create_task(history.write(begin(user, turn.session.session_id, question=LONG)))
        sleeping = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND wait_event = 'PgSleep'"
        await asyncio.to_thread(wait_for, lambda: bool(server.query(sleeping, name)))
        shown = server.query("SELECT query FROM pg_stat_activity WHERE datname = %s", name)
        os.kill(int(str(server.query(sleeping, name)[0][0])), signal.SIGKILL)
        with suppress(HistoryUnavailable):
            await asked
    await asyncio.to_thread(wait_for, server.answers)
    log = log_of(server)[before:]
    assert "Failed process was running" in log
    assert traces(log) == []
    assert traces(repr(shown)) == []


async def test_a_server_that_logs_every_statement_logs_none_of_ours(
    server: PostgresServer, address: str, quiet: None
) -> None:
    user = new_user()
    for setting in ("log_statement = 'all'", "log_min_duration_statement = 0", "log_parameter_max_length = -1"):
        server.query(f"ALTER SYSTEM SET {setting}")
    server.query("SELECT pg_reload_conf()")
    before = len(log_of(server))
    try:
        async with opened(address) as history:
            await try_all(history, user, *await begun(history, user))
    finally:
        server.query("ALTER SYSTEM RESET ALL")
        server.query("SELECT pg_reload_conf()")
    log = log_of(server)[before:]
    assert traces(log) == []
    assert "chat_begin_turn" not in log


def test_a_role_whose_settings_are_set_twice_has_them_once(server: PostgresServer, quiet: None) -> None:
    for statement in statements("chat"):
        server.query(statement)
    found = server.query("SELECT cardinality(rolconfig) FROM pg_roles WHERE rolname = 'chat'")
    assert found == [(len(statements("chat")),)]
