"""A backup is restored beside what is there and takes its place at once; what it replaced can be put back."""

from __future__ import annotations

import re
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.backups import at, content, fill, rewritten, schemas
from tests.pgbouncer import PgBouncer
from tests.postgres_servers import PostgresServer, installations, serving, wait_for
from thai_chat.domain.errors import StartError
from thai_chat.history.postgres import generation, probe, schema, upkeep
from thai_chat.history.postgres.backup import archive, kept, others, restoring
from thai_chat.history.postgres.connections import Database


@pytest.fixture
def name(postgres: PostgresServer) -> str:
    name = postgres.new_database()
    fill(postgres.address(name))
    return name


@pytest.fixture
def address(postgres: PostgresServer, name: str) -> str:
    return postgres.address(name)


def test_a_backup_in_a_shared_folder_is_written_into_no_file_of_others(address: str, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "linked.zip.partial").symlink_to(precious)
    made_before = tmp_path / "known.zip.partial"
    made_before.touch()
    made_before.chmod(0o666)
    with made_before.open("rb") as reader:
        for name in ("linked.zip", "known.zip"):
            archive.save(address, tmp_path / name)
            assert ((tmp_path / name).is_symlink(), (tmp_path / name).stat().st_mode & 0o777) == (False, 0o600)
        assert reader.read() == b""
    assert precious.read_text() == "precious"


@pytest.mark.parametrize("installation", installations().values(), ids=installations())
def test_every_row_takes_the_place_of_what_was_there_and_back(installation: Path, tmp_path: Path) -> None:
    with serving(installation) as server:
        address = server.address(server.new_database())
        fill(address)
        first = content(address)
        archive.save(address, tmp_path / "chats.zip")
        fill(address)
        second = content(address)
        restored = restoring.restore(address, tmp_path / "chats.zip", replace=True)
        assert content(address) == first
        assert schemas(address) == [restored.kept]
        kept.undo(address)
        assert content(address) == second
        kept.undo(address)
        assert content(address) == first
        assert len(kept.forget(address)) == 1
        assert schemas(address) == []


def test_a_restored_schema_is_the_one_that_the_migrations_make(
    postgres: PostgresServer, name: str, backup: Path, tmp_path: Path
) -> None:
    made = described(postgres, name, tmp_path)
    restoring.restore(postgres.address(name), backup, replace=True)
    assert described(postgres, name, tmp_path) == made
    empty = postgres.new_database()
    restoring.restore(postgres.address(empty), backup)
    assert described(postgres, empty, tmp_path) == made


def described(postgres: PostgresServer, name: str, tmp_path: Path) -> str:
    """Return the schema as pg_dump writes it, with rights and comments, but for the generation and pg_dump's own
    marks."""
    program = next(iter(installations().values())) / "bin" / "pg_dump"
    arguments = ["--schema-only", "--schema=public", "--dbname", postgres.address(name)]
    text = subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout
    text = re.sub(r"--\n-- Name: TABLE alembic_version; Type: COMMENT.*?;\n\n\n", "", text, flags=re.DOTALL)
    return re.sub(r"\\(un)?restrict \w+\n", "", text)


def test_chats_are_replaced_only_when_that_is_said(address: str, backup: Path) -> None:
    before = content(address)
    with pytest.raises(StartError, match="has chats already"):
        restoring.restore(address, backup)
    assert (content(address), schemas(address)) == (before, [])


def test_tables_without_chats_are_not_kept(address: str, backup: Path, postgres: PostgresServer) -> None:
    empty = postgres.address(postgres.new_database())
    upkeep.migrate(empty)
    assert restoring.restore(empty, backup).kept is None
    assert (content(empty), schemas(empty)) == (content(address), [])


def test_it_works_through_pgbouncer(postgres: PostgresServer, pgbouncer: PgBouncer, name: str, tmp_path: Path) -> None:
    pooled = postgres.address(name, port=pgbouncer.port)
    before = content(pooled)
    archive.save(pooled, tmp_path / "chats.zip")
    fill(pooled)
    restoring.restore(pooled, tmp_path / "chats.zip", replace=True)
    assert content(pooled) == before
    assert others.count(pooled, watch_s=0.3) == 0
    kept.undo(pooled)
    kept.forget(pooled)
    assert content(pooled) != before
    assert schemas(pooled) == []


