"""Errors of webhooks."""

from __future__ import annotations

from thai_chat.domain.errors import BadInput, NotFound, ThaiChatError


class WebhookNotFound(NotFound):
    code = "webhook_not_found"


class BadWebhookUrl(BadInput):
    """The address is none that anything can be sent to."""

    code = "bad_webhook_url"


class WebhookHostNotAllowed(BadInput):
    """The settings do not name the host."""

    code = "webhook_host_not_allowed"


class TooManyWebhooks(ThaiChatError):
    code = "too_many_webhooks"


class WebhooksOff(ThaiChatError):
    """The settings name no host that anything may be sent to."""

    code = "webhooks_off"


class WebhookSecretLost(ThaiChatError):
    """This process has another key than the one that the webhook's secret was made from."""

    code = "webhook_secret_lost"
