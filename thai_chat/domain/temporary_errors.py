"""Errors of temporary sessions."""

from __future__ import annotations

from thai_chat.domain.errors import BadInput, ThaiChatError


class AlreadyKept(BadInput):
    """A temporary session was to have the id of one that is stored."""

    code = "already_kept"


class TemporaryOver(ThaiChatError):
    """A question that is to be kept came to a temporary session that has ended."""

    code = "temporary_over"


class TemporaryFull(ThaiChatError):
    """A temporary session takes as much memory as one may; `params["megabytes"]` says how much."""

    code = "temporary_full"


class TemporaryBusy(ThaiChatError):
    """Too many temporary sessions have a reply that grows, or they take too much memory."""

    code = "temporary_busy"
