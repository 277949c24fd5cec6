"""Cursors whose names lead to one schema, also through a pooler.

A start-up option would say so too, but pgbouncer and Neon's pooled address refuse connections that carry one; and what
is set for a session stays with the server's connection, which in transaction mode the pooler gives to others next.
"""

from __future__ import annotations

from typing import Any

from psycopg2.extensions import TRANSACTION_STATUS_IDLE, cursor
from psycopg2.sql import Composable


def cursor_in(schema_name: str) -> type[cursor]:
    """Return the `cursor_factory` of a connection that makes and finds everything in this schema and no other.

    Each transaction is told it, in the message that begins it. COPY needs a transaction that has begun.
    """

    quoted = '"' + schema_name.replace('"', '""') + '"'

    class CursorInSchema(cursor):  # type: ignore[misc]
        transaction_settings = {"search_path": quoted}  # noqa: RUF012 - never changed

        def execute(self, query: str | bytes | Composable, vars: Any = None) -> None:
            if self.connection.info.transaction_status == TRANSACTION_STATUS_IDLE:
                told = f"SET LOCAL search_path TO {quoted}; "
                query, vars = told.encode() + self.mogrify(query, vars), None
            super().execute(query, vars)

    return CursorInSchema
