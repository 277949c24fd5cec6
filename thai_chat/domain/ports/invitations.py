"""The port to the storage of invitations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from thai_chat.domain.accounts import Account
from thai_chat.domain.invitations import Invitation, PasswordReset


class InvitationStore(Protocol):
    """Keeps invitations by the hash of their token. All methods raise HistoryUnavailable in an outage.

    Whether a link is unknown, used, expired or not good any more for its purpose is not told: all are InvitationOver.
    """

    async def add(self, invitation: Invitation, token_hash: bytes) -> bool:
        """Store a new one; False where there is one with its id, and nothing happens.

        Unused ones that it takes the place of end: of the first administrator, of a reset for the same account, and of
        an invitation by the same name.
        """

    async def made(self, invitation_id: UUID) -> tuple[Invitation, bytes] | None:
        """Return an invitation, even one that is over, and the hash of its token; None where there is none."""

    async def find(self, token_hash: bytes, now: datetime) -> Invitation:
        """Return the one that is good at this time. Raises InvitationOver."""

    async def all(self) -> Sequence[Invitation]:
        """Return those of administrators and of `manage.sh`, used and expired ones too, the newest first."""

    async def end(self, invitation_id: UUID) -> bool:
        """Delete one; False when there is none."""

    async def sign_up(self, token_hash: bytes, now: datetime, make: Callable[[Invitation], Account]) -> Account:
        """Store and return the account that `make` makes by the invitation, which is used by it.

        `make` may be called twice, and in another thread. Raises InvitationOver, NameTaken and AlreadyTakenOver: then
        the invitation stays as it is.
        """

    async def reset(self, token_hash: bytes, now: datetime, password_hash: str) -> PasswordReset:
        """Give the account a new password, and end its sessions and API keys. Raises InvitationOver."""
