"""The tables of accounts, and of what people have besides their chats: links, limits, webhooks."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from thai_chat.domain.messages import (
    BACKEND_CHARS,
    MODEL_CHARS,
    USER_CHARS,
)
from thai_chat.history.postgres.sql.table_parts import NO_JSON, TIME, metadata

_OF_ACCOUNT = "chat_accounts.account_id"

chat_accounts = Table(
    "chat_accounts",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    # The owner of what the person keeps, in the tables above; `local` of who took over what was there before.
    Column("user_id", String(USER_CHARS), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("name_key", String(400), nullable=False, unique=True),
    Column("display_name", String(100), nullable=False),
    Column("role", String(20), nullable=False),
    Column("password_hash", Text),
    Column("language", String(10)),
    Column("created_at", TIME, nullable=False, server_default=func.now()),
    Column("disabled_at", TIME),
    Column("adopted_at", TIME),
    CheckConstraint("role IN ('user', 'administrator')", name="role"),
)
chat_identities = Table(
    "chat_identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("account_id", Uuid, ForeignKey(_OF_ACCOUNT, ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", TIME, nullable=False, server_default=func.now()),
)
chat_sign_ins = Table(
    "chat_sign_ins",
    metadata,
    Column("sign_in_id", Uuid, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("account_id", Uuid, ForeignKey(_OF_ACCOUNT, ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", TIME, nullable=False),
    Column("used_at", TIME, nullable=False),
    Column("expires_at", TIME, nullable=False),
    Column("browser", Text, nullable=False, server_default=text("''")),
    Column("address", Text, nullable=False, server_default=text("''")),
)
chat_keys = Table(
    "chat_keys",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("account_id", Uuid, ForeignKey(_OF_ACCOUNT, ondelete="CASCADE"), nullable=False, index=True),
    Column("key_name", String(100), nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("expires_at", TIME),
    Column("used_at", TIME),
)
# Links that are good for one use: for the first administrator, for somebody new, or for a new password.
chat_invitations = Table(
    "chat_invitations",
    metadata,
    Column("invitation_id", Uuid, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("purpose", String(20), nullable=False),
    Column("role", String(20), nullable=False),
    Column("name", String(100)),
    Column("account_id", Uuid, ForeignKey(_OF_ACCOUNT, ondelete="CASCADE"), index=True),
    Column("created_by", Uuid),
    Column("created_at", TIME, nullable=False),
    Column("expires_at", TIME, nullable=False),
    Column("used_at", TIME),
    Column("used_by", Uuid),
    CheckConstraint("purpose IN ('first', 'invite', 'reset')", name="purpose"),
)
chat_quotas = Table(
    "chat_quotas",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("quotas", JSONB, nullable=False, server_default=NO_JSON),
    CheckConstraint("kind IN ('role', 'account', 'key')", name="kind"),
)
chat_usage = Table(
    "chat_usage",
    metadata,
    Column("user_id", String(USER_CHARS), primary_key=True),
    Column("key_id", String(40), primary_key=True, server_default=text("''")),
    Column("day", Date, primary_key=True),
    Column("replies", Integer, nullable=False, server_default=text("0")),
    Column("tokens", BigInteger, nullable=False, server_default=text("0")),
    Column("cost_usd", Numeric(15, 9), nullable=False, server_default=text("0")),
)
# Models that not everybody may use, and who may.
chat_model_rules = Table(
    "chat_model_rules",
    metadata,
    Column("backend", String(BACKEND_CHARS), primary_key=True),
    Column("model", String(MODEL_CHARS), primary_key=True),
    Column("roles", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("accounts", ARRAY(Uuid), nullable=False, server_default=text("'{}'::uuid[]")),
)
chat_shares = Table(
    "chat_shares",
    metadata,
    Column("share_id", Uuid, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("user_id", String(USER_CHARS), nullable=False),
    Column("session_id", Uuid, ForeignKey("chat_sessions.session_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("snapshot", JSONB, nullable=False),
    Column("password_hash", Text),
    Column("created_at", TIME, nullable=False),
    Column("expires_at", TIME),
    Column("revoked_at", TIME),
    Column("views", Integer, nullable=False, server_default=text("0")),
    Column("viewed_at", TIME),
)
Index("chat_shares_user_id_idx", chat_shares.c.user_id, chat_shares.c.created_at)
# No foreign key: an entry outlives whom it is about.
chat_audit = Table(
    "chat_audit",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("at", TIME, nullable=False),
    Column("action", String(50), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("account_id", Uuid),
    Column("name", String(100)),
    Column("key_id", String(40)),
    Column("target", String(255)),
    Column("address", Text, nullable=False, server_default=text("''")),
    Column("details", JSONB, nullable=False, server_default=NO_JSON),
)
Index("chat_audit_at_idx", chat_audit.c.at, chat_audit.c.entry_id)
# What is told of a person's sessions to programs, and to whom. A secret is derived from a number; its hash is kept.
chat_webhooks = Table(
    "chat_webhooks",
    metadata,
    Column("webhook_id", Uuid, primary_key=True),
    Column("user_id", String(USER_CHARS), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("name", String(100), nullable=False, server_default=text("''")),
    Column("events", ARRAY(Text), nullable=False),
    Column("include_content", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", TIME, nullable=False, server_default=func.now()),
    # Replies that their process left behind before are not told of.
    Column("told_since", TIME, nullable=False, server_default=func.now()),
    Column("secret_number", Integer, nullable=False, server_default=text("1")),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("previous_until", TIME),
    Column("disabled_at", TIME),
    Column("disabled_by", String(20)),
    Column("given_up", Integer, nullable=False, server_default=text("0")),
)
# No foreign key to what it is about: that may be gone before it is told. `next_at` is empty once it has ended.
chat_webhook_deliveries = Table(
    "chat_webhook_deliveries",
    metadata,
    Column("delivery_id", Uuid, primary_key=True),
    Column("webhook_id", Uuid, ForeignKey("chat_webhooks.webhook_id", ondelete="CASCADE"), nullable=False),
    Column("user_id", String(USER_CHARS), nullable=False),
    Column("event", String(50), nullable=False),
    Column("session_id", Uuid),
    Column("message_id", Uuid),
    Column("data", JSONB, nullable=False, server_default=NO_JSON),
    Column("created_at", TIME, nullable=False, server_default=func.now()),
    Column("state", String(20), nullable=False, server_default=text("'waiting'")),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("next_at", TIME, server_default=func.now()),
    Column("ended_at", TIME),
    Column("status_code", Integer),
    Column("problem", String(50)),
    CheckConstraint("state IN ('waiting', 'delivered', 'failed', 'dropped')", name="state"),
)
Index(
    "chat_webhook_deliveries_webhook_id_idx",
    chat_webhook_deliveries.c.webhook_id,
    chat_webhook_deliveries.c.created_at,
)
Index(
    "chat_webhook_deliveries_next_at_idx",
    chat_webhook_deliveries.c.next_at,
    postgresql_where=text("next_at IS NOT NULL"),
)
Index("chat_webhook_deliveries_ended_at_idx", chat_webhook_deliveries.c.ended_at)
