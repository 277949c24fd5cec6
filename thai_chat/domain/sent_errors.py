"""Errors of what clients send with a question beside its text."""

from __future__ import annotations

from thai_chat.domain.errors import BadInput


class SentTooMuch(BadInput):
    """More came with a question than can be kept: `params` have the field's `name`, `count` and `limit_kb`."""

    code = "sent_too_much"


class SentUnreadable(BadInput):
    """Something that came with a question can't be kept as it is; `params["name"]` is the field."""

    code = "sent_unreadable"
