"""All ports of the storage, as a process opens it: each use case is given the one that it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from thai_chat.domain.ports.accounts import AccountStore, SignInStore
from thai_chat.domain.ports.audit import AuditStore
from thai_chat.domain.ports.contexts import ContextStore
from thai_chat.domain.ports.conversation import Conversation
from thai_chat.domain.ports.invitations import InvitationStore
from thai_chat.domain.ports.keys import KeyStore
from thai_chat.domain.ports.people import PeopleStore
from thai_chat.domain.ports.presets import PresetStore
from thai_chat.domain.ports.quotas import ModelRuleStore, QuotaStore
from thai_chat.domain.ports.search import MessageSearch
from thai_chat.domain.ports.shares import ShareStore
from thai_chat.domain.ports.statistics import Counting
from thai_chat.domain.ports.transfer import Transfer
from thai_chat.domain.ports.webhooks import WebhookOutbox, WebhookStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The conversation goes on in an outage; all else is PostgreSQL's, and is refused or narrowed while it is away."""

    conversation: Conversation
    search: MessageSearch
    presets: PresetStore
    statistics: Counting
    accounts: AccountStore
    sign_ins: SignInStore
    keys: KeyStore
    audit: AuditStore
    invitations: InvitationStore
    people: PeopleStore
    quotas: QuotaStore
    model_rules: ModelRuleStore
    shares: ShareStore
    webhooks: WebhookStore
    webhook_outbox: WebhookOutbox
    contexts: ContextStore
    forget_person: Callable[[str], Awaitable[None]]
    """Lets go of what this process holds of the user_id of somebody who is gone for good: in memory, and in what
    PostgreSQL refused."""
    is_temporary: Callable[[UUID], bool]
    """Tells of a session that it is never stored; also when it has ended."""
    transfer: Callable[[], Transfer]
    """Raises HistoryUnavailable while PostgreSQL is away: a part would be taken for the whole. What it gives stays with
    that server to the end of the work."""
