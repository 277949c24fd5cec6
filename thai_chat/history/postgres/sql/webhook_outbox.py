"""The outbox of webhooks: what is due is taken, tried and noted, by several processes beside each other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from thai_chat.domain.webhooks import (
    MOST_GIVEN_UP,
    DeliveryProblem,
    DeliveryState,
    DisabledBy,
    DueDelivery,
    TryOutcome,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
)
from thai_chat.history.postgres.sql import webhooks
from thai_chat.history.postgres.sql.accounts import transaction

_MOST_LOOKED_AT = 500
_WEBHOOK = ", ".join(f"w.{column.name}" for column in webhooks.WEBHOOK_FIELDS)
_DELIVERY = ", ".join(column.name for column in webhooks.DELIVERY_FIELDS)

# A claim is a lease: whoever dies with it leaves the delivery to others.
_CLAIM = text(f"""
WITH looked_at AS (
    SELECT d.delivery_id, d.webhook_id, d.next_at
    FROM chat_webhook_deliveries d JOIN chat_webhooks w USING (webhook_id)
    WHERE d.next_at <= now() AND w.disabled_at IS NULL AND d.webhook_id <> ALL (cast(:busy AS uuid[]))
        AND NOT EXISTS (SELECT FROM chat_accounts a WHERE a.user_id = d.user_id AND a.disabled_at IS NOT NULL)
    ORDER BY d.next_at LIMIT {_MOST_LOOKED_AT}
), due AS (
    SELECT delivery_id, row_number() OVER (PARTITION BY webhook_id ORDER BY next_at) AS number FROM looked_at
), mine AS (
    SELECT d.delivery_id FROM chat_webhook_deliveries d
    WHERE d.delivery_id IN (SELECT delivery_id FROM due WHERE number <= :each) AND d.next_at <= now()
    ORDER BY d.next_at LIMIT :limit FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE chat_webhook_deliveries d SET tries = d.tries + 1, next_at = now() + make_interval(secs => :lease_s)
    FROM mine WHERE d.delivery_id = mine.delivery_id
    RETURNING d.delivery_id, d.webhook_id, d.event, d.created_at, d.tries, d.data, d.session_id, d.message_id
)
SELECT c.delivery_id, c.event, c.created_at, c.tries, c.data,
    CASE WHEN NOT w.include_content THEN '{{}}'::jsonb
        WHEN c.event = 'session.created' THEN jsonb_build_object('session_name', s.session_name)
        WHEN c.event = 'reply.finished' THEN jsonb_build_object('question', q.content, 'content', m.content)
        WHEN c.data ->> 'kind' = 'rating' THEN jsonb_build_object('reason', m.metadata #> '{{rating,reason}}')
        WHEN c.data ->> 'kind' = 'preference' THEN jsonb_build_object('reason', m.metadata #> '{{vote,reason}}')
        ELSE '{{}}'::jsonb END,
    {_WEBHOOK}
FROM claimed c JOIN chat_webhooks w USING (webhook_id)
LEFT JOIN chat_sessions s ON w.include_content AND s.session_id = c.session_id
LEFT JOIN chat_messages m ON w.include_content AND m.message_id = c.message_id AND m.deleted_at IS NULL
LEFT JOIN chat_messages q ON q.message_id = m.parent_id AND q.deleted_at IS NULL
ORDER BY c.created_at""")

_NOTE = text(f"""
UPDATE chat_webhook_deliveries SET state = cast(:state AS text), status_code = cast(:status_code AS int),
    problem = cast(:problem AS text),
    next_at = CASE WHEN cast(:is_over AS bool) THEN NULL ELSE now() + make_interval(secs => :wait_s) END,
    ended_at = CASE WHEN cast(:is_over AS bool) THEN now() END
WHERE delivery_id = :delivery_id AND next_at IS NOT NULL RETURNING {_DELIVERY}""")
_TAKEN = text("UPDATE chat_webhooks SET given_up = 0 WHERE webhook_id = :webhook_id AND given_up > 0")
_GIVEN_UP = text(f"""
UPDATE chat_webhooks SET given_up = given_up + 1,
    disabled_at = CASE WHEN :is_gone OR given_up + 1 >= {MOST_GIVEN_UP} THEN coalesce(disabled_at, now())
        ELSE disabled_at END,
    disabled_by = CASE WHEN :is_gone THEN coalesce(disabled_by, '{DisabledBy.GONE}')
        WHEN given_up + 1 >= {MOST_GIVEN_UP} THEN coalesce(disabled_by, '{DisabledBy.FAILURES}') ELSE disabled_by END
WHERE webhook_id = :webhook_id RETURNING disabled_at IS NOT NULL""")

# What grows has a sign of life every few seconds. Whoever has it may come back late, and then tells the true end.
_LEFT = text("""
INSERT INTO chat_webhook_deliveries (delivery_id, webhook_id, user_id, event, session_id, message_id, data)
SELECT gen_random_uuid(), w.webhook_id, w.user_id, 'reply.finished', m.session_id, m.message_id,
    chat_webhooks_reply(m) || jsonb_build_object('status', 'interrupted')
FROM chat_webhooks w JOIN chat_sessions s ON s.user_id = w.user_id AND s.updated_at > now() - interval '1 day'
JOIN chat_messages m ON m.session_id = s.session_id AND m.message_order > s.message_count - 8
WHERE w.disabled_at IS NULL AND 'reply.finished' = ANY (w.events) AND m.role = 'assistant'
    AND m.status IN ('streaming', 'interrupted') AND m.checkpointed_at >= w.told_since
    AND m.checkpointed_at < now() - make_interval(secs => :stale_s)
    AND NOT EXISTS (SELECT FROM chat_webhook_deliveries d
        WHERE d.webhook_id = w.webhook_id AND d.message_id = m.message_id AND d.event = 'reply.finished')""")
_ALONE = text("SELECT pg_try_advisory_xact_lock(7862014)")

_FORGET = text("DELETE FROM chat_webhook_deliveries WHERE ended_at < :ended_before")
_LATE = text(f"""
UPDATE chat_webhook_deliveries SET state = '{DeliveryState.FAILED}', ended_at = now(), next_at = NULL,
    problem = coalesce(problem, '{DeliveryProblem.TOO_LATE}')
WHERE next_at IS NOT NULL AND created_at < :waiting_before""")

_PING = text(f"""
INSERT INTO chat_webhook_deliveries (delivery_id, webhook_id, user_id, event, tries, next_at)
SELECT :delivery_id, webhook_id, user_id, '{WebhookEvent.PING}', 1, now() + make_interval(secs => :lease_s)
FROM chat_webhooks WHERE webhook_id = :webhook_id AND user_id = :user_id RETURNING created_at""")

RESTORED = f"""
UPDATE chat_webhook_deliveries SET state = '{DeliveryState.DROPPED}', ended_at = now(), next_at = NULL,
    problem = '{DeliveryProblem.RESTORED}' WHERE next_at IS NOT NULL;
UPDATE chat_webhooks SET told_since = now()"""
"""Run by a restore: nothing of before it is sent again."""


def claim(
    connection: Connection, limit: int, each: int, busy: Collection[UUID], lease_s: float
) -> Sequence[DueDelivery]:
    values = {"limit": limit, "each": each, "busy": [str(one) for one in busy], "lease_s": lease_s}
    return [
        DueDelivery(
            delivery_id=row[0],
            event=WebhookEvent(row[1]),
            created_at=row[2],
            tries=row[3],
            data=row[4],
            texts=row[5],
            webhook=webhooks.webhook_of(row[6:]),
        )
        for row in connection.execute(_CLAIM, values)
    ]


def note(connection: Connection, due: DueDelivery, outcome: TryOutcome) -> WebhookDelivery | None:
    values: dict[str, Any] = {
        "delivery_id": due.delivery_id,
        "state": outcome.state,
        "status_code": outcome.status_code,
        "problem": outcome.problem,
        "is_over": outcome.state is not DeliveryState.WAITING,
        "wait_s": outcome.wait_s,
    }
    of = {"webhook_id": due.webhook.webhook_id}
    is_gone = outcome.problem is DeliveryProblem.GONE
    with transaction(connection):
        row = connection.execute(_NOTE, values).first()
        if row and outcome.state is DeliveryState.DELIVERED:
            connection.execute(_TAKEN, of)
        # A test that fails is no reason to disable anything, unless the receiver says that it is gone.
        counts = outcome.state is DeliveryState.FAILED and (is_gone or due.event is not WebhookEvent.PING)
        if row and counts and connection.execute(_GIVEN_UP, {**of, "is_gone": is_gone}).scalar():
            webhooks.drop_waiting(connection, due.webhook.webhook_id)
    return webhooks.delivery_of(row) if row else None


def tell_of_left(connection: Connection, stale_s: float) -> int:
    with transaction(connection):
        if not connection.execute(_ALONE).scalar():
            return 0
        return connection.execute(_LEFT, {"stale_s": stale_s}).rowcount


def forget(connection: Connection, ended_before: datetime, waiting_before: datetime) -> int:
    late = connection.execute(_LATE, {"waiting_before": waiting_before}).rowcount
    return late + connection.execute(_FORGET, {"ended_before": ended_before}).rowcount


def ping(connection: Connection, webhook: Webhook, lease_s: float) -> DueDelivery | None:
    delivery_id = uuid4()
    values = {"delivery_id": delivery_id, "webhook_id": webhook.webhook_id, "user_id": webhook.user_id}
    row = connection.execute(_PING, {**values, "lease_s": lease_s}).first()
    if row is None:
        return None
    return DueDelivery(
        delivery_id=delivery_id,
        event=WebhookEvent.PING,
        created_at=row[0],
        tries=1,
        data={"webhook_id": str(webhook.webhook_id)},
        texts={},
        webhook=webhook,
    )
