"""Errors of requests that are sent again, and of changes of what has changed meanwhile."""

from __future__ import annotations

from thai_chat.domain.errors import BadInput, ThaiChatError


class BadKey(BadInput):
    """The header `Idempotency-Key` holds no key."""

    code = "bad_key"


class KeysDiffer(BadInput):
    """A request names two idempotency keys."""

    code = "keys_differ"


class KeyReused(ThaiChatError):
    """An idempotency key came with another request than before."""

    code = "key_reused"
