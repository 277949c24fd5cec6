"""The role that PostgreSQL carries people's requests out as: it owns nothing, and row-level security binds it.

Where the owner of the tables may not make roles, the server's superuser makes it.
"""

from __future__ import annotations

import hashlib

_LONGEST_BYTES = 63
"""PostgreSQL cuts names there."""
_SUFFIX = "_requests"


def name_of(owner: str) -> str:
    """Return the role's name, by that of the owner of the tables."""
    if len(f"{owner}{_SUFFIX}".encode()) <= _LONGEST_BYTES:
        return f"{owner}{_SUFFIX}"
    sum_of_name = hashlib.sha256(owner.encode()).hexdigest()[:8]
    begin = owner.encode()[: _LONGEST_BYTES - len(_SUFFIX) - 9].decode(errors="ignore")
    return f"{begin}_{sum_of_name}{_SUFFIX}"


def statements(owner: str) -> list[str]:
    """Return the statements that make the role, each in one line; they may be repeated."""
    role = name_of(owner)
    return [
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {_literal(role)}) "
        f"THEN CREATE ROLE {_identifier(role)} NOLOGIN; END IF; END $$",
        f"GRANT {_identifier(role)} TO {_identifier(owner)}",
    ]


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
