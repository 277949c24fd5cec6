"""The use cases of links: making, listing, ending, opening, and going on with one as a session of one's own."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from thai_chat.domain.accounts import hash_of_token, new_token
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Choice
from thai_chat.domain.once import Once, OnceKeys
from thai_chat.domain.people import Person
from thai_chat.domain.ports.shares import PasswordHasher, ShareStore
from thai_chat.domain.ports.transfer import Transfer
from thai_chat.domain.share_errors import (
    BadSharePassword,
    ShareNotFound,
    SharePasswordNeeded,
    TooManyShares,
)
from thai_chat.domain.shares import MOST_SHARES, SHARE_PASSWORD_CHARS, ListedShare, Share, ShareWish, Snapshot
from thai_chat.sharing.continuing import GivenSession, session_of
from thai_chat.sharing.guesses import Guesses
from thai_chat.sharing.page import Frame
from thai_chat.sharing.pages import DrawnPages
from thai_chat.sharing.snapshots import snapshot_of
from thai_chat.sharing.views import Views

_KEPT_FOR = timedelta(days=30)
"""How long a link that is over stays in its owner's list."""
_PATIENCE_S = 10.0
"""How long going on with a link waits for an import that is under way."""
_TOKEN_CHARS = 100
"""More than a token has."""


@dataclass(frozen=True, slots=True)
class MadeShare:
    share: Share
    token: str
    """Nothing keeps it."""
    is_repeated: bool = False
    """An earlier request made it."""


def _now() -> datetime:
    return datetime.now(UTC)


def _meaning(session_id: UUID, wish: ShareWish) -> JsonObject:
    leaf_id = str(wish.leaf_id) if wish.leaf_id else None
    return {**asdict(wish), "leaf_id": leaf_id, "session_id": str(session_id)}


class Shares:
    """Finds nothing that belongs to somebody else, but by a link."""

    def __init__(
        self,
        store: ShareStore,
        transfer: Callable[[], Transfer],
        passwords: PasswordHasher,
        *,
        public_url: str | None = None,
        once: OnceKeys | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.public_url = public_url
        self._once = once or OnceKeys()
        self._store = store
        self._transfer = transfer
        self._passwords = passwords
        self._guesses = Guesses(passwords)
        self._clock = clock
        self._views = Views(store, clock)
        self._pages = DrawnPages()

    async def make(
        self, person: Person, session_id: UUID, wish: ShareWish, *, idempotency_key: str | None = None
    ) -> MadeShare:
        """Return a new link to a snapshot of the session as it is now; the same request with the same idempotency key
        gets the link of before.

        Raises SessionNotFound, MessageNotFound, NothingToShare, ShareTooLarge, TooManyShares, BadSharePassword,
        KeyReused, AlreadyMade.
        """
        least, most = SHARE_PASSWORD_CHARS
        if wish.password is not None and not least <= len(wish.password) <= most:
            raise BadSharePassword(least=least, most=most)
        now = self._clock()
        once = self._once.of(person, idempotency_key, made="share", meaning=_meaning(session_id, wish))
        if once and (known := await self._made(person, once, now)):
            return known
        await self._store.forget(person.user_id, now - _KEPT_FOR)
        if await self._store.open_count(person.user_id, now) >= MOST_SHARES:
            raise TooManyShares(limit=MOST_SHARES)
        snapshot = await snapshot_of(self._transfer(), person.user_id, session_id, wish, now)
        token = once.token(now) if once else new_token()
        share = Share(
            share_id=once.id if once else uuid7(),
            user_id=person.user_id,
            session_id=session_id,
            password_hash=await self._passwords.hash(wish.password) if wish.password is not None else None,
            created_at=now,
            expires_at=None if wish.expires_in_s is None else now + timedelta(seconds=wish.expires_in_s),
        )
        is_new = await self._store.add(share, hash_of_token(token), snapshot)
        if once and not is_new and (known := await self._made(person, once, now)):
            return known
        return MadeShare(share, token)

    async def _made(self, person: Person, once: Once, now: datetime) -> MadeShare | None:
        """Return the link that a repeated request has made. Raises KeyReused, AlreadyMade."""
        found = await self._store.made(person.user_id, once.id)
        if found is None:
            return None
        share, token_hash = found
        token = once.token(share.created_at)
        once.require_told(share.created_at, now, is_same=hmac.compare_digest(hash_of_token(token), token_hash))
        return MadeShare(share, token, is_repeated=share.created_at != now)

    async def of(self, person: Person) -> Sequence[ListedShare]:
        """Return the person's links, the newest first."""
        return await self._store.of(person.user_id)

    async def revoke(self, person: Person, share_id: UUID) -> None:
        """End a link. Raises ShareNotFound."""
        if not await self._store.revoke(person.user_id, share_id, self._clock()):
            raise ShareNotFound

    async def open(self, token: str, *, password: str | None = None, address: str = "") -> Share:
        """Return the link to whoever has it, and knows its password.

        Raises ShareNotFound, SharePasswordNeeded, WrongSharePassword, TooManyAttempts.
        """
        found = await self._store.find(hash_of_token(token), self._clock()) if len(token) <= _TOKEN_CHARS else None
        if found is None:
            raise ShareNotFound
        if found.password_hash is not None:
            if password is None:
                raise SharePasswordNeeded
            await self._guesses.require(found.share_id, found.password_hash, password, address)
        return found

    async def page(self, share: Share, frame: Frame) -> bytes:
        """Return what a link leads to as a page, up to its end. Raises ShareNotFound."""
        kept = self._pages.kept(share.share_id, frame)
        return kept or await self._pages.drawn(share.share_id, frame, await self._snapshot(share))

    def viewed(self, share: Share) -> None:
        """Count a view, soon."""
        self._views.add(share.share_id)

    async def _snapshot(self, share: Share) -> Snapshot:
        snapshot = await self._store.snapshot(share.share_id)
        if snapshot is None:
            raise ShareNotFound
        return snapshot

    async def go_on(
        self, person: Person, choice: Choice, token: str, *, password: str | None = None, address: str = ""
    ) -> UUID:
        """Return a new session of the person's that begins with what a link leads to. Raises as `open` does, and
        ImportStopped where it can't be stored soon."""
        share = await self.open(token, password=password, address=address)
        kept = session_of(await self._snapshot(share), person.user_id, choice, self._clock())
        loop = asyncio.get_running_loop()
        until_s = loop.time() + _PATIENCE_S
        await self._transfer().store(
            person.user_id, GivenSession(kept), told=lambda _: None, is_over=lambda: loop.time() > until_s
        )
        return kept.session.session_id

    async def close(self) -> None:
        """Store what is being written. Safe to call twice."""
        await self._views.close()
