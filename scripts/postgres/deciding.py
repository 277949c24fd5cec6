"""The decision on what is to be done on a server: found from what is there, asked of who runs it where somebody else
may lose by it."""

from __future__ import annotations

import hashlib
import re
import secrets
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.postgres import passwords
from scripts.postgres.addresses import Address
from scripts.postgres.clusters import Cluster
from scripts.postgres.looking import Found, look, strange_owners
from thai_chat.commands.terminal import tell
from thai_chat.domain.errors import StartError

NAME = "thai_chat"
_LONGEST = 63
"""PostgreSQL cuts names there."""


@dataclass(frozen=True, slots=True)
class Wish:
    """The wishes that were given on the command line."""

    database: str | None = None
    take_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Nothing in it is done when nothing is True."""

    address: Address
    makes_role: bool = False
    changes_password: bool = False
    unlocks_role: bool = False
    makes_database: bool = False
    gives_database: bool = False


def decide(cluster: Cluster, named: Address | None, wish: Wish, folder: Path) -> Plan:
    """Return the plan. `named` is the database here that `.env` has, working or not. Changes nothing. Raises
    StartError."""
    if named:
        found = look(cluster, named.database, named.role)
        if found.stored is not None and passwords.matches(found.stored, named.role, named.password):
            return Plan(address=named, unlocks_role=not found.may_login, makes_database=found.owner is None)
        if found.is_free:
            password = named.password or new_password()
            return Plan(address=replace(named, password=password), makes_role=True, makes_database=True)
        first, other = found, name_of(folder)
    else:
        first, other = look(cluster, wish.database or NAME, wish.database or NAME), name_of(folder)
        if first.is_free:
            return _new(cluster, first.database)
    is_other_free = wish.database is None and look(cluster, other, other).is_free
    # Where .env names a database, another one in its place would hide the chats in it: that is asked for.
    goes_on = is_other_free and named is None
    if wish.take_over or _is_taken_over(first, other if is_other_free else None, goes_on_alone=goes_on):
        return _taken_over(cluster, first, named)
    return _new(cluster, other)


def name_of(folder: Path) -> str:
    """Return a name for role and database that another clone of this machine does not have."""
    slug = re.sub(r"[^a-z0-9]+", "_", folder.name.lower()).strip("_")
    if slug in ("", NAME):
        slug = hashlib.sha256(str(folder).encode()).hexdigest()[:6]
    return (slug if slug.startswith(f"{NAME}_") else f"{NAME}_{slug}")[:_LONGEST].rstrip("_")


def new_password() -> str:
    return secrets.token_hex(24)


def _new(cluster: Cluster, name: str) -> Plan:
    address = Address(database=name, role=name, password=new_password(), port=cluster.port)
    return Plan(address=address, makes_role=True, makes_database=True)


def _is_taken_over(found: Found, other: str | None, *, goes_on_alone: bool) -> bool:
    """Ask whether to take over what is there; False makes `other` instead. Raises StartError when neither was
    chosen."""
    ways = {"t": f"take {found.database} over: whoever uses it now is shut out until he has the new password"}
    if other:
        ways["m"] = f"make another one, {other}"
    tell(f"  {found.told()}")
    if sys.stdin.isatty() and sys.stdout.isatty():
        for key, way in ways.items():
            tell(f"    {key}  {way}")
        answer = input(f"  Which? [{'/'.join(ways)}, anything else stops here] ").strip().lower()
        if answer in ways:
            return answer == "t"
        raise StartError("Stopped; nothing was changed.")
    if goes_on_alone:
        tell(f"  So another one is made, {other}. --take-over would take {found.database} over.")
        return False
    raise StartError(
        f"Nothing was changed. ./manage.sh setup-postgres --take-over would {ways['t']}; "
        f"--database {other or 'NAME'} would make another one."
    )


def _taken_over(cluster: Cluster, found: Found, named: Address | None) -> Plan:
    """Return the plan to take over what is there. Raises StartError where more than Thai Chat's own would be
    touched."""
    if found.is_superuser:
        raise StartError(f"{found.role} is a superuser of the server and left alone: --database NAME makes another.")
    others = [found.owner] if found.owner not in (None, found.role, cluster.owner) else []
    if found.owner is not None:
        others += strange_owners(cluster, found)
    if others:
        raise StartError(f"{found.database} belongs to {others[0]} and is left alone: --database NAME makes another.")
    address = named or Address(database=found.database, role=found.role, password="", port=cluster.port)
    return Plan(
        address=replace(address, password=new_password()),
        makes_role=found.stored is None,
        changes_password=found.stored is not None,
        makes_database=found.owner is None,
        gives_database=found.owner not in (None, found.role),
    )
