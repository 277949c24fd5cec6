"""When a delivery is tried again, and when no more."""

from __future__ import annotations

import random
from datetime import datetime

from thai_chat.domain.ports.webhooks import Receipt
from thai_chat.domain.webhooks import (
    TRIED_FOR,
    DeliveryProblem,
    DeliveryState,
    DueDelivery,
    TryOutcome,
    WebhookEvent,
)

MOST_TRIES = 10
_FIRST_S = 5.0
_FACTOR = 4.0
_LONGEST_S = 6 * 3600.0
_JITTER = 0.25
_AT_ONCE = (DeliveryProblem.GONE, DeliveryProblem.NOT_ALLOWED, DeliveryProblem.SECRET_LOST)
"""Another try would come to the same."""


def outcome_of(due: DueDelivery, receipt: Receipt, now: datetime, *, first_s: float = _FIRST_S) -> TryOutcome:
    """Return what a try came to: delivered, tried again after a pause, or given up."""
    status_code, problem = receipt.status_code, receipt.problem
    if problem is None:
        return TryOutcome(state=DeliveryState.DELIVERED, status_code=status_code)
    wait_s = max(_pause_s(due.tries, first_s), receipt.retry_after_s or 0.0)
    is_last = problem in _AT_ONCE or due.tries >= MOST_TRIES or due.event is WebhookEvent.PING
    # Compared as seconds: what a receiver asks for may be longer than any date can be.
    if is_last or (now - due.created_at).total_seconds() + wait_s > TRIED_FOR.total_seconds():
        return TryOutcome(state=DeliveryState.FAILED, status_code=status_code, problem=problem)
    return TryOutcome(state=DeliveryState.WAITING, status_code=status_code, problem=problem, wait_s=wait_s)


def _pause_s(tries: int, first_s: float) -> float:
    pause_s = min(first_s * _FACTOR ** (tries - 1), _LONGEST_S)
    return pause_s * random.uniform(1 - _JITTER, 1 + _JITTER)
