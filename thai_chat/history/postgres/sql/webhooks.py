"""Webhooks and their deliveries as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from thai_chat.domain.webhook_errors import TooManyWebhooks
from thai_chat.domain.webhooks import (
    DeliveryProblem,
    DeliveryState,
    DisabledBy,
    Webhook,
    WebhookChange,
    WebhookDelivery,
    WebhookEvent,
)
from thai_chat.history.postgres.sql.accounts import transaction
from thai_chat.history.postgres.sql.tables import chat_webhook_deliveries, chat_webhooks

WEBHOOK_FIELDS = [column for column in chat_webhooks.c if column.name != "told_since"]
DELIVERY_FIELDS = [
    column
    for column in chat_webhook_deliveries.c
    if column.name not in ("webhook_id", "user_id", "session_id", "message_id", "data")
]
# Two webhooks of one person come one after the other, so that both are counted.
_TURN = text("SELECT pg_advisory_xact_lock(7862013, hashtext(:user_id))")
_DISABLE_ALL = text(f"""
UPDATE chat_webhooks SET disabled_at = now(), disabled_by = '{DisabledBy.PERSON}'
WHERE user_id = :user_id AND disabled_at IS NULL RETURNING webhook_id""")
_DROP = text("""
UPDATE chat_webhook_deliveries SET state = 'dropped', problem = 'webhook_disabled', next_at = NULL, ended_at = now()
WHERE webhook_id = :webhook_id AND next_at IS NOT NULL""")


def add(connection: Connection, webhook: Webhook, most: int) -> Webhook:
    """Store a new webhook and return it; where there is one with its id, that one. Raises TooManyWebhooks."""
    with transaction(connection):
        connection.execute(_TURN, {"user_id": webhook.user_id})
        if known := find(connection, webhook.user_id, webhook.webhook_id):
            return known
        mine = select(func.count()).select_from(chat_webhooks).where(chat_webhooks.c.user_id == webhook.user_id)
        if connection.execute(mine).scalar_one() >= most:
            raise TooManyWebhooks(limit=most)
        connection.execute(insert(chat_webhooks).values(_row_of(webhook)).on_conflict_do_nothing())
    return webhook


def of(connection: Connection, user_id: str) -> Sequence[Webhook]:
    columns = chat_webhooks.c
    query = select(*WEBHOOK_FIELDS).where(columns.user_id == user_id)
    ordered = query.order_by(columns.created_at.desc(), columns.webhook_id)
    return [webhook_of(row) for row in connection.execute(ordered)]


def find(connection: Connection, user_id: str, webhook_id: UUID) -> Webhook | None:
    query = select(*WEBHOOK_FIELDS).where(*_own(user_id, webhook_id))
    row = connection.execute(query).first()
    return webhook_of(row) if row else None


def change(connection: Connection, user_id: str, webhook_id: UUID, change: WebhookChange) -> Webhook | None:
    columns = chat_webhooks.c
    given = {name: value for name, value in asdict(change).items() if value is not None and name != "enabled"}
    values: dict[str, Any] = {"events": columns.events, **given}
    if "events" in given:
        values["events"] = [str(event) for event in given["events"]]
    if change.enabled:
        now = func.now()
        values |= {"disabled_at": None, "disabled_by": None, "given_up": 0, "told_since": now}
    elif change.enabled is False:
        values |= {
            "disabled_at": func.coalesce(columns.disabled_at, func.now()),
            "disabled_by": func.coalesce(columns.disabled_by, DisabledBy.PERSON.value),
        }
    with transaction(connection):
        changed = update(chat_webhooks).where(*_own(user_id, webhook_id)).values(values).returning(*WEBHOOK_FIELDS)
        row = connection.execute(changed).first()
        if row and change.enabled is False:
            drop_waiting(connection, webhook_id)
    return webhook_of(row) if row else None


def renew(connection: Connection, webhook: Webhook, secret_hash: bytes, previous_until: datetime) -> Webhook | None:
    renewed = (
        update(chat_webhooks)
        .where(
            *_own(webhook.user_id, webhook.webhook_id),
            chat_webhooks.c.secret_number == webhook.secret_number,
        )
        .values(secret_number=webhook.secret_number + 1, secret_hash=secret_hash, previous_until=previous_until)
        .returning(*WEBHOOK_FIELDS)
    )
    row = connection.execute(renewed).first()
    return webhook_of(row) if row else None


def remove(connection: Connection, user_id: str, webhook_id: UUID) -> bool:
    return bool(connection.execute(delete(chat_webhooks).where(*_own(user_id, webhook_id))).rowcount)


def deliveries(connection: Connection, user_id: str, webhook_id: UUID, limit: int) -> Sequence[WebhookDelivery]:
    columns = chat_webhook_deliveries.c
    query = (
        select(*DELIVERY_FIELDS)
        .where(columns.webhook_id == webhook_id, columns.user_id == user_id)
        .order_by(columns.created_at.desc(), columns.delivery_id)
        .limit(limit)
    )
    return [delivery_of(row) for row in connection.execute(query)]


def disable_all(connection: Connection, user_id: str) -> None:
    """Disable a person's webhooks, and end what waits for them."""
    for webhook_id in connection.execute(_DISABLE_ALL, {"user_id": user_id}).scalars().all():
        drop_waiting(connection, webhook_id)


def drop_waiting(connection: Connection, webhook_id: UUID) -> None:
    """End what waits for a webhook that is disabled."""
    connection.execute(_DROP, {"webhook_id": webhook_id})


def webhook_of(row: Row[Any] | Sequence[Any]) -> Webhook:
    values = dict(zip((column.name for column in WEBHOOK_FIELDS), row, strict=True))
    known = {str(event) for event in WebhookEvent}
    return Webhook(
        **{
            **values,
            # Another version may know more of them.
            "events": tuple(WebhookEvent(event) for event in values["events"] if event in known),
            "secret_hash": bytes(values["secret_hash"]),
            "disabled_by": DisabledBy(values["disabled_by"]) if values["disabled_by"] else None,
        }
    )


def delivery_of(row: Row[Any] | Sequence[Any]) -> WebhookDelivery:
    values = dict(zip((column.name for column in DELIVERY_FIELDS), row, strict=True))
    return WebhookDelivery(
        **{
            **values,
            "event": WebhookEvent(values["event"]),
            "state": DeliveryState(values["state"]),
            "problem": DeliveryProblem(values["problem"]) if values["problem"] else None,
        }
    )


def _own(user_id: str, webhook_id: UUID) -> tuple[Any, Any]:
    return chat_webhooks.c.user_id == user_id, chat_webhooks.c.webhook_id == webhook_id


def _row_of(webhook: Webhook) -> Mapping[str, Any]:
    return {**asdict(webhook), "events": [str(event) for event in webhook.events]}
