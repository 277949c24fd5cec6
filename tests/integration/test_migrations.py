"""The schema goes up and down with the data in it, whoever else tries at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, exc, text

from tests.history_writes import new_user, whole_turn
from tests.postgres_servers import PostgresServer, installations, serving, wait_for
from thai_chat import migrations
from thai_chat.domain.errors import StartError
from thai_chat.history import schema
from thai_chat.history.connections import Database
from thai_chat.history.postgres import PostgresHistory
from thai_chat.history.tables import metadata

TABLES = {"chat_sessions", "chat_messages", "message_contexts"}
SCRIPTS = ScriptDirectory(str(Path(migrations.__file__).parent))
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]


@pytest.fixture
def name(postgres: PostgresServer) -> str:
    return postgres.new_database()


@pytest.fixture
def engine(postgres: PostgresServer, name: str) -> Iterator[Engine]:
    engine = Database(postgres.address(name)).engine
    yield engine
    engine.dispose()


def tables(postgres: PostgresServer, name: str) -> set[object]:
    rows = postgres.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=name)
    return {row[0] for row in rows} - {"alembic_version"}


def version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return schema.current(connection)


def test_the_code_knows_its_newest_version() -> None:
    assert SCRIPTS.get_current_head() == schema.HEAD


def test_an_empty_database_gets_the_tables(postgres: PostgresServer, name: str, engine: Engine) -> None:
    assert version(engine) is None
    schema.migrate(engine)
    assert tables(postgres, name) >= TABLES
    assert version(engine) == schema.HEAD


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    schema.migrate(engine)
    schema.migrate(engine)
    assert version(engine) == schema.HEAD


def test_the_tables_are_what_the_code_thinks_they_are(engine: Engine) -> None:
    schema.migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": metadata}
        )
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("installation", installations().values(), ids=installations())
def test_every_server_takes_the_schema(installation: Path) -> None:
    with serving(installation) as server:
        name = server.new_database()
        engine = Database(server.address(name)).engine
        schema.migrate(engine)
        engine.dispose()
        assert tables(server, name) >= TABLES


async def test_every_step_goes_down_and_up_on_a_filled_database(
    postgres: PostgresServer, name: str, engine: Engine
) -> None:
    schema.migrate(engine)
    history = PostgresHistory(Database(postgres.address(name)))
    user = new_user()
    turn = await whole_turn(history, user)
    for down in [*reversed(REVISIONS[:-1]), *REVISIONS[1:]]:
        if REVISIONS.index(down) < REVISIONS.index(version(engine) or REVISIONS[0]):
            schema.downgrade(engine, down)
        else:
            schema.migrate(engine, down)
        assert version(engine) == down
    assert len(await history.messages(turn.session.session_id, user, limit=10)) == 2
    schema.downgrade(engine)
    assert tables(postgres, name) == set()
    schema.migrate(engine)
    assert await history.sessions(user, limit=10) == []
    await history.close()


def test_instances_that_start_at_once_wait_for_each_other(postgres: PostgresServer, name: str, engine: Engine) -> None:
    engines = [Database(postgres.address(name)).engine for _ in range(4)]
    with ThreadPoolExecutor(len(engines)) as threads:
        list(threads.map(schema.migrate, engines))
    for other in engines:
        other.dispose()
    assert version(engine) == schema.HEAD
    assert tables(postgres, name) >= TABLES


def test_a_migration_that_is_killed_halfway_leaves_nothing_and_can_be_repeated(
    postgres: PostgresServer, name: str, engine: Engine
) -> None:
    failed = threading.Event()

    def migrate() -> None:
        try:
            schema.migrate(engine)
        except exc.OperationalError:
            failed.set()

    # A foreign lock on a table of that name holds the migration up in its middle.
    postgres.query("CREATE TABLE message_contexts ()", database=name)
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as blocker, blocker.begin():
        postgres.query("DROP TABLE message_contexts", database=name)
        blocker.execute(text("CREATE TABLE message_contexts ()"))
        thread = threading.Thread(target=migrate)
        thread.start()
        waiting = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
        wait_for(lambda: bool(postgres.query(waiting, name)))
        postgres.query(f"SELECT pg_terminate_backend(pid) FROM ({waiting}) AS w", name)
        thread.join()
        blocker.rollback()
    assert failed.is_set()
    assert tables(postgres, name) == set()
    schema.migrate(engine)
    assert tables(postgres, name) >= TABLES


def test_a_newer_database_is_named_as_such(postgres: PostgresServer, name: str, engine: Engine) -> None:
    schema.migrate(engine)
    postgres.query("UPDATE alembic_version SET version_num = '9999'", database=name)
    with pytest.raises(StartError, match="newer version"):
        schema.migrate(engine)


def test_an_up_to_date_database_needs_no_alembic(postgres: PostgresServer, name: str, engine: Engine) -> None:
    schema.migrate(engine)
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from thai_chat.history import schema\n"
        "from thai_chat.history.connections import Database\n"
        "schema.migrate(Database(sys.argv[1]).engine)\n"
        "assert 'alembic' not in sys.modules\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, postgres.address(name)], check=True, cwd=root)
