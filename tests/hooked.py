"""Webhooks over a real PostgreSQL, quick ones, and the signatures of what they send."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from tests.histories import PostgresStores
from tests.standins.receiver import Received, Receiver
from thai_chat.domain.people import LOCAL, Person
from thai_chat.domain.webhook_hosts import WebhookHosts
from thai_chat.domain.webhooks import TOLD, WebhookDelivery
from thai_chat.webhooks.dispatcher import Pace
from thai_chat.webhooks.sender import HttpSender
from thai_chat.webhooks.service import MadeSecret, Webhooks
from thai_chat.webhooks.signing import Signer

KEY = b"k" * 32
QUICK = Pace(look_every_s=0.05, first_pause_s=0.01, upkeep_every_s=0.1)


def person(user_id: str) -> Person:
    return replace(LOCAL, user_id=user_id)


def hooks_of(history: PostgresStores, hosts: Sequence[str], *, timeout_s: float = 10, pace: Pace = QUICK) -> Webhooks:
    allowed = WebhookHosts(hosts)
    storage = history.storage
    sender = HttpSender(allowed, timeout_s=timeout_s)
    return Webhooks(storage.webhooks, storage.webhook_outbox, allowed, Signer(KEY), sender, pace=pace)


@asynccontextmanager
async def sending(history: PostgresStores, *hosts: str, **options: Any) -> AsyncIterator[Webhooks]:
    hooks = hooks_of(history, hosts, **options)
    hooks.start()
    try:
        yield hooks
    finally:
        await hooks.close()


async def made(hooks: Webhooks, user_id: str, receiver: Receiver, **wanted: Any) -> MadeSecret:
    return await hooks.make(person(user_id), **{"url": receiver.url, "events": TOLD, **wanted})


async def deliveries(hooks: Webhooks, hook: MadeSecret) -> Sequence[WebhookDelivery]:
    return await hooks.deliveries(person(hook.webhook.user_id), hook.webhook.webhook_id, limit=100)


def is_signed(received: Received, secret: str) -> bool:
    """Tell whether one of the signatures is the secret's, as the Standard Webhooks describe it."""
    headers = received.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return expected in headers["webhook-signature"].split(" ")
