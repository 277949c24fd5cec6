"""The port to the storage of the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from thai_chat.domain.audit import AuditEntry, AuditQuery


class AuditStore(Protocol):
    """Keeps the entries of the audit log. All methods raise HistoryUnavailable in an outage."""

    async def add(self, entries: Sequence[AuditEntry]) -> None:
        """Store entries; those that are stored already are passed over."""

    async def page(self, query: AuditQuery) -> Sequence[AuditEntry]:
        """Return entries, newest first."""

    async def forget(self, before: datetime) -> int:
        """Delete entries from before a time, and return how many they were."""
