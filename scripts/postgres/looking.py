"""A look at what a server has under a name already, and whether it would let Thai Chat in: read, never changed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scripts.postgres.clusters import Cluster

_ROLE = """
SELECT rolsuper AS is_superuser, coalesce(rolpassword, '') AS stored,
       rolcanlogin AND (rolvaliduntil IS NULL OR rolvaliduntil > now()) AS may_login
FROM pg_authid WHERE rolname = :'role'"""
_DATABASE = """
SELECT pg_get_userbyid(datdba) AS owner,
       (SELECT count(*) FROM pg_stat_activity WHERE datname = :'database') AS connections
FROM pg_database WHERE datname = :'database'"""
_HAS_CHATS = "SELECT to_regclass('chat_sessions') IS NOT NULL AS has"
_CONTENT = "SELECT count(*) AS sessions, coalesce(max(updated_at)::date::text, '') AS used FROM chat_sessions"
_STRANGE_OWNERS = """
SELECT DISTINCT pg_get_userbyid(relowner) AS owner FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND pg_get_userbyid(relowner) <> :'role'"""
_DOORS = """
SELECT type, database, user_name, address, netmask, auth_method FROM pg_hba_file_rules
WHERE error IS NULL AND type LIKE 'host%' ORDER BY line_number"""
_PASSWORD_METHODS = ("scram-sha-256", "md5", "password", "trust")


@dataclass(frozen=True, slots=True)
class Found:
    """A role and a database. `stored` is None when there is no such role, `owner` when there is no such database."""

    role: str
    database: str
    stored: str | None
    may_login: bool
    is_superuser: bool
    owner: str | None
    connections: int = 0
    sessions: int = 0
    used: str = ""
    """The day of the last change of a session."""

    @property
    def is_free(self) -> bool:
        return self.stored is None and self.owner is None

    def told(self) -> str:
        """Return one sentence for who has to decide whether it may be taken over."""
        if self.owner is None:
            return f"The server has a user {self.role} already, whose password .env does not have."
        has = f"{self.sessions} sessions" + (f", the last used on {self.used}" if self.used else "")
        return f"The server has a database {self.database} already ({has}; {self.connections} connections use it now)."


def look(cluster: Cluster, database: str, role: str) -> Found:
    """Return what the server has under these names. Raises StartError."""
    roles = cluster.rows(_ROLE, role=role)
    databases = cluster.rows(_DATABASE, database=database)
    known = roles[0] if roles else {}
    content: dict[str, Any] = {}
    if databases and cluster.rows(_HAS_CHATS, within=database)[0]["has"]:
        content = cluster.rows(_CONTENT, within=database)[0]
    return Found(
        role=role,
        database=database,
        stored=known.get("stored"),
        may_login=known.get("may_login", False),
        is_superuser=known.get("is_superuser", False),
        **(databases[0] if databases else {"owner": None}),
        **content,
    )


def strange_owners(cluster: Cluster, found: Found) -> list[str]:
    """Return who else owns tables in a database that is there."""
    rows = cluster.rows(_STRANGE_OWNERS, within=found.database, role=found.role)
    return sorted(row["owner"] for row in rows)


def what_keeps_out(cluster: Cluster, database: str, role: str) -> str:
    """Return what the server's files say against a login with a password from this machine, and the cure; empty:
    nothing."""
    shown = cluster.rows("SELECT current_setting('listen_addresses') AS at, current_setting('hba_file') AS hba")[0]
    reload = f"pg_ctlcluster {cluster.version} {cluster.name}"
    if not _listens(shown["at"]):
        return (
            f"PostgreSQL {cluster} listens on {shown['at'] or 'its socket only'}: "
            f"set listen_addresses = 'localhost' in its postgresql.conf, then {reload} restart"
        )
    if _is_let_in(cluster.rows(_DOORS), database, role):
        return ""
    return (
        f"PostgreSQL {cluster} lets nobody in with a password from this machine: put the line "
        f"'host {database} {role} 127.0.0.1/32 scram-sha-256' before all others of {shown['hba']}, then {reload} reload"
    )


def _listens(addresses: str) -> bool:
    return bool({part.strip() for part in addresses.split(",")} & {"*", "localhost", "127.0.0.1", "0.0.0.0"})


def _is_let_in(doors: Iterable[dict[str, Any]], database: str, role: str) -> bool:
    """Tell whether the server lets the role in; it decides by the first line that fits."""
    for door in doors:
        databases, roles = door["database"], door["user_name"]
        is_named = "all" in databases or database in databases or ("sameuser" in databases and database == role)
        # Without the lines for one kind of connection: whether this one is encrypted is known when it is made.
        if door["type"] in ("host", "hostssl") and is_named and ("all" in roles or role in roles) and _is_here(door):
            return door["auth_method"] in _PASSWORD_METHODS
    return False


def _is_here(door: dict[str, Any]) -> bool:
    if door["address"] in ("all", "samehost", "samenet", "localhost"):
        return True
    try:
        network = ipaddress.ip_network(f"{door['address']}/{door['netmask']}")
    except ValueError:
        return False
    return ipaddress.ip_address("127.0.0.1") in network
