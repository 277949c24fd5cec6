"""Nothing asks a pooler for what it refuses: no start-up options, and nothing that outlives a transaction."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.histories import PostgresStores, straight
from tests.history_writes import new_user, whole_turn
from tests.pgbouncer import PgBouncer
from tests.ports import free_port
from tests.postgres_servers import PostgresServer
from thai_chat import settings
from thai_chat.__main__ import main
from thai_chat.domain.reads import ReadSessions
from thai_chat.history.postgres import probe, upkeep
from thai_chat.history.postgres.connections import Database

SCRIPT = Path(__file__).parents[2] / "scripts" / "test_postgres_integration.py"
SCHEMAS = ["one", 'two "quoted" ไทย']


@pytest.fixture
def pooled(postgres: PostgresServer, pgbouncer: PgBouncer, own_database: str) -> str:
    return postgres.address(own_database, port=pgbouncer.port)


def test_this_pgbouncer_refuses_start_up_options(pooled: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match="unsupported startup parameter"):
        psycopg2.connect(pooled, options="-csearch_path=other")


def test_the_server_check_passes_through_it(postgres: PostgresServer, pooled: str, own_database: str) -> None:
    checked = subprocess.run([sys.executable, SCRIPT, pooled], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    left = postgres.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'thai_chat%%'", database=own_database)
    assert left == []
    assert postgres.query("SELECT count(*) FROM chat_sessions", database=own_database) == [(0,)]


@pytest.mark.parametrize("command", ["migrate", "status", "doctor", "backup"])
def test_every_command_that_only_looks_works_through_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pooled: str, command: str
) -> None:
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", pooled)
    monkeypatch.setenv("OLLAMA_HOST", "")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.chdir(tmp_path)
    assert main([command]) == 0


async def test_histories_of_two_schemas_never_meet_on_its_connections(
    postgres: PostgresServer, pooled: str, own_database: str
) -> None:
    user = new_user()
    for name in SCHEMAS:
        quoted = name.replace('"', '""')
        postgres.query(f'CREATE SCHEMA "{quoted}" AUTHORIZATION chat', database=own_database)
        upkeep.migrate(pooled, schema_name=name)
    for _ in range(3):
        for name in SCHEMAS:
            history = PostgresStores(Database(pooled, schema_name=name))
            await whole_turn(history, user)
            await history.close()
    async with straight(pooled) as history:
        assert await history.read(ReadSessions(user, limit=10)) == []
    for name in SCHEMAS:
        history = PostgresStores(Database(pooled, schema_name=name))
        assert len(await history.read(ReadSessions(user, limit=10))) == 3
        await history.close()


def test_a_connection_to_one_schema_leaves_nothing_of_it_to_the_next(pooled: str) -> None:
    with closing(probe.connect(pooled, schema_name="pg_catalog")) as connection:
        for _ in range(2):
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT 1")
                cursor.execute("SELECT current_setting('search_path')")
                assert cursor.fetchone() == ("pg_catalog",)
    with closing(probe.connect(pooled)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('search_path')")
        assert cursor.fetchone() == ('"$user", public',)
