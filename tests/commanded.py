"""Rows under the commands that a test runs in its own process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2

from thai_chat.commands import database
from thai_chat.settings import Settings

TRICKY = "ข้าวมันไก่ น้ำจิ้ม 🍚👨‍👩‍👧\n\\N\t\\.\r\nchicken rice"


@contextmanager
def cursor_of(configured: Settings) -> Iterator[psycopg2.extensions.cursor]:
    with (
        database.opened(configured, print) as address,
        closing(psycopg2.connect(address)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        yield cursor


def everything(configured: Settings) -> list[str]:
    """Return all sessions and messages, to be compared."""
    with cursor_of(configured) as cursor:
        cursor.execute("SELECT s.*, m.* FROM chat_sessions s JOIN chat_messages m USING (session_id) ORDER BY 1, 2")
        return sorted(map(repr, cursor.fetchall()))