def test_what_is_restored_belongs_to_the_owner_whoever_of_the_members_asks(
    postgres: PostgresServer, name: str, backup: Path
) -> None:
    postgres.query("DROP ROLE IF EXISTS clerk")
    postgres.query("CREATE ROLE clerk LOGIN IN ROLE chat")
    clerk = postgres.address(name, user="clerk")
    restoring.restore(clerk, backup, replace=True)
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    assert postgres.query(owners, database=name) == [("chat",)]
    kept.undo(clerk)
    kept.forget(clerk)
    assert postgres.query(owners, database=name) == [("chat",)]


def test_where_no_schema_can_be_made_it_is_still_all_or_nothing(
    postgres: PostgresServer, name: str, backup: Path
) -> None:
    postgres.query(f"ALTER DATABASE {name} OWNER TO postgres")
    postgres.query("GRANT CREATE ON SCHEMA public TO chat", database=name)
    address = postgres.address(name)
    before = content(address)
    fill(address)
    changed = content(address)
    with pytest.raises(RuntimeError):
        restoring.restore(address, backup, replace=True, meter=at("building indexes", stop))
    assert content(address) == changed
    assert restoring.restore(address, backup, replace=True).kept is None
    assert content(address) == before


def test_rights_and_views_of_others_come_over(postgres: PostgresServer, name: str, address: str, backup: Path) -> None:
    role = f"reporter_of_{name}"  # roles are the server's, which other tests share
    postgres.query(f"CREATE ROLE {role} LOGIN")
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"GRANT SELECT ON chat_sessions TO {role}; GRANT SELECT (role) ON chat_messages TO {role}")
        for table in ("chat_sessions", "chat_messages"):
            cursor.execute(f"CREATE POLICY reports ON {table} FOR SELECT TO {role} USING (true)")
        cursor.execute(f"CREATE SCHEMA reports; GRANT USAGE ON SCHEMA reports TO {role}")
        cursor.execute("CREATE VIEW reports.asked AS SELECT count(*) AS n FROM chat_messages WHERE role = 'user'")
        cursor.execute("CREATE VIEW reports.twice AS SELECT 2 * n AS n FROM reports.asked")
        cursor.execute(f"GRANT SELECT ON reports.twice TO {role}")
    fill(address, sessions=30)
    reporter = postgres.address(name, user=role)
    assert asked(reporter, "SELECT n FROM reports.twice") == 160
    restoring.restore(address, backup, replace=True)
    assert asked(reporter, "SELECT n FROM reports.twice") == 100
    assert asked(reporter, "SELECT count(*) FROM chat_sessions") == 50
    assert asked(reporter, "SELECT count(role) FROM chat_messages") == 100
    kept.forget(address)
    assert asked(reporter, "SELECT n FROM reports.twice") == 100


def asked(address: str, statement: str) -> object:
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE likes (message_id uuid REFERENCES chat_messages)",
        "CREATE MATERIALIZED VIEW likes AS SELECT message_id FROM chat_messages",
    ],
)
def test_what_hangs_on_the_tables_and_can_not_come_over_is_named_and_nothing_is_changed(
    address: str, backup: Path, made: str
) -> None:
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(made)
    before = content(address)
    with pytest.raises(StartError, match="likes"):
        restoring.restore(address, backup, replace=True)
    assert (content(address), schemas(address)) == (before, [])


def test_tables_of_others_in_the_same_place_are_neither_saved_nor_touched(
    postgres: PostgresServer, name: str, address: str, tmp_path: Path
) -> None:
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE notes AS SELECT 'ของฉัน' AS note; CREATE SEQUENCE numbers")
        cursor.execute("CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n'")
    manifest = archive.save(address, tmp_path / "chats.zip")
    assert "notes" not in manifest.rows
    restoring.restore(address, tmp_path / "chats.zip", replace=True)
    kept.forget(address)
    assert asked(address, "SELECT note || twice(2) || nextval('numbers') FROM notes") == "ของฉัน41"


def test_a_backup_of_an_earlier_version_that_took_tables_of_others_along_is_restored_without_them(
    address: str, backup: Path, tmp_path: Path
) -> None:
    def with_notes(manifest: dict[str, object], entries: dict[str, bytes]) -> None:
        entries["notes.copy"] = b"\\N\n"
        tables = manifest["tables"]
        assert isinstance(tables, list)
        tables.append({"name": "notes", "columns": ["note"], "rows": 1, "sha256": "?"})
        del manifest["is_pinned"]

    before = content(address)
    restored = restoring.restore(address, rewritten(backup, with_notes), replace=True)
    assert restored.left_out == ["notes"]
    assert content(address) == before


