"""The entries of the audit log: who did what and when, and never a text, a password or a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

Detail = str | int | float | bool | None | Sequence[str]
MOST_ENTRIES = 500
"""The largest page of the log, and the largest batch that is stored at once."""


class Action(StrEnum):
    """Everything that the log has entries for."""

    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    SIGN_INS_ENDED = "sign_ins_ended"
    """Somebody ended sessions of theirs in other browsers."""
    SIGN_UP = "sign_up"
    IDENTITY_ADDED = "identity_added"
    IDENTITY_REMOVED = "identity_removed"
    """Somebody can sign in to their account by an OpenID provider from now on."""
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_RESET = "password_reset"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    ACCOUNT_DELETED = "account_deleted"
    ROLE_CHANGED = "role_changed"
    NAME_CHANGED = "name_changed"
    CHATS_TAKEN_OVER = "chats_taken_over"
    """All that was there before accounts became the first administrator's, or was given back."""
    INVITATION_MADE = "invitation_made"
    INVITATION_REVOKED = "invitation_revoked"
    KEY_MADE = "key_made"
    KEY_REVOKED = "key_revoked"
    SHARE_MADE = "share_made"
    SHARE_REVOKED = "share_revoked"
    SHARE_CONTINUED = "share_continued"
    WEBHOOK_MADE = "webhook_made"
    WEBHOOK_CHANGED = "webhook_changed"
    WEBHOOK_DELETED = "webhook_deleted"
    WEBHOOK_SECRET_MADE = "webhook_secret_made"
    EXPORT = "export"
    IMPORT = "import"
    SESSION_DELETED = "session_deleted"
    MESSAGE_DELETED = "message_deleted"
    QUOTA_CHANGED = "quota_changed"
    MODEL_RULE_CHANGED = "model_rule_changed"
    PRESET_SHARED = "preset_shared"
    CHATS_READ_BY_ADMINISTRATOR = "chats_read_by_administrator"
    SEARCH_BY_ADMINISTRATOR = "search_by_administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that was done, or tried."""

    entry_id: UUID
    at: datetime
    action: str
    """An `Action`, or one that another version of the program has noted."""
    outcome: str = "done"
    """It is `done`, else a word that says why not, such as an error's code."""
    account_id: UUID | None = None
    """Who did it; None for somebody who is not known."""
    name: str = ""
    """The name of who did it, or the one that was tried, as it was then."""
    key_id: str = ""
    """The public part of the API key by which it was done."""
    target: str = ""
    """The thing that it was done to: an id, or a name."""
    address: str = ""
    details: Mapping[str, Detail] = field(default_factory=dict)
    """Facts beside it: ids, counts, names of roles and formats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCursor:
    """Where a page of the log ended: the next one has what is older."""

    at: datetime
    entry_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which entries a page of the log has: those that meet all of it, newest first."""

    limit: int = 100
    before: AuditCursor | None = None
    action: Action | None = None
    account_id: UUID | None = None
