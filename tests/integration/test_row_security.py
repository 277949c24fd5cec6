"""The second wall: PostgreSQL itself shows a request the rows of one person alone."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeGuard

import pytest
from sqlalchemy import Connection, text
from uuid_utils.compat import uuid7

from tests.histories import PostgresStores, straight
from tests.history_writes import new_user, whole_turn
from tests.postgres_servers import PostgresServer
from thai_chat.domain import requests_role
from thai_chat.domain.errors import HistoryRefused, HistoryUnavailable
from thai_chat.domain.reads import ReadSessions
from thai_chat.history import postgres as package
from thai_chat.history.postgres import upkeep
from thai_chat.history.postgres.row_security import RIGHTS, SERVERS_OWN
from thai_chat.history.postgres.sql.requests import NOBODY, servers_own
from thai_chat.history.postgres.sql.tables import metadata

WALLED = sorted(set(RIGHTS) - {"chat_search_queue"})
_WHO = text("SELECT current_user, current_setting('app.user_id', true)")
_ADD = text("""
INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model) VALUES (:id, :user, '-', 'vllm', 'm')""")


@pytest.fixture(params=["straight", "pgbouncer"])
async def history(
    request: pytest.FixtureRequest, postgres: PostgresServer, own_database: str
) -> AsyncIterator[PostgresStores]:
    port = request.getfixturevalue("pgbouncer").port if request.param == "pgbouncer" else None
    async with straight(postgres.address(own_database, port=port)) as history:
        yield history


def who(connection: Connection) -> tuple[str, str | None]:
    user, person = connection.execute(_WHO).one()
    return user, person


def test_every_table_is_behind_the_wall_or_the_servers_own(postgres: PostgresServer, database_name: str) -> None:
    assert sorted(metadata.tables) == sorted([*RIGHTS, *SERVERS_OWN])
    secured = postgres.query(
        "SELECT DISTINCT relname::text FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE relrowsecurity "
        "ORDER BY 1",
        database=database_name,
    )
    assert [name for (name,) in secured] == WALLED


@pytest.mark.parametrize("table", [*SERVERS_OWN, "alembic_version"])
def test_the_role_of_requests_has_no_right_on_what_is_the_servers_own(
    postgres: PostgresServer, database_name: str, table: str
) -> None:
    rights = "SELECT has_table_privilege('chat_requests', %s, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES')"
    assert postgres.query(rights, table, database=database_name) == [(False,)]
    column = "SELECT has_any_column_privilege('chat_requests', %s, 'SELECT, INSERT, UPDATE, REFERENCES')"
    assert postgres.query(column, table, database=database_name) == [(False,)]


def test_the_role_of_requests_owns_nothing_and_bypasses_nothing(postgres: PostgresServer, database_name: str) -> None:
    flags = "rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb, rolreplication"
    found = postgres.query(f"SELECT {flags} FROM pg_roles WHERE rolname = 'chat_requests'")
    assert found == [(False,) * 6]
    owned = "SELECT count(*) FROM pg_class WHERE relowner = 'chat_requests'::regrole"
    assert postgres.query(owned, database=database_name) == [(0,)]
    assert postgres.query("SELECT pg_has_role('chat_requests', 'chat', 'MEMBER')") == [(False,)]


def test_every_request_of_a_store_says_whose_it_is() -> None:
    """The stores of people's own things, that is; those of accounts are the server's own work."""

    def _is_run(node: ast.AST) -> TypeGuard[ast.Call]:
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "run"

    folder = Path(package.__file__).parent
    unnamed = []
    for name in ("presets", "statistics", "transfer", "search/search"):
        calls = [node for node in ast.walk(ast.parse((folder / f"{name}.py").read_text("utf-8"))) if _is_run(node)]
        assert calls
        unnamed += [(name, call.lineno) for call in calls if "user_id" not in {word.arg for word in call.keywords}]
    assert unnamed == []


async def test_a_request_is_carried_out_for_its_person(history: PostgresStores) -> None:
    user = new_user()
    assert await history.database.run(who, user_id=user) == ("chat_requests", user)


async def test_nothing_of_a_request_is_left_for_the_next_one(history: PostgresStores) -> None:
    for _ in range(3):
        await history.database.run(who, user_id=new_user())
        assert await history.database.run(who) in [("chat", ""), ("chat", None)]


async def test_a_request_that_fails_leaves_nothing_either(history: PostgresStores) -> None:
    with pytest.raises(HistoryUnavailable):
        await history.database.run(lambda c: c.exec_driver_sql("BEGIN; SELECT no_such_function()"), user_id=new_user())
    assert await history.database.run(who) in [("chat", ""), ("chat", None)]


async def test_people_at_the_same_time_see_their_own_alone(history: PostgresStores) -> None:
    people = [new_user() for _ in range(12)]

    async def asks(user: str) -> None:
        for _ in range(25):
            assert await history.database.run(who, user_id=user) == ("chat_requests", user)

    await asyncio.gather(*map(asks, people))


@pytest.mark.parametrize("user", [NOBODY, "สมศรี-who-has-nothing"])
async def test_who_is_nobody_has_no_rows(history: PostgresStores, user: str) -> None:
    await whole_turn(history, new_user())
    for table in WALLED:
        rows = await history.database.run(
            lambda c, table=table: c.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar(), user_id=user
        )
        assert (table, rows) == (table, 0)


async def test_nobody_can_write(history: PostgresStores) -> None:
    with pytest.raises(HistoryRefused):
        await whole_turn(history, NOBODY)


async def test_a_row_for_somebody_else_is_refused(history: PostgresStores) -> None:
    mine, other = new_user(), new_user()
    with pytest.raises(HistoryRefused):
        await history.database.run(lambda c: c.execute(_ADD, {"id": uuid7(), "user": other}), user_id=mine)
    turn = await whole_turn(history, mine)
    moved = text("UPDATE chat_sessions SET user_id = :other WHERE session_id = :id")
    values = {"other": other, "id": turn.session.session_id}
    with pytest.raises(HistoryRefused):
        await history.database.run(lambda c: c.execute(moved, values), user_id=mine)
    await history.database.run(lambda c: c.execute(_ADD, {"id": uuid7(), "user": mine}), user_id=mine)


async def test_a_right_that_was_taken_is_given_back(
    postgres: PostgresServer, own_database: str, history: PostgresStores
) -> None:
    user = new_user()
    await whole_turn(history, user)
    postgres.query("REVOKE INSERT ON chat_sessions FROM chat_requests", database=own_database)
    await whole_turn(history, user)
    assert await history.database.run(who, user_id=user) == ("chat_requests", user)


@pytest.mark.parametrize("table", SERVERS_OWN)
async def test_a_request_does_not_reach_what_is_the_servers_own(history: PostgresStores, table: str) -> None:
    """That is no fault of what is written, which waits as in an outage."""
    with pytest.raises(HistoryUnavailable):
        await history.database.run(lambda c: c.exec_driver_sql(f"SELECT FROM {table}"), user_id=new_user())


async def test_a_request_may_look_at_all_rows_for_a_moment(history: PostgresStores) -> None:
    """An import does so to learn which ids are taken, inside of its transaction."""
    mine = new_user()
    await whole_turn(history, new_user())

    def counts(connection: Connection) -> list[int]:
        found = []
        with connection.connection.cursor() as cursor:
            cursor.execute("BEGIN")
            for is_own in (True, False, True):
                with servers_own(cursor) if not is_own else _as_it_is():
                    cursor.execute("SELECT count(*) FROM chat_sessions")
                    found.append(cursor.fetchone()[0])
            cursor.execute("COMMIT")
        return found

    assert await history.database.run(counts, user_id=mine) == [0, 1, 0]


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


async def test_a_schema_of_the_owners_name_is_found_behind_the_wall(postgres: PostgresServer) -> None:
    """`"$user"` in a search path is another schema for another role."""
    name = postgres.new_database()
    postgres.query("CREATE SCHEMA chat AUTHORIZATION chat", database=name)
    address = postgres.address(name)
    upkeep.migrate(address)
    assert postgres.query("SELECT to_regclass('chat.chat_sessions') IS NOT NULL", database=name) == [(True,)]
    async with straight(address) as history:
        user = new_user()
        await whole_turn(history, user)
        assert len(await history.read(ReadSessions(user, limit=9))) == 1
        assert (await history.database.run(who, user_id=user))[0] == "chat_requests"


@pytest.fixture
def lonely(postgres: PostgresServer) -> Iterator[str]:
    """Yield the address of a database whose owner has no role for requests and may make none."""
    owner = f'ร้าน "{uuid7().hex}"'
    quoted = '"' + owner.replace('"', '""') + '"'
    name = f"lonely_{uuid7().hex}"
    postgres.query(f"CREATE ROLE {quoted} LOGIN")
    postgres.query(f"CREATE DATABASE {name} OWNER {quoted} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
    yield f"host=127.0.0.1 port={postgres.port} dbname={name} user='{owner}'"
    postgres.query(f"DROP DATABASE {name} WITH (FORCE)")
    role = '"' + requests_role.name_of(owner).replace('"', '""') + '"'
    postgres.query(f"DROP ROLE IF EXISTS {role}; DROP ROLE {quoted}")


async def test_without_the_role_there_is_no_wall_until_the_superuser_makes_it(
    postgres: PostgresServer, lonely: str
) -> None:
    upkeep.migrate(lonely)
    async with straight(lonely) as history:
        user = new_user()
        await whole_turn(history, user)
        owner, _ = await history.database.run(who, user_id=user)
    for statement in requests_role.statements(owner):
        postgres.query(statement)
    upkeep.migrate(lonely)
    async with straight(lonely) as history:
        assert await history.database.run(who, user_id=user) == (requests_role.name_of(owner), user)
        assert len(await history.read(ReadSessions(user, limit=9))) == 1


async def test_a_role_that_is_gone_meanwhile_refuses_nothing(postgres: PostgresServer, lonely: str) -> None:
    async with straight(lonely) as history:
        owner, _ = await history.database.run(who)
    for statement in requests_role.statements(owner):
        postgres.query(statement)
    upkeep.migrate(lonely)
    async with straight(lonely) as history:
        user, role = new_user(), '"' + requests_role.name_of(owner).replace('"', '""') + '"'
        turn = await whole_turn(history, user)
        name = lonely.split("dbname=")[1].split()[0]
        postgres.query(f"DROP OWNED BY {role}; DROP ROLE {role}", database=name)
        await whole_turn(history, user, turn.session.session_id)
        assert (await history.database.run(who, user_id=user))[0] == owner


@pytest.mark.parametrize("flaw", ["BYPASSRLS", "SUPERUSER"])
async def test_a_role_that_is_not_bound_is_not_taken(postgres: PostgresServer, lonely: str, flaw: str) -> None:
    async with straight(lonely) as history:
        owner, _ = await history.database.run(who)
    for statement in requests_role.statements(owner):
        postgres.query(statement)
    role = '"' + requests_role.name_of(owner).replace('"', '""') + '"'
    postgres.query(f"ALTER ROLE {role} {flaw}")
    upkeep.migrate(lonely)
    async with straight(lonely) as history:
        assert (await history.database.run(who, user_id=new_user()))[0] == owner


async def test_an_owner_who_may_make_roles_makes_it(postgres: PostgresServer, lonely: str) -> None:
    async with straight(lonely) as history:
        owner, _ = await history.database.run(who)
    quoted = '"' + owner.replace('"', '""') + '"'
    postgres.query(f"ALTER ROLE {quoted} CREATEROLE")
    upkeep.migrate(lonely)
    async with straight(lonely) as history:
        assert (await history.database.run(who, user_id=new_user()))[0] == requests_role.name_of(owner)


@pytest.mark.parametrize("owner", ["a", "ก" * 21, "x" * 63, "ร้านข้าวมันไก่" * 2])
def test_the_name_of_the_role_fits(owner: str) -> None:
    role = requests_role.name_of(owner)
    assert len(role.encode()) <= 63
    assert role.endswith("_requests")
    assert role != requests_role.name_of(owner[:-1] + "z")
