"""The facts of a database that an operator wants to know, read without changing anything in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import parse_dsn

from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.searching import IndexProgress
from thai_chat.domain.server_log import ROLE_SETTINGS
from thai_chat.history.postgres import generation, row_security, schema
from thai_chat.history.postgres.row_security import Wall
from thai_chat.history.postgres.search import indexing
from thai_chat.history.postgres.search_path import cursor_in
from thai_chat.history.postgres.sql.rows import STALE

_CONNECT_S = 5
_STATEMENT_MS = 20_000
_SAMPLE = "ข้าวมันไก่"
_LOGGING = "SELECT name FROM unnest(%s, %s) AS wanted (name, value) WHERE current_setting(name, true) <> value"
_FACTS = """
SELECT current_setting('server_version'), current_setting('server_version_num')::int,
       current_setting('server_encoding'), datctype,
       has_schema_privilege(current_schema(), 'CREATE'), pg_is_in_recovery(),
       pg_database_size(pg_database.oid), rolsuper,
       (SELECT count(*) FROM pg_available_extensions WHERE name = 'btree_gin') > 0,
       has_database_privilege(pg_database.oid, 'CREATE'), quote_ident(current_user)
FROM pg_database, pg_roles WHERE datname = current_database() AND rolname = current_user
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    version: str
    """The version for people: servers call themselves 17beta1, 16.4 (Debian 16.4-1) or what their maker likes."""
    version_number: int
    """The number of `server_version_num`: 160004 is 16.4."""
    encoding: str
    ctype: str
    trigrams: bool | None
    """Whether trigrams of Thai work; None when that can't be tried without making the extension."""
    may_create_tables: bool
    may_create_extensions: bool
    has_btree_gin: bool
    user: str
    is_superuser: bool
    is_read_only: bool
    size_bytes: int
    revision: str | None
    """None when the schema has not been made."""
    generation: UUID = generation.ORIGINAL
    sessions: int = 0
    messages: int = 0
    growing: int = 0
    """Replies that a process writes now."""
    cut_off: int = 0
    """Replies that were growing when their process ended; they are shown as interrupted."""
    talkative: Sequence[str] = ()
    """Settings by which the server's log may hold what people wrote (domain/server_log.py)."""
    wall: Wall | None = None
    """The state of row-level security; None where the tables are not those of this version."""
    search: IndexProgress | None = None
    """How far the search index is; None where the schema has none."""


def ask(address: str) -> DatabaseFacts:
    """Return the facts of a database. Raises HistoryUnavailable with the server's own words, which hold no password."""
    try:
        with closing(connect(address)) as connection, connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", (_STATEMENT_MS,))
            cursor.execute(_FACTS)
            version, number, encoding, ctype, tables, recovery, size, superuser, gin, extensions, user = (
                cursor.fetchone()
            )
            found = revision(connection)
            # The tables of a newer version may be others.
            is_known = found is not None and not schema.is_newer(found)
            counts = _counts(connection) if is_known else {}
            return DatabaseFacts(
                version=version.split()[0],
                version_number=number,
                encoding=encoding,
                ctype=ctype,
                trigrams=_trigrams(connection),
                may_create_tables=bool(tables),
                may_create_extensions=extensions,
                has_btree_gin=gin,
                user=user,
                is_superuser=superuser,
                is_read_only=recovery,
                size_bytes=size,
                revision=found,
                generation=generation.read_raw(cursor),
                search=_search_progress(connection) if is_known else None,
                talkative=_talkative(connection),
                wall=row_security.look(cursor) if found == schema.HEAD else None,
                **counts,
            )
    except psycopg2.Error as exc:
        raise HistoryUnavailable(said(exc)) from exc


def place(address: str) -> str:
    """Return the address as people may read it: user, host, port and database, no password."""
    try:
        parts = parse_dsn(address)
    except psycopg2.ProgrammingError:
        return "an address that can't be read"
    host = parts.get("host", "localhost")
    return f"{parts.get('user', '')}@{host}:{parts.get('port', '5432')}/{parts.get('dbname', '')}"


def connect(address: str, *, schema_name: str | None = None) -> Connection:
    """Connect to a database; with `schema_name` everything is made and found in that schema."""
    connection = psycopg2.connect(
        address,
        connect_timeout=_CONNECT_S,
        application_name="thai-chat-operator",
        cursor_factory=cursor_in(schema_name) if schema_name else None,
    )
    connection.set_client_encoding("UTF8")
    return connection


def revision(connection: Connection) -> str | None:
    if not _one(connection, "SELECT count(to_regclass('alembic_version'))"):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT version_num FROM alembic_version")
        row = cursor.fetchone()
        return str(row[0]) if row else None


def _counts(connection: Connection) -> dict[str, int]:
    streaming = "SELECT count(*) FROM chat_messages WHERE status = 'streaming'"
    stale = f"checkpointed_at < clock_timestamp() - {STALE}"
    return {
        "sessions": _one(connection, "SELECT count(*) FROM chat_sessions"),
        "messages": _one(connection, "SELECT count(*) FROM chat_messages"),
        "growing": _one(connection, f"{streaming} AND ({stale}) IS NOT TRUE"),
        "cut_off": _one(connection, f"{streaming} AND {stale}"),
    }


def _search_progress(connection: Connection) -> IndexProgress | None:
    if not _one(connection, "SELECT count(to_regclass('chat_search_backfill'))"):
        return None
    with connection.cursor() as cursor:
        cursor.execute(indexing.PROGRESS)
        done, total, waiting = cursor.fetchone()
        return IndexProgress(done=done, total=total, waiting=waiting)


def _talkative(connection: Connection) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_LOGGING, (list(ROLE_SETTINGS), list(ROLE_SETTINGS.values())))
        return [name for (name,) in cursor.fetchall()]


def _trigrams(connection: Connection) -> bool | None:
    if not _one(connection, "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'"):
        return None
    return bool(_one(connection, "SELECT cardinality(show_trgm(%s))", _SAMPLE))


def _one(connection: Connection, statement: str, *values: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0])


def said(error: psycopg2.Error) -> str:
    """Return what an error says in one line: libpq adds hints below it, and a refused statement its text."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
