"""The port to the storage of API keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from thai_chat.domain.keys import ApiKey, StoredKey


class KeyStore(Protocol):
    """Keeps keys with the hash of their secret. All methods raise HistoryUnavailable in an outage."""

    async def add(self, key: ApiKey, secret_hash: bytes, *, most: int) -> tuple[ApiKey, bytes]:
        """Store a new key, and return it with the hash; where the account has one with that id already, that one.

        Raises TooManyKeys when the account has `most` already, and AccountNotFound.
        """

    async def find(self, key_id: str) -> StoredKey | None:
        """Return a key, also one that has expired; None when there is none, or its account is disabled."""

    async def of(self, account_id: UUID) -> Sequence[ApiKey]:
        """Return an account's keys, the newest first."""

    async def delete(self, account_id: UUID, key_id: str) -> bool:
        """Delete a key of an account; False when there is none."""

    async def touch(self, used: Mapping[str, datetime]) -> None:
        """Note when keys were used last."""
