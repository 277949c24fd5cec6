"""The tables as SQLAlchemy Core sees them; users may query them, so names and types are promises."""

from __future__ import annotations

from thai_chat.history.postgres.sql.chat_tables import (
    DEPT,
    MARKED,
    SHELF,
    chat_message_search,
    chat_messages,
    chat_presets,
    chat_search_backfill,
    chat_search_queue,
    chat_session_search,
    chat_sessions,
    message_contexts,
)
from thai_chat.history.postgres.sql.people_tables import (
    chat_accounts,
    chat_audit,
    chat_identities,
    chat_invitations,
    chat_keys,
    chat_model_rules,
    chat_quotas,
    chat_shares,
    chat_sign_ins,
    chat_usage,
    chat_webhook_deliveries,
    chat_webhooks,
)
from thai_chat.history.postgres.sql.table_parts import metadata

__all__ = [
    "DEPT",
    "MARKED",
    "SHELF",
    "chat_accounts",
    "chat_audit",
    "chat_identities",
    "chat_invitations",
    "chat_keys",
    "chat_message_search",
    "chat_messages",
    "chat_model_rules",
    "chat_presets",
    "chat_quotas",
    "chat_search_backfill",
    "chat_search_queue",
    "chat_session_search",
    "chat_sessions",
    "chat_shares",
    "chat_sign_ins",
    "chat_usage",
    "chat_webhook_deliveries",
    "chat_webhooks",
    "message_contexts",
    "metadata",
]
