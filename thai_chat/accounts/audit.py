"""The audit log: who did what and when, told by those who do it and kept in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import isfinite
from pathlib import Path
from uuid import UUID, uuid4

from thai_chat.accounts.audit_file import AuditFile
from thai_chat.domain.audit import MOST_ENTRIES, Action, AuditEntry, AuditQuery, Detail
from thai_chat.domain.errors import HistoryUnavailable, trace_of
from thai_chat.domain.people import Person
from thai_chat.domain.ports.audit import AuditStore

logger = logging.getLogger(__name__)

MOST_WAITING = 20_000
"""Entries that wait in memory for PostgreSQL; the file has those that are too many."""
_RETRY_S = 2.0
_CLEANING_S = 6 * 3600.0
_LAST_WRITE_S = 3.0
"""How long `close` waits for PostgreSQL."""
_CHARS = {"outcome": 20, "name": 100, "key_id": 40, "target": 255, "address": 100}
_DETAIL_CHARS = 500
_MOST_DETAILS = 100
_LARGEST = 2**53
"""The largest number that every reader of JSON reads as it is."""


class Audit:
    """`note` may be called before `start` and in an outage: entries wait, and each is stored once.

    `close` stores what can be stored.
    """

    def __init__(
        self,
        store: AuditStore,
        *,
        folder: Path | None = None,
        kept: timedelta = timedelta(days=365),
        most_waiting: int = MOST_WAITING,
        retry_s: float = _RETRY_S,
    ) -> None:
        self._store = store
        self._file = AuditFile(folder) if folder else None
        self._kept = kept
        self._most_waiting = most_waiting
        self._retry_s = retry_s
        self._unwritten: list[AuditEntry] = []
        self._waiting: dict[UUID, AuditEntry] = {}
        self._woken = asyncio.Event()
        self._writing = asyncio.Lock()
        self._cleaned_at: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Return how many entries PostgreSQL does not have yet."""
        return len(self._waiting)

    def note(
        self,
        action: Action,
        *,
        who: Person | None = None,
        name: str = "",
        outcome: str = "done",
        target: str = "",
        address: str = "",
        details: Mapping[str, Detail] | None = None,
    ) -> None:
        """Keep what somebody has done or tried. It never raises, and waits for neither disk nor database.

        `name` is for somebody who is not signed in, and else the person's. Nothing given may be a text of a message, a
        password, a token or the secret of a key.
        """
        texts = {"outcome": outcome, "name": name or (who.name if who else ""), "target": target, "address": address}
        texts["key_id"] = who.key_id if who else ""
        entry = AuditEntry(
            entry_id=uuid4(),
            at=datetime.now(UTC),
            action=action,
            account_id=who.account_id if who else None,
            details={_plain(key, 60): _detail(value) for key, value in (details or {}).items()},
            **{field: _plain(text, _CHARS[field]) for field, text in texts.items()},
        )
        if self._file:
            self._unwritten.append(entry)
        self._waiting[entry.entry_id] = entry
        if len(self._waiting) > self._most_waiting:
            del self._waiting[next(iter(self._waiting))]
        self._woken.set()

    async def page(self, query: AuditQuery) -> Sequence[AuditEntry]:
        """Return entries, newest first, with all that has been noted until now. Raises HistoryUnavailable."""
        await self.flush()
        return await self._store.page(query)

    async def flush(self) -> None:
        """Write what waits to the file, and store it unless PostgreSQL is away."""
        async with self._writing:
            await self._append()
            with suppress(HistoryUnavailable):
                while self._waiting:
                    await self._store_batch(list(islice(self._waiting.values(), MOST_ENTRIES)))

    async def clean(self) -> None:
        """Delete what is too old, unless that was done some hours ago; in an outage later."""
        now = datetime.now(UTC)
        if self._cleaned_at and now < self._cleaned_at + timedelta(seconds=_CLEANING_S):
            return
        if self._file:
            with suppress(OSError):
                await asyncio.to_thread(self._file.forget, now - self._kept)
        with suppress(HistoryUnavailable):
            if deleted := await self._store.forget(now - self._kept):
                logger.info("%d entries of the audit log were too old and are deleted", deleted)
            self._cleaned_at = now

    def start(self) -> None:
        """Begin to keep what is noted, and to delete what is too old."""
        self._task = asyncio.create_task(self._keep(), name="audit")

    async def close(self) -> None:
        """Keep what is noted until now, and stop. Safe to call twice."""
        if self._task:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WRITE_S):
                await self.flush()

    async def _take_up(self) -> None:
        """Let what the file has of an earlier process be stored: most of it is stored already, and passed over."""
        if self._file:
            try:
                recent = await asyncio.to_thread(self._file.recent, datetime.now(UTC) - self._kept)
            except OSError as error:
                logger.warning("the audit log's file can't be read: %s", error.strerror)
                return
            room = max(0, self._most_waiting - len(self._waiting))
            self._waiting = {**{entry.entry_id: entry for entry in recent[-room:] if room}, **self._waiting}
            self._woken.set()

    async def _keep(self) -> None:
        await self._take_up()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._retry_s if self._waiting else _CLEANING_S):
                    await self._woken.wait()
            self._woken.clear()
            try:
                await self.flush()
                await self.clean()
            except Exception as error:  # noqa: BLE001 - the edge of a background loop: the next entry gets another try
                logger.error("the audit log could not be kept: %s", type(error).__name__, extra=trace_of(error))

    async def _append(self) -> None:
        entries, self._unwritten = self._unwritten, []
        if self._file and entries:
            try:
                await asyncio.to_thread(self._file.append, entries)
            except OSError as error:
                logger.error("%d entries of the audit log are not in its file: %s", len(entries), error.strerror)

    async def _store_batch(self, entries: Sequence[AuditEntry]) -> None:
        try:
            await self._store.add(entries)
        except HistoryUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the edge of a background loop: one entry must not keep others back
            if len(entries) > 1:
                for entry in entries:
                    await self._store_batch([entry])
                return
            logger.error("an entry of the audit log is in its file alone: %s", type(error).__name__)
        for entry in entries:
            self._waiting.pop(entry.entry_id, None)


def _plain(text: object, most: int) -> str:
    """Return text that a file and PostgreSQL can hold."""
    return str(text).replace("\0", "").encode("utf-8", "replace").decode()[:most]


def _detail(value: object) -> Detail:
    """Return what a file and PostgreSQL can hold, of whatever was given."""
    match value:
        case None | bool():
            return value
        case int():
            return max(-_LARGEST, min(value, _LARGEST))
        case float() if isfinite(value):
            return value
        case list() | tuple():
            return [_plain(one, _DETAIL_CHARS) for one in value[:_MOST_DETAILS]]
        case _:
            return _plain(value, _DETAIL_CHARS)
