"""Secrets of webhooks, which are derived and never stored, and the signatures of the Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from thai_chat.domain.webhook_errors import WebhookSecretLost
from thai_chat.domain.webhooks import Webhook

_PREFIX = "whsec_"


class Signer:
    """Makes secrets out of the key of this installation: whoever has that key alone can sign."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def secret(self, webhook_id: UUID, number: int) -> bytes:
        return hmac.digest(self._key, f"{webhook_id} {number}".encode(), "sha256")

    def headers(self, webhook: Webhook, message_id: str, body: bytes, at: datetime) -> Mapping[str, str]:
        """Return the headers by which a receiver knows the sender. Raises WebhookSecretLost when the secret that was
        shown can't be made any more."""
        secrets = [self.secret(webhook.webhook_id, webhook.secret_number)]
        if not hmac.compare_digest(hash_of(secrets[0]), webhook.secret_hash):
            raise WebhookSecretLost
        if webhook.previous_until and at < webhook.previous_until:
            secrets.append(self.secret(webhook.webhook_id, webhook.secret_number - 1))
        timestamp = str(int(at.timestamp()))
        signed = f"{message_id}.{timestamp}.".encode() + body
        signatures = [base64.b64encode(hmac.digest(secret, signed, "sha256")).decode() for secret in secrets]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
        }


def hash_of(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def shown(secret: bytes) -> str:
    """Return a secret as its owner copies it."""
    return _PREFIX + base64.b64encode(secret).decode()
