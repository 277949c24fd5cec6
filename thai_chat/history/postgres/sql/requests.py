"""Connections that carry statements out for one person, which each transaction is told in the message that begins it.

It is told by `set_config`, and for the transaction alone: what is set for a session stays with the server's connection,
which a pooler in transaction mode gives to others next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from psycopg2.extensions import TRANSACTION_STATUS_IDLE, connection, cursor
from psycopg2.sql import Composable

USER = "app.user_id"
NOBODY = ""
"""Whose rows are none."""


class RequestConnection(connection):  # type: ignore[misc]
    """A `connection_factory`. Made for the server's own work."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.transaction_settings: Mapping[str, str] = {}
        """The role and the person of all transactions from now on; nothing for the server's own work."""


class RequestCursor(cursor):  # type: ignore[misc]
    """A `cursor_factory` of a `RequestConnection`."""

    @property
    def transaction_settings(self) -> Mapping[str, str]:
        settings: Mapping[str, str] = self.connection.transaction_settings
        return settings

    def execute(self, query: str | bytes | Composable, vars: Any = None) -> None:
        settings = self.connection.transaction_settings
        if settings and self.connection.get_transaction_status() == TRANSACTION_STATUS_IDLE:
            query, vars = _told(self, settings) + b"; " + self.mogrify(query, vars), None
        super().execute(query, vars)


@contextmanager
def carried_out_as(raw: Any, role: Mapping[str, str], user_id: str) -> Iterator[None]:
    """Carry statements out as the role and for the person, on psycopg2's connection outside of a transaction.

    Without a role, that is without settings of it, nothing is told.
    """
    before = raw.transaction_settings
    raw.transaction_settings = {**role, USER: user_id} if role else {}
    try:
        yield
    finally:
        raw.transaction_settings = before


@contextmanager
def for_person(raw: Any, user_id: str) -> Iterator[None]:
    """Carry statements of a request for several people out for this one of them, outside of a transaction."""
    with carried_out_as(raw, raw.transaction_settings, user_id):
        yield


@contextmanager
def planned_with(raw: Any, settings: Mapping[str, str]) -> Iterator[None]:
    """Plan a request's statements with these settings, on psycopg2's connection outside of a transaction.

    The server's own are planned as they are.
    """
    before = raw.transaction_settings
    raw.transaction_settings = {**before, **settings} if before else before
    try:
        yield
    finally:
        raw.transaction_settings = before


@contextmanager
def servers_own(cursor: Any) -> Iterator[None]:
    """Carry statements of a request out as the server's own, which sees all rows; in a transaction too."""
    raw = cursor.connection
    settings = raw.transaction_settings
    is_inside = settings and raw.get_transaction_status() != TRANSACTION_STATUS_IDLE
    if is_inside:
        cursor.execute("SELECT set_config('role', 'none', true)")
    raw.transaction_settings = {}
    try:
        yield
    finally:
        raw.transaction_settings = settings
    if is_inside:
        cursor.execute(_told(cursor, settings))


def _told(cursor: Any, settings: Mapping[str, str]) -> bytes:
    calls = ", ".join("set_config(%s, %s, true)" for _ in settings)
    told: bytes = cursor.mogrify(f"SELECT {calls}", [part for pair in settings.items() for part in pair])
    return told
