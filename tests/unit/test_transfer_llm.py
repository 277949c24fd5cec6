"""The log of llm is read alike from its JSON and from its database, which may hold anything."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.foreign_exports import (
    Json,
    as_file,
    as_zip,
)
from tests.imported import dialog, ids, read, reasoning, refusal, spoken
from thai_chat.domain.transfer import KeptSession


def turn(number: int, conversation: str | None, prompt: str) -> Json:
    return {
        "id": f"r{number}",
        "model": "gpt-5",
        "prompt": prompt,
        "system": "สั้น",
        "response": f"ตอบ {prompt}",
        "conversation_id": conversation,
        "duration_ms": 500,
        "datetime_utc": f"2025-02-16T22:34:0{number}",
        "input_tokens": 8,
        "output_tokens": 12,
    }


TURNS = [turn(1, "c1", "ก"), turn(2, "c2", "ข"), turn(3, "c1", "ค"), turn(4, None, "ง")]
DIALOGS = [["ก", "ตอบ ก", "ค", "ตอบ ค"], ["ข", "ตอบ ข"], ["ง", "ตอบ ง"]]


def spoken_in(sessions: list[KeptSession]) -> list[list[str]]:
    return [[content for _, content in dialog(session)] for session in sessions]


def database(tmp_path: Path, statements: str, turns: list[Json]) -> bytes:
    path = tmp_path / "logs.db"
    connection = sqlite3.connect(path)
    connection.executescript(statements)
    for one in turns:
        names = ", ".join(one)
        connection.execute(f"INSERT INTO responses ({names}) VALUES ({', '.join('?' * len(one))})", tuple(one.values()))
    connection.commit()
    connection.close()
    return path.read_bytes()


OLD = """
CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT, options_json TEXT,
    response TEXT, response_json TEXT, conversation_id TEXT, duration_ms INTEGER, datetime_utc TEXT,
    input_tokens INTEGER, output_tokens INTEGER);
INSERT INTO conversations VALUES ('c1', 'ชื่อ', 'gpt-5');
"""
NEW = """
CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT, tip_message_hash TEXT);
CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT, role TEXT, provider_metadata TEXT);
CREATE TABLE parts (id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT, tool_name TEXT, text TEXT,
    payload TEXT);
CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT);
CREATE TABLE turns (id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT,
    input_tokens INTEGER, output_tokens INTEGER, duration_ms INTEGER, datetime_utc TEXT);
INSERT INTO threads VALUES ('t', 'ใหม่', 'a2');
INSERT INTO fragments VALUES (1, 'f', 'ส่วน');
INSERT INTO messages VALUES ('q1', NULL, 'user', NULL), ('a1', 'q1', 'assistant', NULL), ('q2', 'a1', 'user', NULL),
    ('a2', 'q2', 'assistant', NULL);
INSERT INTO parts (message_hash, position, type, text, payload) VALUES ('q1', 0, 'text', 'ถาม', NULL),
    ('a1', 0, 'reasoning', 'คิด', NULL), ('a1', 1, 'text', 'ตอบ', NULL),
    ('q2', 0, 'text', NULL, '{"text_ref": [{"fragment": 1}, {"literal": " ต่อ"}]}'), ('a2', 0, 'text', 'จบ', NULL);
INSERT INTO turns VALUES ('1', 't', 'q1', 'a1', 'gpt-5', 1, 2, 3, '2026-08-05T00:00:00'),
    ('2', 't', 'q2', 'a2', 'gpt-5', 1, 2, 3, '2026-08-05T00:00:01');
"""


def test_turns_of_llm_are_put_together_by_their_conversation() -> None:
    sessions = read(as_file(TURNS))
    assert spoken_in(sessions) == DIALOGS
    reply = sessions[0].messages[1].message
    assert (reply.model, reply.figures.prompt_tokens, reply.figures.latency_ms) == ("gpt-5", 8, 500)
    assert sessions[0].session.options == {"system_prompt": "สั้น"}


def test_the_database_of_llm_gives_what_its_json_gives(tmp_path: Path) -> None:
    content = database(tmp_path, OLD, TURNS)
    sessions = read(content)
    assert spoken_in(sessions) == DIALOGS
    assert sessions[0].session.session_name == "ชื่อ"
    assert [one.session.session_id for one in sessions] == ids(TURNS)
    assert spoken_in(read(as_zip({"io.datasette.llm/logs.db": content}))) == DIALOGS
    assert spoken_in(read(as_file(spoken("x", "y")), content)) == [["x", "y"], *DIALOGS]


def test_the_database_of_todays_llm_keeps_its_messages_once(tmp_path: Path) -> None:
    (session,) = read(database(tmp_path, NEW, []))
    assert spoken_in([session]) == [["ถาม", "ตอบ", "ส่วน ต่อ", "จบ"]]
    assert (reasoning(session), session.session.session_name) == (["คิด", None], "ใหม่")


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ("CREATE TABLE other (x)", "import_database_other"),
        ("CREATE VIEW responses AS SELECT 1 AS id, 'x' AS prompt, 'y' AS response, 'c' AS conversation_id", None),
        ("CREATE VIRTUAL TABLE responses USING fts5(prompt, response, conversation_id)", None),
        (
            "CREATE TABLE responses (prompt, response, conversation_id TEXT AS (hex(zeroblob(9))) VIRTUAL);"
            "INSERT INTO responses VALUES ('x', 'y')",
            "import_nothing",
        ),
        (
            "CREATE TABLE responses (conversation_id PRIMARY KEY) WITHOUT ROWID",
            "import_database_broken",
        ),
    ],
)
def test_a_database_that_is_none_of_llm_or_would_run_something_is_refused(
    tmp_path: Path, statements: str, reason: str | None
) -> None:
    assert refusal(database(tmp_path, statements, []))["why"] == (reason or "import_database_other")


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    content = bytearray(database(tmp_path, OLD, TURNS))
    content[100:2000] = b"\xff" * 1900
    assert refusal(bytes(content))["why"] == "import_database_broken"
    assert refusal(bytes(content[:2000]))["why"] == "import_database_broken"
