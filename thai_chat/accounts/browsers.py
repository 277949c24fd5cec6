"""Which person a browser's cookie stands for, remembered for a short while so that a request rarely waits for it.

While PostgreSQL is away whoever is remembered stays signed in, however old the memory is, until the session's last day.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any
from uuid import UUID

from thai_chat.accounts.ended import EndedSignIns
from thai_chat.domain.account_errors import SignInUnavailable
from thai_chat.domain.accounts import Account, SignIn, hash_of_token, is_token, person_of_account
from thai_chat.domain.errors import HistoryError, HistoryUnavailable
from thai_chat.domain.people import Person
from thai_chat.domain.ports.accounts import SignInStore

logger = logging.getLogger(__name__)

FRESH_S = 4.0
"""A session that was looked up so long ago is looked up again, beside the request."""
STALE_S = 7.0
"""A request waits for that after so long: who has signed out everywhere is out in ten seconds."""
WAIT_S = 1.0
"""And no longer than this: a server that hangs is as good as away."""
TOUCH_EVERY = timedelta(minutes=1)
MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class _Known:
    """A session as it was looked up last."""

    person: Person
    expires_at: datetime
    used_at: datetime
    touched_at: datetime
    looked_up_at: datetime
    looked_up_at_s: float


def _now() -> datetime:
    return datetime.now(UTC)


class Browsers:
    """Remembers sessions by the hash of their token. `idle` is how long one may be without use."""

    def __init__(
        self,
        store: SignInStore,
        *,
        idle: timedelta,
        now: Callable[[], datetime] = _now,
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_REMEMBERED,
        ended: EndedSignIns | None = None,
    ) -> None:
        self._store = store
        self._idle = idle
        self._now, self._clock = now, clock
        self._most = most
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._looking: dict[bytes, asyncio.Task[_Known | None]] = {}
        self._endings = 0
        """How often sessions have ended here: what was looked up before that is not believed."""
        self._ended = ended or EndedSignIns()
        self._unended: dict[UUID, UUID] = dict(self._ended.all())
        """Sessions that ended while PostgreSQL was away, with their accounts: it does not know that yet."""
        self._work: set[asyncio.Task[None]] = set()

    async def person(self, token: str) -> Person | None:
        """Return who has a token; None for one that is over or never was.

        Raises SignInUnavailable for a session that is not remembered while PostgreSQL is away.
        """
        if not is_token(token):
            return None
        token_hash = hash_of_token(token)
        known = self._remembered(token_hash)
        if known is None:
            try:
                known = await asyncio.shield(self._look(token_hash))
            except HistoryUnavailable as error:
                raise SignInUnavailable from error
        else:
            age_s = self._clock() - known.looked_up_at_s
            if age_s >= FRESH_S:
                looking = self._look(token_hash)
                if age_s >= STALE_S:
                    known = await self._settled(looking, known)
        if known is None:
            return None
        self._note_use(known)
        return known.person

    def end(self, account_id: UUID, sign_in_id: UUID) -> None:
        """Forget a session that is over."""
        self._forget(lambda person: person.account_id == account_id and person.sign_in_id == sign_in_id)

    def end_all(self, account_id: UUID, *, but: UUID | None = None) -> None:
        """Forget the sessions of an account, except one."""
        self._forget(lambda person: person.account_id == account_id and person.sign_in_id != but)

    def renew(self, account_id: UUID) -> None:
        """Look an account up again when it asks next: something of it has changed."""
        for known in self._known.values():
            if known.person.account_id == account_id:
                known.looked_up_at_s = -inf

    async def end_later(self, account_id: UUID, sign_in_id: UUID) -> None:
        """Forget a session whose end PostgreSQL can't be told now; it is told when `end_in_store` is called next, by
        the next process where this one dies before."""
        self._unended[sign_in_id] = account_id
        self.end(account_id, sign_in_id)
        await asyncio.to_thread(self._ended.add, account_id, sign_in_id)

    async def end_in_store(self) -> None:
        """Tell PostgreSQL what ended while it was away. Raises HistoryError."""
        for sign_in_id, account_id in list(self._unended.items()):
            await self._store.end(account_id, sign_in_id)
            self._unended.pop(sign_in_id, None)
            await asyncio.to_thread(self._ended.drop, sign_in_id)

    async def close(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._work, *self._looking.values(), return_exceptions=True)

    def _remembered(self, token_hash: bytes) -> _Known | None:
        known = self._known.get(token_hash)
        if known is None:
            return None
        now = self._now()
        if now >= known.expires_at or now - known.used_at >= self._idle:
            del self._known[token_hash]
            return None
        self._known.move_to_end(token_hash)
        return known

    def _look(self, token_hash: bytes) -> asyncio.Task[_Known | None]:
        """Look a session up; all who ask meanwhile share that."""
        looking = self._looking.get(token_hash)
        if looking is None:
            looking = self._looking[token_hash] = asyncio.create_task(self._look_up(token_hash))
            looking.add_done_callback(lambda task: self._looked(token_hash, task))
        return looking

    def _looked(self, token_hash: bytes, task: asyncio.Task[_Known | None]) -> None:
        if self._looking.get(token_hash) is task:
            del self._looking[token_hash]
        if not task.cancelled():
            task.exception()  # whoever waits has it; nobody may be left who does

    async def _look_up(self, token_hash: bytes) -> _Known | None:
        before = self._known.get(token_hash)
        while True:
            endings = self._endings
            now, clock_s = self._now(), self._clock()
            # Uses of an outage are known here alone.
            idle_since = (before.looked_up_at if before else now) - self._idle
            found = await self._store.find(token_hash, now, idle_since)
            if endings == self._endings:
                break
        if found is None or found[0].sign_in_id in self._unended:
            self._known.pop(token_hash, None)
            return None
        known = self._known[token_hash] = _known(*found, now, clock_s, before)
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        return known

    async def _settled(self, looking: asyncio.Task[_Known | None], remembered: _Known) -> _Known | None:
        try:
            async with asyncio.timeout(WAIT_S):
                return await asyncio.shield(looking)
        except (TimeoutError, HistoryError):
            return remembered

    def _note_use(self, known: _Known) -> None:
        now = known.used_at = self._now()
        if now - known.touched_at >= TOUCH_EVERY:
            known.touched_at = now
            self._do(self._touch(known.person, now))

    async def _touch(self, person: Person, at: datetime) -> None:
        if person.sign_in_id:
            await self._store.touch(person.sign_in_id, at)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_quietly(work))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def _forget(self, is_over: Callable[[Person], bool]) -> None:
        self._endings += 1
        for token_hash in [key for key, known in self._known.items() if is_over(known.person)]:
            del self._known[token_hash]


def _known(sign_in: SignIn, account: Account, now: datetime, clock_s: float, before: _Known | None) -> _Known:
    used_at = max(sign_in.used_at, before.used_at) if before else sign_in.used_at
    return _Known(
        person=person_of_account(account, sign_in.sign_in_id),
        expires_at=sign_in.expires_at,
        used_at=used_at,
        touched_at=max(sign_in.used_at, before.touched_at) if before else sign_in.used_at,
        looked_up_at=now,
        looked_up_at_s=clock_s,
    )


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    """Await what may fail without harm: it is tried again."""
    try:
        await work
    except HistoryError as error:
        logger.debug("a session's use was not noted: %s", error.code)
