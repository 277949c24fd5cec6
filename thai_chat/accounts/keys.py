"""API keys: making and revoking them, and who asks by one."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from thai_chat.accounts.audit import Audit
from thai_chat.domain.account_errors import (
    KeyNotFound,
    NotAdministrator,
    SignInNeeded,
    SignInUnavailable,
)
from thai_chat.domain.accounts import person_of_account
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import BadInput, HistoryUnavailable, ThaiChatError, trace_of
from thai_chat.domain.invitations import PasswordReset
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.keys import (
    KEY_NAME_CHARS,
    MOST_KEYS,
    ApiKey,
    KeyText,
    StoredKey,
    is_key_id,
    key_text_of,
    new_key_text,
    person_of_key,
    read_key,
)
from thai_chat.domain.once import OnceKeys
from thai_chat.domain.people import Person, Scope
from thai_chat.domain.ports.keys import KeyStore

logger = logging.getLogger(__name__)

REMEMBERED = timedelta(seconds=5)
"""So long a key that was looked up counts as good; in an outage until PostgreSQL is back."""
_NOTED = timedelta(minutes=1)
"""The use of a key is noted once in this time."""
_WAIT_S = 1.0
"""A request with a key that is remembered waits no longer: a server that hangs is as good as away."""
_MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class _GoodKey:
    """A key that was good when it was looked up."""

    person: Person
    key: ApiKey
    asked_at: datetime
    noted_at: datetime | None = None


class ApiKeys:
    """The use cases of API keys. `start` it before use and `close` it after."""

    def __init__(
        self,
        store: KeyStore,
        audit: Audit,
        once: OnceKeys | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._clock = clock
        self._once = once or OnceKeys()
        self._store = store
        self._audit = audit
        self._known: dict[bytes, _GoodKey] = {}
        self._changes = 0
        """How often keys were forgotten: what was looked up before that is not believed."""
        self._used: dict[str, datetime] = {}
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def make(
        self,
        person: Person,
        *,
        name: str,
        scopes: Sequence[Scope],
        lasts: timedelta | None = None,
        address: str = "",
        idempotency_key: str | None = None,
    ) -> tuple[ApiKey, KeyText]:
        """Make a key for a person, and return it with its text, which is kept nowhere.

        `lasts` is how long it is good, None: until it is revoked. The same request with the same idempotency key gets
        the same one. Raises BadInput, NotAdministrator, TooManyKeys, KeyReused, AlreadyMade.
        """
        if not scopes:
            raise BadInput(fields="scopes")
        if Scope.ADMIN in scopes and not person.is_administrator:
            raise NotAdministrator
        now, name = self._clock(), _checked_name(name)
        meaning: JsonObject = {
            "name": name,
            "scopes": sorted(scopes),
            "lasts": lasts.total_seconds() if lasts else None,
        }
        once = self._once.of(person, idempotency_key, made="key", meaning=meaning)
        text = key_text_of(once.id, once.secret(now)) if once else new_key_text()
        key = ApiKey(
            key_id=text.key_id,
            account_id=_account_id(person),
            key_name=name,
            scopes=tuple(scope for scope in Scope if scope in scopes),
            created_at=now,
            expires_at=now + lasts if lasts else None,
        )
        stored, stored_hash = await self._store.add(key, text.secret_hash, most=MOST_KEYS)
        if once and stored.created_at != now:
            text = key_text_of(once.id, once.secret(stored.created_at))
            is_same = hmac.compare_digest(text.secret_hash, stored_hash)
            once.require_told(stored.created_at, now, is_same=is_same, shown_id=stored.key_id)
            return stored, text
        details = {"scopes": key.scopes, "expires_at": key.expires_at.isoformat() if key.expires_at else None}
        self._audit.note(Action.KEY_MADE, who=person, target=key.key_id, address=address, details=details)
        return key, text

    async def of(self, person: Person) -> Sequence[ApiKey]:
        """Return a person's keys, the newest first."""
        return await self._store.of(_account_id(person))

    async def revoke(self, person: Person, key_id: str, *, address: str = "") -> None:
        """Delete a key of a person: here it is over at once, in other processes a few seconds later.

        Raises KeyNotFound.
        """
        if not (is_key_id(key_id) and await self._store.delete(_account_id(person), key_id)):
            raise KeyNotFound
        self._forget(lambda known: known.key.key_id == key_id)
        self._audit.note(Action.KEY_REVOKED, who=person, target=key_id, address=address)

    async def end_with(self, reset: PasswordReset, *, address: str = "") -> None:
        """Have the keys that ended with a password be good for nothing here too, and note it."""
        self.forget(reset.account.account_id)
        who = person_of_account(reset.account)
        for key_id in reset.ended_keys:
            self._audit.note(Action.KEY_REVOKED, who=who, target=key_id, address=address)

    def forget(self, account_id: UUID) -> None:
        """Look all keys of an account up again: it has changed."""
        self._forget(lambda known: known.key.account_id == account_id)

    async def person(self, text: str, now: datetime | None = None) -> Person:
        """Return who asks by a key.

        Raises SignInNeeded when it is none, is over, or its account is disabled, and SignInUnavailable in an outage
        for one that is not remembered.
        """
        now = now or datetime.now(UTC)
        parts = read_key(text)
        if parts is None:
            raise SignInNeeded
        place = hashlib.sha256(text.encode()).digest()
        known = self._known.get(place)
        if known is None or now - known.asked_at >= REMEMBERED:
            known = await self._look_up(place, parts, known, now)
        if known.key.is_over(now):
            self._known.pop(place, None)
            raise SignInNeeded
        self._note_use(known, now)
        return known.person

    def start(self) -> None:
        """Begin to note the use of keys."""
        self._task = asyncio.create_task(self._note_uses(), name="keys")

    async def close(self) -> None:
        """Safe to call twice."""
        if self._task:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    async def _look_up(self, place: bytes, parts: KeyText, known: _GoodKey | None, now: datetime) -> _GoodKey:
        before = known.asked_at if known else now
        if known:
            known.asked_at = now  # others who ask meanwhile get what is known
        try:
            async with asyncio.timeout(_WAIT_S if known else None):
                found = await self._found(parts)
        except (HistoryUnavailable, TimeoutError) as error:
            if known is None:
                raise SignInUnavailable from error
            known.asked_at = before
            return known
        except BaseException:
            if known:
                known.asked_at = before
            raise
        self._known.pop(place, None)
        if found is None or not hmac.compare_digest(found.secret_hash, parts.secret_hash):
            raise SignInNeeded
        person = person_of_key(found.account, found.key)
        good = self._known[place] = _GoodKey(person, found.key, now, known.noted_at if known else None)
        if len(self._known) > _MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
        return good

    async def _found(self, parts: KeyText) -> StoredKey | None:
        """Return what is stored of a key, as it is after all that was revoked here meanwhile."""
        while True:
            changes = self._changes
            found = await self._store.find(parts.key_id)
            if changes == self._changes:
                return found

    def _forget(self, is_meant: Callable[[_GoodKey], bool]) -> None:
        self._changes += 1
        self._known = {place: known for place, known in self._known.items() if not is_meant(known)}

    def _note_use(self, known: _GoodKey, now: datetime) -> None:
        if known.noted_at is None or now - known.noted_at >= _NOTED:
            known.noted_at = now
            self._used[known.key.key_id] = now
            self._woken.set()

    async def _note_uses(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            used, self._used = self._used, {}
            try:
                await self._store.touch(used)
            except ThaiChatError as error:  # it is a hint for their owners, and not worth keeping for later
                logger.info("the use of %d keys is not noted: %s", len(used), error.code)
            except Exception as error:  # noqa: BLE001 - the edge of a background task: nobody else would see it
                logger.error("the use of keys is not noted: %s", type(error).__name__, extra=trace_of(error))


def _account_id(person: Person) -> UUID:
    """Return the account of a person. Raises SignInNeeded for somebody who has none."""
    if person.account_id is None:
        raise SignInNeeded
    return person.account_id


def _checked_name(name: str) -> str:
    plain = unicodedata.normalize("NFC", name).strip()
    if not 0 < len(plain) <= KEY_NAME_CHARS or not plain.isprintable():
        raise BadInput(fields=f"name (1-{KEY_NAME_CHARS})")
    return plain
