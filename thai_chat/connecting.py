"""Who may connect to the page at all, by the settings and by what this machine tells (decision 0043)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thai_chat.domain.local_users import local_users
from thai_chat.domain.socket_owners import Way, way
from thai_chat.settings import Settings

if TYPE_CHECKING:
    from thai_chat.gate.guests import Guests


def is_checked(settings: Settings) -> bool:
    """Tell whether accounts of this machine are to be told apart: where nobody signs in, and only it can connect."""
    return settings.is_local and not settings.has_accounts


def guests_of(settings: Settings) -> Guests | None:
    """Return whose connections are answered; None: everybody's who can connect. Raises StartError."""
    users = local_users(settings.allow_local_users) if is_checked(settings) else None
    found_by = way() if users else Way.NONE
    if users is None or found_by is Way.NONE:
        return None
    from thai_chat.gate.guests import Guests

    return Guests(users, found_by)


def told(settings: Settings, guests: Guests | None) -> str:
    """Return who may connect, for whoever reads the terminal."""
    if settings.has_accounts:
        return "people who sign in"
    if not settings.is_local:
        return "everybody in the network, without sign-in (ALLOW_OPEN_NETWORK)"
    if guests:
        return f"accounts of this machine: {guests.users.named()} (more by ALLOW_LOCAL_USERS)"
    if local_users(settings.allow_local_users) is None:
        return "everybody who has an account of this machine (ALLOW_LOCAL_USERS=*)"
    return "everybody who has an account of this machine, since this system does not tell whose a connection is"
