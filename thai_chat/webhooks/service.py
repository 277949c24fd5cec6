"""The use cases of webhooks: what a person sets up, and the sending that goes on in the background."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from thai_chat.domain.errors import BadInput, HistoryUnavailable
from thai_chat.domain.once import TOLD_AGAIN
from thai_chat.domain.people import Person
from thai_chat.domain.ports.webhooks import WebhookOutbox, WebhookSender, WebhookStore
from thai_chat.domain.repeating import id_for
from thai_chat.domain.repeating_errors import AlreadyMade, KeyReused
from thai_chat.domain.webhook_errors import (
    BadWebhookUrl,
    WebhookHostNotAllowed,
    WebhookNotFound,
    WebhooksOff,
)
from thai_chat.domain.webhook_hosts import WebhookHosts
from thai_chat.domain.webhooks import (
    BOTH_SECRETS_HOLD,
    MOST_WEBHOOKS,
    TOLD,
    URL_CHARS,
    WEBHOOK_NAME_CHARS,
    Webhook,
    WebhookChange,
    WebhookDelivery,
    WebhookEvent,
)
from thai_chat.webhooks.dispatcher import Dispatcher, Pace, clean
from thai_chat.webhooks.signing import Signer, hash_of, shown

_PING_LEASE_S = 120.0
_FIRST_NUMBERS = 2**30
"""So many leave room for as many renewals in the column."""
_CLEANING_S = 3600.0


@dataclass(frozen=True, slots=True)
class MadeSecret:
    webhook: Webhook
    secret: str
    """Nothing keeps it."""
    is_repeated: bool = False
    """An earlier request made it."""


def _now() -> datetime:
    return datetime.now(UTC)


class Webhooks:
    """Finds nothing that belongs to somebody else. `start` it before use and `close` it after."""

    def __init__(
        self,
        store: WebhookStore,
        outbox: WebhookOutbox,
        hosts: WebhookHosts,
        signer: Signer,
        sender: WebhookSender | None,
        *,
        pace: Pace | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """Take the hosts that something may be sent to, and the way there; without either nothing is sent."""
        self._store = store
        self._outbox = outbox
        self._hosts = hosts
        self._signer = signer
        self._clock = clock
        self._dispatcher = Dispatcher(outbox, sender, signer, pace=pace) if hosts and sender else None
        self._cleaning: asyncio.Task[None] | None = None

    @property
    def are_on(self) -> bool:
        return self._dispatcher is not None

    def wake(self) -> None:
        """Have what has just been stored told soon. It never waits."""
        if self._dispatcher:
            self._dispatcher.wake()

    def start(self) -> None:
        if self._dispatcher:
            self._dispatcher.start()
        else:
            self._cleaning = asyncio.create_task(self._clean(), name="webhooks cleaning")

    async def close(self) -> None:
        """Safe to call twice."""
        if self._cleaning:
            self._cleaning.cancel()
            await asyncio.wait((self._cleaning,))
            self._cleaning = None
        if self._dispatcher:
            await self._dispatcher.close()

    async def make(
        self,
        person: Person,
        *,
        url: str,
        events: Sequence[WebhookEvent],
        name: str = "",
        include_content: bool = False,
        idempotency_key: str | None = None,
    ) -> MadeSecret:
        """Make a webhook, and return it with its secret; the same request with the same idempotency key gets the one of
        before.

        Raises WebhooksOff, BadWebhookUrl, WebhookHostNotAllowed, BadInput, TooManyWebhooks, KeyReused, AlreadyMade.
        """
        self._require_allowed(url)
        webhook_id, number = uuid7(), 1
        if idempotency_key is not None:
            # One that is made anew after it was deleted has the same id, and must not have the same secret.
            webhook_id = id_for(person.user_id, idempotency_key, made="webhook")
            number = 1 + secrets.randbelow(_FIRST_NUMBERS)
        secret = self._signer.secret(webhook_id, number)
        webhook = Webhook(
            webhook_id=webhook_id,
            user_id=person.user_id,
            url=url,
            name=_checked_name(name),
            events=_checked_events(events),
            include_content=include_content,
            created_at=self._clock(),
            secret_number=number,
            secret_hash=hash_of(secret),
        )
        stored = await self._store.add(webhook, most=MOST_WEBHOOKS)
        is_new = hash_of(secret) == stored.secret_hash
        return MadeSecret(webhook, shown(secret)) if is_new else self._made(webhook, stored)

    def _made(self, wanted: Webhook, stored: Webhook) -> MadeSecret:
        """Return the webhook that a repeated request has made. Raises KeyReused where its settings are not those that
        the request names, AlreadyMade where its secret is not told any more."""
        if any(getattr(wanted, name) != getattr(stored, name) for name in ("url", "name", "include_content")) or (
            set(wanted.events) != set(stored.events)
        ):
            raise KeyReused
        secret = self._signer.secret(stored.webhook_id, stored.secret_number)
        is_old = self._clock() - stored.created_at > TOLD_AGAIN or stored.previous_until is not None
        if is_old or hash_of(secret) != stored.secret_hash:
            raise AlreadyMade(id=str(stored.webhook_id))
        return MadeSecret(stored, shown(secret), is_repeated=True)

    async def of(self, person: Person) -> Sequence[Webhook]:
        """Return a person's webhooks, the newest first."""
        return await self._store.of(person.user_id)

    async def get(self, person: Person, webhook_id: UUID) -> Webhook:
        """Return a webhook of a person. Raises WebhookNotFound."""
        found = await self._store.find(person.user_id, webhook_id)
        if found is None:
            raise WebhookNotFound
        return found

    async def change(self, person: Person, webhook_id: UUID, change: WebhookChange) -> Webhook:
        """Make all of the change or nothing. Raises as `make` does, and WebhookNotFound."""
        if change.url is not None or change.enabled:
            known = await self.get(person, webhook_id)
            self._require_allowed(change.url or known.url)
        checked = WebhookChange(
            url=change.url,
            name=None if change.name is None else _checked_name(change.name),
            events=None if change.events is None else _checked_events(change.events),
            include_content=change.include_content,
            enabled=change.enabled,
        )
        changed = await self._store.change(person.user_id, webhook_id, checked)
        if changed is None:
            raise WebhookNotFound
        return changed

    async def delete(self, person: Person, webhook_id: UUID) -> None:
        """Delete a webhook: what waits for it is told no more. Raises WebhookNotFound."""
        if not await self._store.delete(person.user_id, webhook_id):
            raise WebhookNotFound

    async def renew_secret(self, person: Person, webhook_id: UUID) -> MadeSecret:
        """Give a webhook another secret. Both sign for a day, then the new one alone.

        Raises WebhooksOff, WebhookNotFound.
        """
        if not self.are_on:
            raise WebhooksOff
        known = await self.get(person, webhook_id)
        secret = self._signer.secret(webhook_id, known.secret_number + 1)
        renewed = await self._store.renew(
            known, secret_hash=hash_of(secret), previous_until=self._clock() + BOTH_SECRETS_HOLD
        )
        if renewed is None:
            raise WebhookNotFound
        return MadeSecret(renewed, shown(secret))

    async def deliveries(self, person: Person, webhook_id: UUID, *, limit: int) -> Sequence[WebhookDelivery]:
        """Return what was sent last, and what waits. Raises WebhookNotFound."""
        await self.get(person, webhook_id)
        return await self._store.deliveries(person.user_id, webhook_id, limit=limit)

    async def test(self, person: Person, webhook_id: UUID) -> WebhookDelivery:
        """Send a ping now, once, and return what became of it. Raises WebhooksOff, WebhookNotFound."""
        if self._dispatcher is None:
            raise WebhooksOff
        webhook = await self.get(person, webhook_id)
        noted = await self._dispatcher.attempt(await self._store.ping(webhook, lease_s=_PING_LEASE_S))
        if noted is None:
            raise WebhookNotFound
        return noted

    def _require_allowed(self, url: str) -> None:
        if not self.are_on:
            raise WebhooksOff
        if len(url) > URL_CHARS:
            raise BadWebhookUrl
        try:
            is_allowed = self._hosts.allows(url)
        except ValueError as error:
            raise BadWebhookUrl(str(error)) from None
        if not is_allowed:
            raise WebhookHostNotAllowed

    async def _clean(self) -> None:
        """Delete what an earlier start has left, where nothing is sent any more."""
        while True:
            with suppress(HistoryUnavailable):
                await clean(self._outbox)
            await asyncio.sleep(_CLEANING_S)


def _checked_name(name: str) -> str:
    plain = unicodedata.normalize("NFC", name).strip()
    if len(plain) > WEBHOOK_NAME_CHARS or not plain.isprintable():
        raise BadInput(fields=f"name (≤ {WEBHOOK_NAME_CHARS})")
    return plain


def _checked_events(events: Sequence[WebhookEvent]) -> Sequence[WebhookEvent]:
    found = tuple(event for event in TOLD if event in events)
    if not found:
        raise BadInput(fields="events")
    return found
