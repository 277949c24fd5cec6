"""The views `conversations` and `messages`, for those who read by SQL."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from uuid_utils.compat import uuid7

from tests.histories import PostgresStores
from tests.history_writes import (
    ANSWER,
    QUESTION,
    begin,
    create,
    delete,
    finish,
    new_user,
    purge_message,
    say,
    update,
    whole_turn,
)
from tests.postgres_servers import PostgresServer
from thai_chat.domain.messages import Figures
from thai_chat.history.postgres import schema, upkeep
from thai_chat.history.postgres.backup import archive, kept, restoring
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.drift import Difference, differences

CONVERSATIONS = "SELECT id, user_id, dept_id, title, created_at, updated_at, metadata FROM conversations"
MESSAGES = """
SELECT id, conversation_id, role, content, tokens_used, latency_ms, created_at, metadata FROM messages
ORDER BY created_at, role DESC"""
VIEWS = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v' ORDER BY 1"


@pytest.fixture
def name(postgres: PostgresServer) -> str:
    return postgres.new_database()


@pytest.fixture
def address(postgres: PostgresServer, name: str) -> str:
    return postgres.address(name)


async def test_they_have_what_is_shown(postgres: PostgresServer, name: str, address: str) -> None:
    upkeep.migrate(address)
    user, store = new_user(), PostgresStores(Database(address))
    try:
        empty = await store.write(create(user, session_name="ว่าง", metadata={"dept_id": "hr"}))
        write = begin(user)
        turn = await store.write(write)
        await store.write(finish(write, figures=Figures(prompt_tokens=12, completion_tokens=5, latency_ms=410)))
        lost = await whole_turn(store, user)
        await store.write(update(lost, deleted=True))
        gone = await store.write(say(turn.session, "ลับ"))
        await store.write(delete(turn, gone.message.message_id))
        wiped = await store.write(say(turn.session, "ลับกว่า"))
        await store.write(purge_message(turn, wiped.message.message_id))
    finally:
        await store.close()
    rows = {UUID(row[0]): row[1:] for row in postgres.query(CONVERSATIONS, database=name)}
    assert rows.keys() == {empty.session_id, turn.session.session_id}
    assert rows[empty.session_id][:3] == (user, "hr", "ว่าง")
    assert rows[empty.session_id][5] == {"dept_id": "hr"}
    question, reply = postgres.query(MESSAGES, database=name)
    session_id = str(turn.session.session_id)
    assert question[:6] == (str(turn.question.message_id), session_id, "user", QUESTION, None, None)
    assert reply[:6] == (str(turn.reply.message_id), session_id, "assistant", ANSWER, 17, 410)


def test_row_security_holds_behind_them_for_another_role(postgres: PostgresServer, name: str, address: str) -> None:
    if int(postgres.query("SHOW server_version_num")[0][0]) < 150000:
        pytest.skip("views are read with their owner's rights before PostgreSQL 15")
    upkeep.migrate(address)
    said(postgres, name, "สมหญิง")
    said(postgres, name, "สมชาย")
    role = f"reader_{uuid7().hex}"
    postgres.query(f"CREATE ROLE {role} LOGIN")
    rights = "GRANT SELECT ON conversations, messages, chat_sessions, chat_messages TO"
    postgres.query(f"{rights} {role}", database=name)
    with closing(psycopg2.connect(address, user=role)) as connection, connection.cursor() as cursor:
        for view in ("conversations", "messages"):
            cursor.execute(f"SELECT count(*) FROM {view}")
            assert cursor.fetchone() == (0,)
        cursor.execute("SET app.user_id = 'สมหญิง'")
        cursor.execute("SELECT user_id FROM conversations")
        assert cursor.fetchall() == [("สมหญิง",)]
        cursor.execute("SELECT content FROM messages")
        assert cursor.fetchall() == [("สมหญิง",)]


def test_requests_have_no_right_to_them(postgres: PostgresServer, name: str, address: str) -> None:
    upkeep.migrate(address)
    granted = "SELECT count(*) FROM pg_class WHERE relname IN ('conversations', 'messages') AND relacl IS NOT NULL"
    assert postgres.query(granted, database=name) == [(0,)]


@pytest.mark.parametrize("mine", ["TABLE messages (id INT)", "VIEW messages AS SELECT 1 AS id"], ids=["table", "view"])
def test_what_a_person_has_under_such_a_name_stays(
    postgres: PostgresServer, name: str, address: str, tmp_path: Path, mine: str
) -> None:
    postgres.query(f"CREATE {mine}", database=name)
    columns = (
        "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'messages'"
    )
    upkeep.migrate(address)
    assert differences(address) == [Difference("view", "messages", "taken")]
    said(postgres, name, "สมชาย")
    archive.save(address, tmp_path / "chats.zip")
    restoring.restore(address, tmp_path / "chats.zip", replace=True)
    assert postgres.query(columns, database=name) == [(1,)]
    assert postgres.query("SELECT title FROM conversations", database=name) == [("สมชาย",)]
    kept.undo(address)
    assert postgres.query(columns, database=name) == [(1,)]
    database = Database(address)
    schema.downgrade(database.engine, "0011")
    database.engine.dispose()
    assert postgres.query(columns, database=name) == [(1,)]


def test_a_restore_and_its_undoing_keep_them_with_the_rights_to_them(
    postgres: PostgresServer, name: str, address: str, tmp_path: Path
) -> None:
    upkeep.migrate(address)
    said(postgres, name, "สมชาย")
    role = f"reader_{uuid7().hex}"
    postgres.query(f"CREATE ROLE {role}")
    postgres.query(f"GRANT SELECT ON conversations TO {role}", database=name)
    archive.save(address, tmp_path / "chats.zip")
    said(postgres, name, "สมหญิง")
    may = f"SELECT has_table_privilege('{role}', 'conversations', 'SELECT'), (SELECT count(*) FROM conversations)"
    restoring.restore(address, tmp_path / "chats.zip", replace=True)
    assert postgres.query(may, database=name) == [(True, 1)]
    assert differences(address) == []
    kept.undo(address)
    assert postgres.query(may, database=name) == [(True, 2)]
    assert differences(address) == []


def test_a_restore_in_place_keeps_the_rights_to_them(
    postgres: PostgresServer, name: str, address: str, tmp_path: Path
) -> None:
    upkeep.migrate(address)
    said(postgres, name, "สมชาย")
    role = f"reader_{uuid7().hex}"
    postgres.query(f"CREATE ROLE {role}")
    postgres.query(f"GRANT SELECT ON messages TO {role}", database=name)
    archive.save(address, tmp_path / "chats.zip")
    postgres.query(f"ALTER DATABASE {name} OWNER TO postgres")
    postgres.query("GRANT CREATE ON SCHEMA public TO chat", database=name)
    restoring.restore(address, tmp_path / "chats.zip", replace=True)
    may = f"SELECT has_table_privilege('{role}', 'messages', 'SELECT'), (SELECT count(*) FROM messages)"
    assert postgres.query(may, database=name) == [(True, 1)]


def test_they_come_and_go_with_their_version(postgres: PostgresServer, name: str, address: str) -> None:
    upkeep.migrate(address)
    assert postgres.query(VIEWS, database=name) == [("conversations",), ("messages",)]
    postgres.query("DROP VIEW messages", database=name)
    assert differences(address) == [Difference("view", "messages", "missing")]
    database = Database(address)
    schema.downgrade(database.engine, "0011")
    database.engine.dispose()
    assert postgres.query(VIEWS, database=name) == []


def said(postgres: PostgresServer, name: str, user: str) -> None:
    """Store a session with one message, both with the user's name as their text."""
    values: dict[str, Any] = {"session_id": uuid7(), "message_id": uuid7(), "user": user}
    statement = """
    INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model, message_count, leaf_id)
    VALUES (%s, %s, %s, 'vllm', 'm', 1, %s)"""
    postgres.query(statement, values["session_id"], user, user, values["message_id"], database=name)
    statement = """
    INSERT INTO chat_messages (message_id, session_id, role, content, message_order, status)
    VALUES (%s, %s, 'user', %s, 1, 'complete')"""
    postgres.query(statement, values["message_id"], values["session_id"], user, database=name)
