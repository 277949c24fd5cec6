"""The body that a receiver is sent: type, time and data, as the Standard Webhooks have them."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

import orjson

from thai_chat.domain.webhooks import DueDelivery


def message_id(delivery_id: UUID) -> str:
    """Return the id that is the same at each try, so that receivers can pass over repetitions."""
    return f"msg_{delivery_id.hex}"


def body_of(due: DueDelivery) -> bytes:
    return orjson.dumps(
        {
            "type": due.event.value,
            "timestamp": due.created_at.astimezone(UTC),
            "data": {**due.data, **due.texts},
        },
        option=orjson.OPT_UTC_Z,
    )
