"""Webhooks and their outbox, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection

from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.webhook_errors import WebhookNotFound
from thai_chat.domain.webhooks import DueDelivery, TryOutcome, Webhook, WebhookChange, WebhookDelivery
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.server import Server
from thai_chat.history.postgres.sql import webhook_outbox, webhooks

Result = TypeVar("Result")


class PostgresWebhooks:
    """A `WebhookStore`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def add(self, webhook: Webhook, *, most: int) -> Webhook:
        return await self._run(webhook.user_id, lambda connection: webhooks.add(connection, webhook, most))

    async def of(self, user_id: str) -> Sequence[Webhook]:
        return await self._run(user_id, lambda connection: webhooks.of(connection, user_id))

    async def find(self, user_id: str, webhook_id: UUID) -> Webhook | None:
        return await self._run(user_id, lambda connection: webhooks.find(connection, user_id, webhook_id))

    async def change(self, user_id: str, webhook_id: UUID, change: WebhookChange) -> Webhook | None:
        return await self._run(user_id, lambda connection: webhooks.change(connection, user_id, webhook_id, change))

    async def renew(self, webhook: Webhook, *, secret_hash: bytes, previous_until: datetime) -> Webhook | None:
        return await self._run(
            webhook.user_id, lambda connection: webhooks.renew(connection, webhook, secret_hash, previous_until)
        )

    async def delete(self, user_id: str, webhook_id: UUID) -> bool:
        return await self._run(user_id, lambda connection: webhooks.remove(connection, user_id, webhook_id))

    async def deliveries(self, user_id: str, webhook_id: UUID, *, limit: int) -> Sequence[WebhookDelivery]:
        return await self._run(user_id, lambda connection: webhooks.deliveries(connection, user_id, webhook_id, limit))

    async def ping(self, webhook: Webhook, *, lease_s: float) -> DueDelivery:
        due = await self._run(webhook.user_id, lambda connection: webhook_outbox.ping(connection, webhook, lease_s))
        if due is None:
            raise WebhookNotFound
        return due

    async def _run(self, user_id: str, work: Callable[[Connection], Result]) -> Result:
        return await self._server.run(work, user_id=user_id)


class PostgresWebhookOutbox:
    """A `WebhookOutbox`. Looking into it is no use of the database by anybody, and where it fails that is no outage."""

    def __init__(self, now: Callable[[], Database | None]) -> None:
        """Take what tells the database that serves; None while there is none."""
        self._now = now

    async def claim(self, *, limit: int, each: int, busy: Collection[UUID], lease_s: float) -> Sequence[DueDelivery]:
        return await self._run(lambda connection: webhook_outbox.claim(connection, limit, each, busy, lease_s))

    async def note(self, due: DueDelivery, outcome: TryOutcome) -> WebhookDelivery | None:
        return await self._run(lambda connection: webhook_outbox.note(connection, due, outcome))

    async def tell_of_left(self, *, stale_s: float) -> int:
        return await self._run(lambda connection: webhook_outbox.tell_of_left(connection, stale_s))

    async def forget(self, *, ended_before: datetime, waiting_before: datetime) -> int:
        return await self._run(lambda connection: webhook_outbox.forget(connection, ended_before, waiting_before))

    async def _run(self, work: Callable[[Connection], Result]) -> Result:
        database = self._now()
        if database is None:
            raise HistoryUnavailable("PostgreSQL is away")
        return await database.run(work)
