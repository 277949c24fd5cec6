"""Row-level security is there after a restore, whatever was there before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.backups import fill
from tests.histories import straight
from tests.history_writes import new_user, whole_turn
from tests.postgres_servers import PostgresServer
from thai_chat.domain.errors import SessionNotFound
from thai_chat.domain.reads import ReadSession
from thai_chat.history.postgres import probe, schema
from thai_chat.history.postgres.backup import archive, kept, restoring
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.drift import differences


def as_it_is(address: str) -> None:
    """Leave the database as it is."""


def of_an_earlier_version(address: str) -> None:
    database = Database(address)
    schema.downgrade(database.engine, "0010")
    database.engine.dispose()


def with_an_operators_policy(address: str) -> None:
    execute(address, "CREATE POLICY reports ON chat_sessions FOR SELECT TO chat USING (true)")


def without_the_wall(address: str) -> None:
    execute(address, "ALTER TABLE chat_sessions DISABLE ROW LEVEL SECURITY; DROP POLICY thai_chat_own ON chat_messages")


def execute(address: str, statements: str) -> None:
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statements)


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    address = postgres.address(postgres.new_database())
    fill(address)
    return address


@pytest.mark.parametrize("before", [as_it_is, of_an_earlier_version, with_an_operators_policy, without_the_wall])
@pytest.mark.parametrize("beside", [True, False])
async def test_the_wall_stands_after_a_restore(
    postgres: PostgresServer, address: str, tmp_path: Path, before: Callable[[str], None], beside: bool
) -> None:
    archive.save(address, tmp_path / "chats.zip")
    before(address)
    name = address.rsplit("/", 1)[1]
    if not beside:
        postgres.query(f"ALTER DATABASE {name} OWNER TO postgres")
        postgres.query("GRANT CREATE ON SCHEMA public TO chat", database=name)
    restoring.restore(address, tmp_path / "chats.zip", replace=True)
    wall = probe.ask(address).wall
    assert wall
    assert wall.stands
    if beside:
        more = [("policy", "chat_sessions.reports")] if before is with_an_operators_policy else []
        assert [(one.kind, one.name) for one in differences(address)] == more
    async with straight(address) as history:
        turn = await whole_turn(history, new_user())
        with pytest.raises(SessionNotFound):
            await history.read(ReadSession(turn.session.session_id, new_user()))
    secured = "SELECT count(*) FROM pg_policy p JOIN pg_class c ON c.oid = polrelid WHERE relrowsecurity AND"
    namespace = "relnamespace = 'public'::regnamespace AND starts_with(polname, 'thai_chat_')"
    assert postgres.query(f"{secured} {namespace}", database=name) == [(11,)]


def test_what_comes_back_has_the_wall_that_it_had(address: str, tmp_path: Path) -> None:
    archive.save(address, tmp_path / "chats.zip")
    restoring.restore(address, tmp_path / "chats.zip", replace=True)
    kept.undo(address)
    wall = probe.ask(address).wall
    assert wall
    assert wall.stands
    assert differences(address) == []


def test_tables_without_their_policies_are_told(address: str) -> None:
    assert differences(address) == []
    without_the_wall(address)
    told = [(one.kind, one.name, one.what) for one in differences(address)]
    assert told == [("policy", "chat_messages.thai_chat_own", "missing"), ("table", "chat_sessions", "different")]
