"""Triggers note what has happened with the owner's rights: they look for tables beside their own alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from uuid_utils.compat import uuid7

from tests.postgres_servers import PostgresServer

MALI = "มะลิ"
_SESSION = """INSERT INTO {schema}.chat_sessions (session_id, user_id, session_name, backend, model)
VALUES (%s, %s, 'ลางาน', 'vllm', 'typhoon-8b')"""
_WEBHOOK = """INSERT INTO chat_webhooks (webhook_id, user_id, url, events, secret_hash)
VALUES (%s, %s, 'https://hooks.example.org', '{session.created}', '')"""


@pytest.fixture
def cursor(postgres: PostgresServer, own_database: str) -> Iterator[Any]:
    with closing(psycopg2.connect(postgres.address(own_database))) as connection, connection.cursor() as cursor:
        cursor.execute(_WEBHOOK, (str(uuid7()), MALI))
        yield cursor


def said(cursor: Any, schema: str = "public") -> None:
    cursor.execute(_SESSION.format(schema=schema), (str(uuid7()), MALI))


def noted(cursor: Any, table: str = "public.chat_webhook_deliveries") -> int:
    cursor.execute(f"SELECT count(*) FROM {table}")
    return int(cursor.fetchone()[0])


def test_tables_of_whoever_writes_are_not_taken_for_ours(cursor: Any) -> None:
    for table in ("chat_webhooks", "chat_webhook_deliveries"):
        cursor.execute(f"CREATE TEMP TABLE {table} (LIKE public.{table} INCLUDING DEFAULTS)")
    cursor.execute(_WEBHOOK, (str(uuid7()), MALI))
    said(cursor)
    assert noted(cursor, "pg_temp.chat_webhook_deliveries") == 0
    assert noted(cursor) == 1


def test_the_search_path_of_whoever_writes_stays(cursor: Any) -> None:
    cursor.execute("SET search_path TO public, information_schema")
    said(cursor)
    assert noted(cursor) == 1
    cursor.execute("SHOW search_path")
    assert cursor.fetchone() == ("public, information_schema",)


def test_tables_that_were_moved_are_found_where_they_are(cursor: Any) -> None:
    said(cursor)
    cursor.execute('CREATE SCHEMA "Moved here"')
    for table in ("chat_sessions", "chat_messages", "chat_webhooks", "chat_webhook_deliveries"):
        cursor.execute(f'ALTER TABLE {table} SET SCHEMA "Moved here"')
    said(cursor, '"Moved here"')
    assert noted(cursor, '"Moved here".chat_webhook_deliveries') == 2
