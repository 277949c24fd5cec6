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


class AlreadyMade(ThaiChatError):
    """A request made `params["id"]` so long ago that its secret is not told again."""

    code = "already_made"


class ChangedMeanwhile(ThaiChatError):
    """A change was made for a version that is not the newest any more."""

    code = "changed_meanwhile"


class BadTag(BadInput):
    """`If-Match` or `If-None-Match` holds no list of entity tags."""

    code = "bad_tag"
