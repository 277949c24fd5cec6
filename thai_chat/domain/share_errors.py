"""Errors of links to snapshots."""

from __future__ import annotations

from thai_chat.domain.errors import BadInput, NotFound, ThaiChatError


class ShareNotFound(NotFound):
    """There is no such link, or it leads nowhere any more: which of them is not told."""

    code = "share_not_found"


class SharePasswordNeeded(ThaiChatError):
    """The link is for those who know its password."""

    code = "share_password_needed"


class WrongSharePassword(SharePasswordNeeded):
    code = "wrong_share_password"


class BadSharePassword(BadInput):
    """A link's password is shorter than `params["least"]` characters or longer than `params["most"]`."""

    code = "bad_share_password"


class NothingToShare(BadInput):
    """The session has no messages."""

    code = "nothing_to_share"


class ShareTooLarge(ThaiChatError):
    """The branch is larger than a link may show. `params["limit_mb"]` is the most."""

    code = "share_too_large"


class TooManyShares(ThaiChatError):
    """A person has as many open links as they may have, `params["limit"]`."""

    code = "too_many_shares"
