"""Accounts and invitations for tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from thai_chat.domain.accounts import Account
from thai_chat.domain.invitations import LASTS, Invitation, InvitationPurpose
from thai_chat.domain.people import PersonRole

ADMINISTRATOR = PersonRole.ADMINISTRATOR


def an_account(name: str = "มะลิ", role: PersonRole = PersonRole.USER, **fields: Any) -> Account:
    account_id = fields.pop("account_id", uuid4())
    values = {
        "account_id": account_id,
        "user_id": str(account_id),
        "name": name,
        "display_name": name,
        "role": role,
        "created_at": datetime.now(UTC),
    }
    return Account(**{**values, **fields})


def an_invitation(purpose: InvitationPurpose = InvitationPurpose.INVITE, **fields: Any) -> Invitation:
    now = fields.pop("created_at", datetime.now(UTC))
    values = {
        "invitation_id": uuid4(),
        "purpose": purpose,
        "role": PersonRole.USER,
        "created_at": now,
        "expires_at": now + LASTS[purpose],
    }
    return Invitation(**{**values, **fields})


def making(name: str, **fields: Any) -> Callable[[Invitation], Account]:
    """Return what makes an account of an invitation."""
    account_id: UUID = uuid4()
    return lambda invitation: an_account(
        invitation.name or name, **{"role": invitation.role, "account_id": account_id, **fields}
    )


def later(**passed: float) -> datetime:
    return datetime.now(UTC) + timedelta(**passed)
