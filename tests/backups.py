"""Chats to back up and restore, put in at once, and all that a database holds as one sum."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2

from thai_chat.history.postgres import upkeep
from thai_chat.history.postgres.backup import archive
from thai_chat.history.postgres.sql.tables import metadata

_CHATS = """
WITH sessions AS (
    INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model, message_count, tags)
    SELECT gen_random_uuid(), 'ผู้ใช้ ' || n %% 7, 'น้ำพริก 🌶️ ' || n, 'vllm', 'm', 2, ARRAY['งาน', 'a\\b' || chr(10)]
    FROM generate_series(1, %(sessions)s) n RETURNING session_id
), questions AS (
    INSERT INTO chat_messages (message_id, session_id, role, content, message_order, status)
    SELECT gen_random_uuid(), session_id, 'user', 'ทำไมน้ำท่วม ' || session_id || chr(9) || '\\N', 1, 'complete'
    FROM sessions RETURNING message_id, session_id
)
INSERT INTO chat_messages (message_id, session_id, parent_id, role, content, message_order, status, cost_usd, metadata)
SELECT gen_random_uuid(), session_id, message_id, 'assistant', repeat('เพราะฝนตก ' || session_id, 9), 2, 'complete',
    random()::numeric(15, 9), jsonb_build_object('thoughts', md5(random()::text))
FROM questions
"""
_CONTEXTS = """
INSERT INTO message_contexts (id, message_id, doc_id, content, score)
SELECT gen_random_uuid(), message_id, 'เอกสาร', content, random() FROM chat_messages LIMIT 20"""
_PRESETS = """
INSERT INTO chat_presets (preset_id, user_id, preset_name, options)
SELECT gen_random_uuid(), 'ผู้ใช้ 1', 'สั้น ๆ ' || n, '{"temperature": 0.5}' FROM generate_series(1, 5) n"""


def fill(address: str, *, sessions: int = 50) -> None:
    """Make the tables where there are none and add as many sessions of two messages, never the same twice."""
    upkeep.migrate(address)
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(_CHATS, {"sessions": sessions})
        cursor.execute(_CONTEXTS)
        cursor.execute(_PRESETS)


def content(address: str) -> dict[str, str]:
    """Return a sum of all rows of each table that the search path finds, the search index aside."""
    found = {}
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        for name in sorted(metadata.tables):
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (name,))
            if "search" not in name and cursor.fetchone()[0]:
                cursor.execute(f"SELECT t::text FROM {name} t ORDER BY 1")
                found[name] = hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()
    return found


def schemas(address: str) -> list[str]:
    """Return the schemas that a restore makes."""
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'thai_chat%' ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]


def rewritten(backup: Path, change: Callable[[dict[str, object], dict[str, bytes]], None]) -> Path:
    """Return another backup, with what `change` makes of the manifest and the entries of this one."""
    with zipfile.ZipFile(backup) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(entries.pop("manifest.json"))
    change(manifest, entries)
    changed = backup.with_name("changed.zip")
    with zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name, packed in entries.items():
            new.writestr(name, packed)
        new.writestr("manifest.json", json.dumps(manifest))
    return changed


def at(what: str, act: Callable[[], None]) -> archive.Meter:
    """Act once, when the work has got there."""
    left = [act]

    def meter(now: str, *_: int) -> None:
        if now == what and left:
            left.pop()()

    return meter
