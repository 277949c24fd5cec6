"""The schema goes up and down with the data in it, whoever else tries at the same time."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text
from uuid_utils.compat import uuid7

from tests.histories import straight
from tests.history_writes import new_user, update, whole_turn
from tests.postgres_servers import PostgresServer, installations, serving
from tests.schemas import BEGUN_BEFORE, REVISIONS, SCRIPTS, TABLES, branched, tables, version
from thai_chat.domain.errors import StartError
from thai_chat.domain.messages import Message
from thai_chat.domain.reads import ReadMessages, ReadSessions, ReadVersions
from thai_chat.history.postgres import probe, schema
from thai_chat.history.postgres.backup import archive, restoring
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.sql.tables import metadata


@pytest.fixture
def name(postgres: PostgresServer) -> str:
    return postgres.new_database()


@pytest.fixture
def engine(postgres: PostgresServer, name: str) -> Iterator[Engine]:
    engine = Database(postgres.address(name)).engine
    yield engine
    engine.dispose()


def orders(messages: Sequence[Message]) -> list[int]:
    return [message.message_order for message in messages]


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
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "target_metadata": metadata,
        # Alembic spells expressions as they were written, PostgreSQL as it read them: the next test has the indexes.
        "include_object": lambda thing, name, kind, *others: kind != "index",
    }
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_the_indexes_are_what_the_code_thinks_they_are(postgres: PostgresServer, name: str, engine: Engine) -> None:
    schema.migrate(engine)
    made = postgres.new_database()
    other = Database(postgres.address(made)).engine
    with other.connect() as connection:
        connection.execute(text(import_module("thai_chat.migrations.versions.0004_search").KEYS))
    metadata.create_all(other)
    other.dispose()
    indexes = "SELECT indexdef FROM pg_indexes WHERE tablename = ANY (%s) ORDER BY indexdef"
    expected = postgres.query(indexes, list(metadata.tables), database=made)
    assert postgres.query(indexes, list(metadata.tables), database=name) == expected


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
    async with straight(postgres.address(name)) as history:
        user = new_user()
        turn = await branched(history, user)
        await history.write(update(turn, tags=["งาน"], folder="บ้าน", options={"temperature": 0}))
        shown = await history.read(ReadMessages(turn.session.session_id, user, limit=10))
        siblings = await history.read(ReadVersions(turn.session.session_id, user, [m.message_id for m in shown]))
        for down in [*reversed(REVISIONS[:-1]), *REVISIONS[1:]]:
            if REVISIONS.index(down) < REVISIONS.index(version(engine) or REVISIONS[0]):
                schema.downgrade(engine, down)
            else:
                schema.migrate(engine, down)
            assert version(engine) == down
            assert postgres.query("SELECT count(*), count(parent_id) FROM chat_messages", database=name) == [(9, 7)]
        assert await history.read(ReadMessages(turn.session.session_id, user, limit=10)) == shown
        assert (
            await history.read(ReadVersions(turn.session.session_id, user, [m.message_id for m in shown])) == siblings
        )
        assert len(siblings) == 3
        await whole_turn(history, user, turn.session.session_id)
        schema.downgrade(engine)
        assert tables(postgres, name) == set()
        schema.migrate(engine)
        assert await history.read(ReadSessions(user, limit=10)) == []


async def test_a_session_with_branches_of_the_first_version_is_read_as_before(
    postgres: PostgresServer, name: str, engine: Engine
) -> None:
    schema.migrate(engine, "0001")
    user, session_id = new_user(), uuid7()
    shape = [None, 1, 2, 3, 2, 5, 4, 7]  # whose child each message is, by their order: 1-4, 5-6 below 2, 7-8 below 4
    ids = [uuid7() for _ in shape]
    with engine.connect() as connection:
        connection.execute(
            text("""INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model, message_count,
                leaf_id, has_branches) VALUES (:session_id, :user_id, 'ชื่อ', 'vllm', 'm', 8, :leaf_id, true)"""),
            {"session_id": session_id, "user_id": user, "leaf_id": ids[7]},
        )
        for order, parent in enumerate(shape, 1):
            connection.execute(
                text("""INSERT INTO chat_messages (message_id, session_id, parent_id, role, content, message_order,
                    status) VALUES (:id, :session_id, :parent_id, :role, 'ข้อความ', :order, 'complete')"""),
                {
                    "id": ids[order - 1],
                    "session_id": session_id,
                    "parent_id": ids[parent - 1] if parent else None,
                    "role": "user" if order % 2 else "assistant",
                    "order": order,
                },
            )
    schema.migrate(engine)
    async with straight(postgres.address(name)) as history:
        assert orders(await history.read(ReadMessages(session_id, user, limit=10))) == [1, 2, 3, 4, 7, 8]
        turn = await whole_turn(history, user, session_id)
        assert (turn.question.parent_id, turn.question.message_order) == (ids[7], 9)
        await history.write(update(turn, leaf_id=ids[4]))
        assert orders(await history.read(ReadMessages(session_id, user, limit=10))) == [1, 2, 5, 6]
        assert await history.read(ReadVersions(session_id, user, ids)) == {
            ids[2]: [ids[2], ids[4]],
            ids[4]: [ids[2], ids[4]],
        }


def test_the_first_version_works_again_after_a_step_back(postgres: PostgresServer, name: str, engine: Engine) -> None:
    schema.migrate(engine)
    schema.downgrade(engine, "0001")
    begun = postgres.query(
        """SELECT outcome, (session).message_count FROM chat_begin_turn(gen_random_uuid(), 'u', 'n', gen_random_uuid(),
            'q', gen_random_uuid(), 'b', 'm', now(), NULL, NULL, '{}', false, interval '10 s')""",
        database=name,
    )
    assert begun == [("begun", 2)]


def test_an_instance_of_the_version_before_goes_on_beside_this_one(
    postgres: PostgresServer, name: str, engine: Engine
) -> None:
    schema.migrate(engine)
    begun = postgres.query(BEGUN_BEFORE, database=name)
    assert begun == [("begun", 2)]
    assert postgres.query("SELECT DISTINCT parts FROM chat_messages", database=name) == [(None,)]


def test_a_function_that_is_replaced_keeps_what_an_operator_has_set(
    postgres: PostgresServer, name: str, engine: Engine
) -> None:
    owner, caller = f"{name}_owner", f"{name}_caller"
    schema.migrate(engine, "0006")
    for statement in (
        f"CREATE ROLE {owner}",
        f"CREATE ROLE {caller}",
        f"GRANT CREATE ON SCHEMA public TO {owner}",
        f"GRANT {owner} TO chat",
        f"ALTER FUNCTION chat_begin_turn OWNER TO {owner}",
        "ALTER FUNCTION chat_begin_turn SECURITY DEFINER",
        "ALTER FUNCTION chat_begin_turn SET search_path = '', \"My schema\", public",
        "ALTER FUNCTION chat_begin_turn SET work_mem = '8MB'",
        "REVOKE EXECUTE ON FUNCTION chat_begin_turn FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION chat_begin_turn TO {caller} WITH GRANT OPTION",
        "COMMENT ON FUNCTION chat_begin_turn IS 'ของเรา: 100 %%'",
    ):
        postgres.query(statement, database=name)
    before = set_on_begin_turn(postgres, name)
    for go in (schema.migrate, lambda engine: schema.downgrade(engine, "0006")):
        go(engine)
        assert set_on_begin_turn(postgres, name) == before
        assert postgres.query("SELECT count(*) FROM pg_proc WHERE proname ~ 'begin_turn'", database=name) == [(1,)]


def test_a_function_that_nobody_touched_has_the_rights_that_it_had(
    postgres: PostgresServer, name: str, engine: Engine
) -> None:
    schema.migrate(engine, "0006")
    before = set_on_begin_turn(postgres, name)
    schema.migrate(engine)
    assert set_on_begin_turn(postgres, name) == before
    schema.downgrade(engine, "0006")
    postgres.query("ALTER DEFAULT PRIVILEGES FOR ROLE chat REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC", database=name)
    schema.migrate(engine)
    assert postgres.query(
        "SELECT has_function_privilege('public', oid, 'EXECUTE') FROM pg_proc WHERE proname = %s",
        "chat_begin_turn",
        database=name,
    ) == [(True,)]


def set_on_begin_turn(postgres: PostgresServer, name: str) -> tuple[object, ...]:
    (found,) = postgres.query(
        """SELECT pg_get_userbyid(proowner), ARRAY(SELECT unnest(proacl)::text ORDER BY 1), proconfig, prosecdef,
            obj_description(oid, 'pg_proc') FROM pg_proc WHERE proname = 'chat_begin_turn'""",
        database=name,
    )
    return found


async def test_a_backup_of_every_version_is_restored_and_brought_up(
    postgres: PostgresServer, name: str, engine: Engine, tmp_path: Path
) -> None:
    schema.migrate(engine)
    async with straight(postgres.address(name)) as history:
        user = new_user()
        turn = await branched(history, user)
        shown = await history.read(ReadMessages(turn.session.session_id, user, limit=10))
    for revision in reversed(REVISIONS):
        schema.downgrade(engine, revision)
        archive.save(postgres.address(name), tmp_path / revision)
    for revision in REVISIONS:
        target = postgres.address(postgres.new_database())
        restoring.restore(target, tmp_path / revision)
        assert probe.ask(target).revision == schema.HEAD
        async with straight(target) as history:
            assert await history.read(ReadMessages(turn.session.session_id, user, limit=10)) == shown


def test_a_newer_database_is_named_as_such(
    postgres: PostgresServer, name: str, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    schema.migrate(engine)
    postgres.query("UPDATE alembic_version SET version_num = '9999'", database=name)
    caplog.clear()
    with caplog.at_level(logging.INFO), pytest.raises(StartError, match="newer version"):
        schema.migrate(engine)
    assert "bringing" not in caplog.text


def test_an_up_to_date_database_needs_no_alembic(postgres: PostgresServer, name: str, engine: Engine) -> None:
    schema.migrate(engine)
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from thai_chat.history.postgres import schema\n"
        "from thai_chat.history.postgres.connections import Database\n"
        "schema.migrate(Database(sys.argv[1]).engine)\n"
        "assert 'alembic' not in sys.modules\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, postgres.address(name)], check=True, cwd=root)


def test_it_works_in_a_folder_with_a_percent_sign_in_its_name(postgres: PostgresServer, tmp_path: Path) -> None:
    folder = tmp_path / "แชต 100%20"
    shutil.copytree(Path(schema.__file__).parents[2], folder / "thai_chat")
    address = postgres.address(postgres.new_database())
    ran = subprocess.run(
        [sys.executable, "-m", "thai_chat", "migrate"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "DATABASE_URL": address},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert schema.HEAD in ran.stdout
