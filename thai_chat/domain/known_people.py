"""People as administrators see them, and how much belongs to one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from thai_chat.domain.accounts import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPerson:
    """An account as administrators see it."""

    account: Account
    sessions: int
    """How many sessions of the chat they have."""
    last_used_at: datetime | None
    """When a browser or a key of theirs was last seen; None when that is not known any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """How much belongs to somebody, or went from one to another."""

    sessions: int = 0
    messages: int = 0
    presets: int = 0
    shares: int = 0
