"""Links that are good for one use: for the first administrator, for somebody new, or for a new password."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from thai_chat.domain.accounts import Account
from thai_chat.domain.people import PersonRole


class InvitationPurpose(StrEnum):
    FIRST = "first"
    """Makes the first administrator; it comes from the terminal, and is good while nobody administers."""
    INVITE = "invite"
    """Makes an account."""
    RESET = "reset"
    """Gives an account a new password."""


LASTS = {
    InvitationPurpose.FIRST: timedelta(hours=24),
    InvitationPurpose.INVITE: timedelta(days=7),
    InvitationPurpose.RESET: timedelta(hours=24),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A link as it is kept, which is without its token."""

    invitation_id: UUID
    purpose: InvitationPurpose
    role: PersonRole
    name: str | None = None
    """The name that the account will have, or has; None where it is chosen with the link."""
    account_id: UUID | None = None
    """The account that gets a new password."""
    created_by: UUID | None = None
    """The administrator's account; None of one from the terminal."""
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    used_by: UUID | None = None
    """The account that it made."""


@dataclass(frozen=True, slots=True)
class PasswordReset:
    """An account with its new password, and the API keys that ended with the old one."""

    account: Account
    ended_keys: Sequence[str]
