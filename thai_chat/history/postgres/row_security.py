"""The second wall: requests are carried out as a role that row-level security binds to the rows of one person.

The policies come with the tables. The role belongs to the server, so it and its rights are made here, as far as the
owner may, and found again by every instance. Where it can't be made requests are carried out as the owner, without the
wall, and `doctor` says so. The wall is against conditions that are forgotten, not against foreign statements: those
could take the owner's role back.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import psycopg2
from sqlalchemy import Connection

from thai_chat.domain import requests_role
from thai_chat.history.postgres.sql import statements

logger = logging.getLogger(__name__)

_ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
RIGHTS: Mapping[str, tuple[str, ...]] = {
    "chat_sessions": _ALL,
    "chat_messages": _ALL,
    "message_contexts": _ALL,
    "chat_presets": _ALL,
    "chat_shares": _ALL,
    "chat_usage": _ALL,
    "chat_webhooks": _ALL,
    "chat_webhook_deliveries": _ALL,
    "chat_message_search": ("SELECT",),
    "chat_session_search": ("SELECT",),
    # Triggers note ids here, which nobody but the indexer reads.
    "chat_search_queue": ("INSERT",),
}
"""The rights of the role by tables; it has none on others. All but the queue have policies."""
SERVERS_OWN = (
    "chat_search_backfill",
    "chat_accounts",
    "chat_identities",
    "chat_sign_ins",
    "chat_keys",
    "chat_invitations",
    "chat_quotas",
    "chat_model_rules",
    "chat_audit",
)
"""The tables that no request reaches: the server's own work looks things up in them."""

# The owner may not, or somebody else makes the same for another database of this server just now.
_REFUSALS = (psycopg2.ProgrammingError, psycopg2.IntegrityError, psycopg2.InternalError)
_LOCK = "SELECT pg_advisory_xact_lock(7862011)"
_OWNER = """
SELECT pg_get_userbyid(c.relowner), n.nspname,
    CASE WHEN n.nspname = current_user THEN
        (SELECT string_agg(quote_ident(s), ', ') FROM unnest(current_schemas(false)) s) END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass('chat_sessions')"""
# Who has the owner's rights is not bound by the policies. The third column is whether the owner may take the role.
_STATE = """
SELECT rolsuper OR rolbypassrls OR pg_has_role(r.oid, (
        SELECT relowner FROM pg_class WHERE oid = 'chat_sessions'::regclass), 'USAGE'),
    has_schema_privilege(r.oid, %(schema)s, 'USAGE') AND (
        SELECT bool_and(has_table_privilege(r.oid, to_regclass(name), right_to))
        FROM unnest(%(tables)s, %(rights)s) AS wanted (name, right_to)),
    pg_has_role(r.oid, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)
FROM pg_roles r WHERE rolname = %(role)s"""


@dataclass(frozen=True, slots=True)
class Wall:
    """The state of the wall in one database."""

    owner: str
    schema: str
    search_path: str | None
    """The schemas where another role would not find the tables by itself."""
    is_role_there: bool = False
    is_bound: bool = False
    """Row-level security binds the role."""
    has_rights: bool = False
    may_be_taken: bool = False

    @property
    def role(self) -> str:
        return requests_role.name_of(self.owner)

    @property
    def stands(self) -> bool:
        return self.is_role_there and self.is_bound and self.has_rights and self.may_be_taken

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings of a transaction by which it is carried out behind the wall; none without a wall."""
        if not self.stands:
            return {}
        return {"role": self.role, **({"search_path": self.search_path} if self.search_path else {})}


def look(cursor: Any) -> Wall | None:
    """Return what there is of the wall; None where there are no tables."""
    cursor.execute(_OWNER)
    row = cursor.fetchone()
    if row is None:
        return None
    owner, schema, search_path = row
    wall = Wall(owner, schema, search_path)
    wanted = [(table, right) for table, rights in RIGHTS.items() for right in rights]
    values = {
        "role": wall.role,
        "schema": wall.schema,
        "tables": [table for table, _ in wanted],
        "rights": [right for _, right in wanted],
    }
    cursor.execute(_STATE, values)
    state = cursor.fetchone()
    if state is None:
        return wall
    is_free, has_rights, may_be_taken = state
    return replace(wall, is_role_there=True, is_bound=not is_free, has_rights=has_rights, may_be_taken=may_be_taken)


def build(connection: Connection) -> Wall | None:
    """Make of the wall what is missing and may be made, on a connection in autocommit, and return what there is then.

    Without effect where it stands; None where there are no tables.
    """
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        wall = look(cursor)
        if wall is None or wall.stands:
            return wall
        cursor.execute(f"{statements.BEGIN}; {_LOCK}")
        build_within(cursor)
        cursor.execute("COMMIT")
        wall = look(cursor)
    if wall and not wall.stands:
        logger.warning("PostgreSQL's second wall between people is missing: ./manage.sh doctor says what to do")
    return wall


def build_within(cursor: Any) -> None:
    """Do what `build` does, in the transaction that is open."""
    wall = look(cursor)
    if wall is None or wall.stands:
        return
    making = [] if wall.may_be_taken else requests_role.statements(wall.owner)
    for made in (making, _grants(wall)):
        cursor.execute("SAVEPOINT thai_chat_wall")
        try:
            for statement in made:
                cursor.execute(statement)
        except _REFUSALS as error:
            logger.debug("the role of requests: %s", error.pgcode)
            cursor.execute("ROLLBACK TO SAVEPOINT thai_chat_wall")
        cursor.execute("RELEASE SAVEPOINT thai_chat_wall")


def _grants(wall: Wall) -> list[str]:
    role, schema = _identifier(wall.role), _identifier(wall.schema)
    tables = [f"GRANT {', '.join(rights)} ON {schema}.{table} TO {role}" for table, rights in RIGHTS.items()]
    return [f"GRANT USAGE ON SCHEMA {schema} TO {role}", *tables]


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
