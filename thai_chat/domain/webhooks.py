"""Webhooks: addresses of programs that are told what happens in a person's sessions, and what was sent there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from thai_chat.domain.json_types import JsonObject

MOST_WEBHOOKS = 20
"""The most webhooks of one person."""
URL_CHARS = 2_000
WEBHOOK_NAME_CHARS = 100
BOTH_SECRETS_HOLD = timedelta(days=1)
"""After a new secret was made, what is sent is signed with the earlier one too for this long."""
MOST_GIVEN_UP = 10
"""After so many deliveries in a row that were given up the webhook is disabled."""
TRIED_FOR = timedelta(hours=24)
"""The longest time between an event and the last try to tell it."""
DELIVERIES_KEPT = timedelta(days=7)


class WebhookEvent(StrEnum):
    """Everything that can be told."""

    REPLY_FINISHED = "reply.finished"
    """A reply ended, in whatever way: its status says how."""
    SESSION_CREATED = "session.created"
    FEEDBACK_GIVEN = "feedback.given"
    """A reply was rated or preferred, or that was taken back."""
    PING = "ping"
    """A test, by the owner of the webhook."""


TOLD: Sequence[WebhookEvent] = (
    WebhookEvent.REPLY_FINISHED,
    WebhookEvent.SESSION_CREATED,
    WebhookEvent.FEEDBACK_GIVEN,
)
"""The events that a webhook can be for."""


class DisabledBy(StrEnum):
    PERSON = "person"
    FAILURES = "failures"
    GONE = "gone"
    """The receiver answered 410."""


class DeliveryState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    """All tries failed."""
    DROPPED = "dropped"
    """It is not sent any more, because its webhook was disabled or a backup was restored."""


class DeliveryProblem(StrEnum):
    """Why a try failed, or why there is none: the code of a text."""

    UNRESOLVED = "webhook_unresolved"
    UNREACHABLE = "webhook_unreachable"
    TIMEOUT = "webhook_timeout"
    CERTIFICATE = "webhook_certificate"
    REDIRECT = "webhook_redirect"
    STATUS = "webhook_status"
    GONE = "webhook_gone"
    NOT_ALLOWED = "webhook_not_allowed"
    INNER_ADDRESS = "webhook_inner_address"
    SECRET_LOST = "webhook_secret_lost"
    DISABLED = "webhook_disabled"
    RESTORED = "webhook_restored"
    TOO_LATE = "webhook_too_late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    webhook_id: UUID
    user_id: str
    url: str
    name: str
    events: Sequence[WebhookEvent]
    include_content: bool
    """Texts are sent too: those of messages, names of sessions, reasons of ratings."""
    created_at: datetime
    secret_number: int
    """The secret is derived from it; a new one has the next number."""
    secret_hash: bytes
    previous_until: datetime | None = None
    """So long the secret before this one holds too."""
    disabled_at: datetime | None = None
    disabled_by: DisabledBy | None = None
    given_up: int = 0
    """The deliveries in a row that were given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChange:
    """The changes of a webhook; None leaves a thing as it is."""

    url: str | None = None
    name: str | None = None
    events: Sequence[WebhookEvent] | None = None
    include_content: bool | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """One event for one webhook, and what became of it."""

    delivery_id: UUID
    event: WebhookEvent
    created_at: datetime
    state: DeliveryState
    tries: int
    next_at: datetime | None
    """When it is tried next; None when it has ended."""
    ended_at: datetime | None
    status_code: int | None
    """The receiver's last answer."""
    problem: DeliveryProblem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDelivery:
    """A delivery that this process is to try now; nobody else does for a while."""

    delivery_id: UUID
    event: WebhookEvent
    created_at: datetime
    tries: int
    """With the one that is due."""
    data: JsonObject
    texts: JsonObject
    """The texts of people and models, for a webhook that is told it."""
    webhook: Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class TryOutcome:
    """The outcome of one try."""

    state: DeliveryState
    status_code: int | None = None
    problem: DeliveryProblem | None = None
    wait_s: float = 0.0
    """Until the next try, of a delivery that goes on waiting."""
