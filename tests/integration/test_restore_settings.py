"""A restore keeps what an operator has set on the tables, and what others have made over them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.app import ROOT
from tests.backups import content, fill, schemas
from tests.postgres_servers import PostgresServer, installations, serving
from tests.seclusion import bare
from thai_chat.domain.errors import StartError
from thai_chat.history.postgres import schema
from thai_chat.history.postgres.backup import archive, kept, restoring
from thai_chat.history.postgres.connections import Database

SETTINGS = """
CREATE SCHEMA reports;
CREATE FUNCTION reports.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
GRANT SELECT ON chat_sessions TO reporter WITH GRANT OPTION;
GRANT SELECT (role, content), UPDATE (content) ON chat_messages TO reporter;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO reporter;
REVOKE DELETE ON chat_presets FROM chat;
REVOKE ALL ON FUNCTION chat_search_note_message() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chat_search_note_message() TO reporter;
ALTER TABLE chat_sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON chat_sessions AS PERMISSIVE FOR SELECT TO reporter, PUBLIC USING (user_id = current_user);
CREATE POLICY told ON chat_sessions AS RESTRICTIVE FOR ALL TO reporter
    USING (EXISTS (SELECT FROM chat_messages m WHERE m.session_id = chat_sessions.session_id))
    WITH CHECK (user_id <> 'it''s %s');