def test_a_backup_is_the_same_text_whatever_the_server_has_set(
    postgres: PostgresServer, name: str, address: str, tmp_path: Path
) -> None:
    before = archive.save(address, tmp_path / "one.zip")
    for setting in ("datestyle = 'SQL, DMY'", "timezone = 'Asia/Bangkok'", "extra_float_digits = -5"):
        postgres.query(f"ALTER DATABASE {name} SET {setting}")
    after = archive.save(address, tmp_path / "two.zip")
    assert after.tables == before.tables
    restored = content(address)
    restoring.restore(address, tmp_path / "two.zip", replace=True)
    assert content(address) == restored


def test_a_restore_begins_another_generation_and_undoing_it_brings_the_one_before_back(
    address: str, backup: Path
) -> None:
    seen = [probe.ask(address).generation]
    restoring.restore(address, backup, replace=True)
    seen.append(probe.ask(address).generation)
    kept.undo(address)
    seen.append(probe.ask(address).generation)
    assert seen[0] == seen[2] == generation.ORIGINAL != seen[1]


def test_a_schema_that_lacks_an_index_is_replaced_by_a_whole_one(address: str, backup: Path) -> None:
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("DROP INDEX chat_sessions_marked_idx")
    restoring.restore(address, backup, replace=True)
    assert asked(address, "SELECT count(*) FROM pg_indexes WHERE indexname = 'chat_sessions_marked_idx'") == 1


def test_an_older_schema_is_replaced_and_comes_back_as_it_was(address: str, backup: Path) -> None:
    database = Database(address)
    schema.downgrade(database.engine, "0002")
    database.engine.dispose()
    before = content(address)
    restoring.restore(address, backup, replace=True)
    assert probe.ask(address).revision == schema.HEAD
    kept.undo(address)
    assert (content(address), probe.ask(address).revision) == (before, "0002")
    upkeep.migrate(address)


def test_idle_connections_do_not_count_and_those_at_work_do(address: str) -> None:
    with closing(psycopg2.connect(address)) as idle:
        idle.autocommit = True
        assert others.count(address, watch_s=0.3) == 0
        with AtWork(address):
            assert others.count(address, watch_s=0.3, patience_s=0.6) == 1
        with closing(psycopg2.connect(address)) as open_one, open_one.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert others.count(address, watch_s=0.3, patience_s=0.6) == 1


class AtWork:
    """A connection that asks something ten times a second."""

    def __init__(self, address: str) -> None:
        self._connection = psycopg2.connect(address)
        self._connection.autocommit = True
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        with self._connection.cursor() as cursor:
            while not self._ends.wait(0.1):
                cursor.execute("SELECT 1")


def test_nobody_can_write_into_what_is_being_replaced_and_everybody_can_read_it(
    address: str, backup: Path, postgres: PostgresServer
) -> None:
    seen: list[object] = []

    def look() -> None:
        seen.append(asked(address, "SELECT count(*) FROM chat_sessions"))
        with pytest.raises(psycopg2.OperationalError, match="lock timeout"):
            asked(address, "SET lock_timeout = 50; DELETE FROM chat_sessions RETURNING 1")

    restoring.restore(address, backup, replace=True, meter=at("building indexes", look))
    assert seen == [50]


def test_a_backup_that_runs_meanwhile_is_of_one_moment(
    address: str, backup: Path, postgres: PostgresServer, tmp_path: Path
) -> None:
    fill(address)
    before = archive.save(address, tmp_path / "before.zip")
    thread = threading.Thread(target=restoring.restore, args=(address, backup), kwargs={"replace": True})

    def begin_restore() -> None:
        thread.start()
        waiting = "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
        wait_for(lambda: postgres.query(waiting) == [(True,)], within_s=30)

    during = archive.save(address, tmp_path / "during.zip", at("chat_messages", begin_restore))
    thread.join()
    assert during.tables == before.tables


def stop() -> None:
    raise RuntimeError("stopped by the test")


def test_a_message_as_long_as_an_import_allows_is_saved_and_restored(
    postgres: PostgresServer, address: str, tmp_path: Path
) -> None:
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        grow = "UPDATE chat_messages SET content = repeat(E'ก\\n', 7000000) WHERE message_id = %s"
        cursor.execute("SELECT message_id FROM chat_messages LIMIT 1")
        cursor.execute(grow, cursor.fetchone())
    archive.save(address, tmp_path / "long.zip")
    empty = postgres.address(postgres.new_database())
    restoring.restore(empty, tmp_path / "long.zip")
    assert content(empty) == content(address)
