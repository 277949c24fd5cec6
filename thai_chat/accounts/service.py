"""The use cases of accounts, as the gate and the API have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from thai_chat.accounts.audit import Audit
from thai_chat.domain.ports.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRules:
    """Rules from the settings."""

    ways: Sequence[str] = ("password",)
    """How people sign in: password, oidc."""
    sign_up: str = "invitation"
    """Who may make an account: off, invitation, open."""
    longest: timedelta = timedelta(days=30)
    """After this a session is over, whatever was done in it."""
    idle: timedelta = timedelta(days=7)
    """After this without use a session is over."""
    admin_reads_chats: bool = False
    audit_folder: Path | None = None
    """The folder of the audit log's file; None: there is no file."""
    audit_kept: timedelta = timedelta(days=365)
    """After this an entry of the audit log is deleted."""


class Accounts:
    """All use cases, over one storage. `start` it before use and `close` it after."""

    def __init__(self, storage: Storage, rules: AccountRules) -> None:
        self.storage = storage
        self.rules = rules
        self.audit = Audit(storage.audit, folder=rules.audit_folder, kept=rules.audit_kept)

    def start(self) -> None:
        """Begin what runs in the background."""
        self.audit.start()

    async def close(self) -> None:
        """End what runs in the background. Safe to call twice."""
        await self.audit.close()