COMMENT ON POLICY own ON chat_sessions IS 'ของตัวเอง';
COMMENT ON TABLE chat_messages IS 'what people wrote; 100 %s of it';
COMMENT ON COLUMN chat_messages.content IS 'private';
COMMENT ON FUNCTION chat_search_note_message() IS 'notes';
COMMENT ON INDEX chat_sessions_marked_idx IS 'quick';
ALTER TABLE chat_messages SET (fillfactor = 80, autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE chat_messages REPLICA IDENTITY FULL;
ALTER TABLE chat_messages ALTER COLUMN content SET STATISTICS 500;
CREATE UNIQUE INDEX "My index" ON chat_sessions (session_id, user_id);
ALTER TABLE chat_sessions ALTER COLUMN user_id SET NOT NULL;
ALTER TABLE chat_sessions REPLICA IDENTITY USING INDEX "My index";
CREATE STATISTICS public.mine ON user_id, backend FROM chat_sessions;
ALTER TABLE chat_presets ADD CONSTRAINT named CHECK (preset_name <> '100 %s');
CREATE TRIGGER noted BEFORE UPDATE ON chat_messages FOR EACH ROW EXECUTE FUNCTION reports.note();
CREATE TRIGGER quiet BEFORE UPDATE ON chat_messages FOR EACH ROW EXECUTE FUNCTION reports.note();
ALTER TABLE chat_messages DISABLE TRIGGER quiet;
CREATE RULE kept AS ON DELETE TO message_contexts WHERE old.score > 5 DO INSTEAD NOTHING;
CREATE VIEW reports.asked WITH (security_barrier) AS SELECT * FROM chat_messages WHERE role = 'user';
CREATE VIEW reports.mine AS SELECT session_id, user_id FROM chat_sessions WHERE user_id = 'ฉัน' WITH CHECK OPTION;
CREATE VIEW reports.counted AS SELECT count(*) AS n FROM reports.asked;
ALTER VIEW reports.counted ALTER COLUMN n SET DEFAULT 5;
COMMENT ON VIEW reports.counted IS 'counted';
GRANT SELECT ON reports.counted TO reporter;
CREATE FUNCTION reports.sessions() RETURNS bigint LANGUAGE sql
BEGIN ATOMIC SELECT count(*) FROM chat_sessions, reports.counted; END;
COMMENT ON FUNCTION reports.sessions() IS 'of all';
CREATE PUBLICATION all_of_it FOR TABLE chat_presets, chat_sessions;
CREATE PUBLICATION some_of_it FOR TABLE chat_messages (message_id, role) WHERE (role = 'user');
""".replace("%s", "%")


@pytest.fixture(params=installations().values(), ids=list(installations()))
def server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    with serving(request.param, wal_level="logical") as server:
        server.query("CREATE ROLE reporter LOGIN")
        yield server


def run(address: str, statements: str) -> None:
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statements)


def described(server: PostgresServer, name: str) -> str:
    """Return all but what restores keep, as pg_dump writes it, without the generation and pg_dump's own marks."""
    program = list(installations().values())[-1] / "bin" / "pg_dump"
    arguments = ["--schema-only", "--exclude-schema=thai_chat_before*", "--dbname", server.address(name)]
    text = subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout
    text = re.sub(r"--\n-- Name: TABLE alembic_version; Type: COMMENT.*?;\n\n\n", "", text, flags=re.DOTALL)
    return re.sub(r"\\(un)?restrict \w+\n", "", text)


def test_all_that_is_set_on_the_tables_comes_over_and_back(server: PostgresServer, tmp_path: Path) -> None:
    name = server.new_database()
    address = server.address(name)
    fill(address)
    archive.save(address, tmp_path / "chats.zip")
    run(address, SETTINGS)
    before = described(server, name)
    assert "some_of_it" in before
    restored = restoring.restore(address, tmp_path / "chats.zip", replace=True)
    assert described(server, name) == before
    assert (restored.left_behind, restored.publications) == ([], ["all_of_it", "some_of_it"])
    kept.undo(address)
    assert described(server, name) == before
    kept.undo(address)
    kept.forget(address)
    assert described(server, name) == before
    assert schemas(address) == []


@pytest.fixture
def own(postgres: PostgresServer, tmp_path: Path) -> Iterator[str]:
    """Yield the name of a database of the shared server with chats, which are in `tmp_path / "chats.zip"` too."""
    name = postgres.new_database()
    fill(postgres.address(name))
    archive.save(postgres.address(name), tmp_path / "chats.zip")
    for role in ("reporter", "late"):
        postgres.query(f"DROP ROLE IF EXISTS {role}")
        postgres.query(f"CREATE ROLE {role} LOGIN")
    yield name
    postgres.query("DROP OWNED BY reporter, late CASCADE", database=name)


def test_rights_that_new_tables_have_by_default_are_not_given_to_those_that_had_none(
    postgres: PostgresServer, own: str, tmp_path: Path
) -> None:
    address = postgres.address(own)
    run(address, "GRANT SELECT ON chat_sessions TO reporter")
    run(address, "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO late")
    run(address, "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    rights = "SELECT relname, relacl FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    of_functions = """SELECT proname, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace"""
    before = [sorted(postgres.query(query, database=own), key=str) for query in (rights, of_functions)]
    restoring.restore(address, tmp_path / "chats.zip", replace=True)
    found = [sorted(postgres.query(query, database=own), key=str) for query in (rights, of_functions)]
    assert str(before[0]).count("late") == 0
    assert [can(postgres, own, role) for role in ("reporter", "late")] == [(True, False), (False, False)]
    assert found[1] == before[1]


def can(postgres: PostgresServer, name: str, role: str) -> tuple[object, ...]:
    query = (
        "SELECT has_table_privilege(%s, 'chat_sessions', 'SELECT'), has_table_privilege(%s, 'chat_messages', 'SELECT')"
    )
    return postgres.query(query, role, role, database=name)[0]


def test_tables_that_the_old_version_lacked_have_the_rights_that_their_schema_gives_new_ones(
    postgres: PostgresServer, own: str, tmp_path: Path
) -> None:
    address = postgres.address(own)
    database = Database(address)
    schema.downgrade(database.engine, "0002")
    database.engine.dispose()
    run(address, "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reporter")
    restoring.restore(address, tmp_path / "chats.zip", replace=True)
    asked = "SELECT has_table_privilege('reporter', t, 'SELECT') FROM unnest(ARRAY['chat_presets', 'chat_sessions']) t"
    assert postgres.query(asked, database=own) == [(True,), (False,)]


def test_a_function_that_a_later_version_gave_another_argument_keeps_its_rights(
    postgres: PostgresServer, own: str, tmp_path: Path
) -> None:
    address = postgres.address(own)
    database = Database(address)
    schema.downgrade(database.engine, "0006")
    database.engine.dispose()
    run(address, "REVOKE EXECUTE ON FUNCTION chat_begin_turn FROM PUBLIC")
    run(address, "GRANT EXECUTE ON FUNCTION chat_begin_turn TO reporter")
    assert restoring.restore(address, tmp_path / "chats.zip", replace=True).left_behind == []
    asked = "SELECT has_function_privilege(r, oid, 'EXECUTE') FROM pg_proc, unnest(ARRAY['reporter', 'public']) r "
    asked += "WHERE proname = 'chat_begin_turn' AND pronamespace = 'public'::regnamespace"
    assert postgres.query(asked, database=own) == [(True,), (False,)]


def test_who_may_not_see_all_rows_neither_saves_nor_replaces_the_rest(
    postgres: PostgresServer, own: str, tmp_path: Path
) -> None:
    address = postgres.address(own)
    before = content(address)
    run(address, "ALTER TABLE chat_sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    with pytest.raises(StartError, match="row-level security"):
        archive.save(address, tmp_path / "some.zip")
    for act in (lambda: restoring.survey(address), lambda: restoring.restore(address, tmp_path / "chats.zip")):
        with pytest.raises(StartError, match="row-level security"):
            act()
    assert not (tmp_path / "some.zip").exists()
    run(address, "ALTER TABLE chat_sessions NO FORCE ROW LEVEL SECURITY")
    assert content(address) == before


@pytest.mark.parametrize(
    "made",
    [
        "CREATE FUNCTION hung(m chat_messages) RETURNS text LANGUAGE sql AS 'SELECT m.content'",
        "CREATE FUNCTION hung() RETURNS SETOF chat_sessions LANGUAGE sql AS 'SELECT * FROM chat_sessions'",
        "CREATE TABLE hung (m chat_messages)",
        "CREATE TABLE hung () INHERITS (chat_messages)",
        "CREATE TABLE t (u text); CREATE POLICY hung ON t USING (u IN (SELECT user_id FROM chat_sessions))",
        "CREATE TABLE t (); CREATE TRIGGER hung BEFORE UPDATE ON t EXECUTE FUNCTION chat_search_note_message()",
        "CREATE TABLE t (u text); CREATE RULE hung AS ON DELETE TO t DO ALSO DELETE FROM chat_sessions",
        "CREATE VIEW v AS SELECT role FROM chat_messages; CREATE MATERIALIZED VIEW hung AS SELECT role FROM v",
    ],
)
def test_what_would_stay_with_the_old_tables_is_named_before_anything_is_done(
    postgres: PostgresServer, own: str, tmp_path: Path, made: str
) -> None:
    address = postgres.address(own)
    run(address, made)
    before = content(address)
    began: list[str] = []
    with pytest.raises(StartError, match="hung") as raised:
        restoring.restore(address, tmp_path / "chats.zip", replace=True, meter=lambda what, *_: began.append(what))
    assert str(raised.value).endswith("Nothing was changed.")
    assert (began, content(address), schemas(address)) == ([], before, [])


def test_what_hangs_on_kept_tables_is_not_dropped_with_them(postgres: PostgresServer, own: str, tmp_path: Path) -> None:
    address = postgres.address(own)
    before = restoring.restore(address, tmp_path / "chats.zip", replace=True).kept
    run(address, f"CREATE VIEW old AS SELECT role FROM {before}.chat_messages")
    with pytest.raises(StartError, match="old"):
        kept.forget(address)
    assert schemas(address) == [before]


def test_a_column_of_the_operators_is_named(postgres: PostgresServer, own: str, tmp_path: Path) -> None:
    address = postgres.address(own)
    run(address, "ALTER TABLE chat_sessions ADD COLUMN note text; CREATE INDEX noted ON chat_sessions (note)")
    run(address, "GRANT SELECT (note) ON chat_sessions TO reporter; COMMENT ON COLUMN chat_sessions.note IS 'mine'")
    left = restoring.restore(address, tmp_path / "chats.zip", replace=True).left_behind
    assert left[:2] == ["column chat_sessions.note", "index noted"]
    assert [statement.split()[0] for statement in left[2:]] == ["COMMENT", "GRANT"]
    kept.undo(address)
    run(address, "SELECT note FROM chat_sessions")


def test_a_publication_of_all_tables_stops_a_restore(postgres: PostgresServer, own: str, tmp_path: Path) -> None:
    postgres.query("CREATE PUBLICATION everything FOR ALL TABLES", database=own)
    with pytest.raises(StartError, match="everything"):
        restoring.restore(postgres.address(own), tmp_path / "chats.zip", replace=True)


def test_where_no_schema_can_be_made_settings_come_over_and_what_would_be_lost_stops_it(
    postgres: PostgresServer, own: str, tmp_path: Path
) -> None:
    postgres.query(f"ALTER DATABASE {own} OWNER TO postgres")
    postgres.query("GRANT CREATE ON SCHEMA public TO chat", database=own)
    address = postgres.address(own)
    run(address, "GRANT SELECT ON chat_sessions TO reporter; COMMENT ON TABLE chat_messages IS 'mine'")
    run(address, "ALTER TABLE chat_presets ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON chat_presets USING (true)")
    before = described(postgres, own)
    restoring.restore(address, tmp_path / "chats.zip", replace=True)
    assert described(postgres, own) == before
    run(address, "ALTER TABLE chat_sessions ADD COLUMN note text")
    before = described(postgres, own)
    with pytest.raises(StartError, match=r"column chat_sessions\.note"):
        restoring.restore(address, tmp_path / "chats.zip", replace=True)
    assert described(postgres, own) == before


def test_the_command_says_what_did_not_come_over_and_whom_to_tell(
    postgres: PostgresServer, own: str, tmp_path: Path
) -> None:
    address = postgres.address(own)
    run(address, "ALTER TABLE chat_sessions ADD COLUMN note text; CREATE PUBLICATION told FOR TABLE chat_messages")
    environment = bare(DATABASE_URL=address, DATA_DIR=str(tmp_path / "data"), OLLAMA_HOST="")
    for arguments in (["restore", str(tmp_path / "chats.zip"), "--replace"], ["restore", "--undo"]):
        line = [sys.executable, "-m", "thai_chat", *arguments]
        told = subprocess.run(line, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
        assert ("column chat_sessions.note" in told) is ("--replace" in arguments)
        assert "publication told now" in told
