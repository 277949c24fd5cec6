"""The whole tree of errors: every class, in whichever module of the domain it stands."""

from __future__ import annotations

from collections.abc import Iterator

from thai_chat.domain import (  # noqa: F401 - a class is in the tree once its module is imported
    account_errors,
    addition_errors,
    backend_errors,
    openai_errors,
    openid_errors,
    relay_errors,
    repeating_errors,
    sent_errors,
    share_errors,
    temporary_errors,
    webhook_errors,
)
from thai_chat.domain.errors import ThaiChatError


def kinds(kind: type[ThaiChatError] = ThaiChatError) -> Iterator[type[ThaiChatError]]:
    """Yield a class of errors and all below it."""
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)
