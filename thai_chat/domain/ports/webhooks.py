"""The ports to what webhooks need: what a person has set up, the outbox, and the way to a receiver."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from thai_chat.domain.webhooks import (
    DeliveryProblem,
    DueDelivery,
    TryOutcome,
    Webhook,
    WebhookChange,
    WebhookDelivery,
)


class WebhookStore(Protocol):
    """A person's webhooks. All methods raise HistoryUnavailable in an outage."""

    async def add(self, webhook: Webhook, *, most: int) -> Webhook:
        """Store a new webhook and return it; where the person has one with its id, that one. Raises TooManyWebhooks."""

    async def of(self, user_id: str) -> Sequence[Webhook]:
        """Return a person's webhooks, the newest first."""

    async def find(self, user_id: str, webhook_id: UUID) -> Webhook | None: ...

    async def change(self, user_id: str, webhook_id: UUID, change: WebhookChange) -> Webhook | None:
        """Change what is named, and return the webhook; None when the person has no such one.

        What waits for a webhook that is disabled is dropped. One that is enabled again begins anew.
        """

    async def renew(self, webhook: Webhook, *, secret_hash: bytes, previous_until: datetime) -> Webhook | None:
        """Give a webhook its next secret; None when it is gone, or has another secret by now."""

    async def delete(self, user_id: str, webhook_id: UUID) -> bool:
        """Delete a webhook with what waits for it; False when the person has no such one."""

    async def deliveries(self, user_id: str, webhook_id: UUID, *, limit: int) -> Sequence[WebhookDelivery]:
        """Return the last deliveries, the newest first."""

    async def ping(self, webhook: Webhook, *, lease_s: float) -> DueDelivery:
        """Put a test into the outbox, which nobody else tries for a while, and return it."""


class WebhookOutbox(Protocol):
    """Deliveries that wait, those of all people; several processes may take from it. Raises HistoryUnavailable."""

    async def claim(self, *, limit: int, each: int, busy: Collection[UUID], lease_s: float) -> Sequence[DueDelivery]:
        """Return what is due, which nobody else gets for `lease_s`: `each` of a webhook, none of those that are
        busy."""

    async def note(self, due: DueDelivery, outcome: TryOutcome) -> WebhookDelivery | None:
        """Keep what a try came to, and return the delivery as it is now; None when it is gone. Too many failures
        disable the webhook."""

    async def tell_of_left(self, *, stale_s: float) -> int:
        """Put into the outbox that replies were interrupted which their process has left behind; return how many."""

    async def forget(self, *, ended_before: datetime, waiting_before: datetime) -> int:
        """Delete old deliveries, give up those that wait too long, and return how many."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receiver's answer, or why there is no answer."""

    status_code: int | None = None
    problem: DeliveryProblem | None = None
    """None means that it was taken."""
    retry_after_s: float | None = None


class WebhookSender(Protocol):
    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Send it once. It never raises for what a receiver or the network does."""

    async def close(self) -> None: ...
