"""The ports to what links to snapshots need: their storage, and the hashing of their passwords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from thai_chat.domain.shares import ListedShare, Share, Snapshot


class ShareStore(Protocol):
    """Keeps links by the hash of their token. All methods raise HistoryUnavailable in an outage."""

    async def add(self, share: Share, token_hash: bytes, snapshot: Snapshot) -> bool:
        """Store a new link; False where there is one with its id. Raises SessionNotFound when its session is gone
        meanwhile."""

    async def made(self, user_id: str, share_id: UUID) -> tuple[Share, bytes] | None:
        """Return a person's link, even one that is over, and the hash of its token; None where there is none."""

    async def of(self, user_id: str) -> Sequence[ListedShare]:
        """Return a person's links with the names that their sessions have now, the newest first."""

    async def open_count(self, user_id: str, now: datetime) -> int:
        """Return how many links of a person are neither over nor revoked."""

    async def revoke(self, user_id: str, share_id: UUID, at: datetime) -> bool:
        """End a link and forget what it led to; False when the person has no such link. Once it is over that is no
        change."""

    async def forget(self, user_id: str, before: datetime) -> int:
        """Delete a person's links that ended before a time, and return how many they were."""

    async def find(self, token_hash: bytes, now: datetime) -> Share | None:
        """Return the link.

        None when there is none, it is over or revoked, its session is deleted or in the trash, or its owner's account
        is disabled.
        """

    async def snapshot(self, share_id: UUID) -> Snapshot | None:
        """Return what a link leads to; None when it is gone."""

    async def count_views(self, views: Mapping[UUID, int], at: datetime) -> None:
        """Add views to links."""


class PasswordHasher(Protocol):
    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""

    async def verify(self, password: str, password_hash: str) -> bool:
        """Tell whether it is the password."""
