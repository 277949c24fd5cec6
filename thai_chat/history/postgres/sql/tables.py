"""The tables as SQLAlchemy Core sees them; users may query them, so names and types are promises."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from thai_chat.domain.messages import (
    BACKEND_CHARS,
    DEPT_CHARS,
    FOLDER_CHARS,
    KEY_CHARS,
    MODEL_CHARS,
    SESSION_NAME_CHARS,
    USER_CHARS,
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

_NO_JSON = text("'{}'::jsonb")
_TIME = DateTime(timezone=True)

chat_sessions = Table(
    "chat_sessions",
    metadata,
    Column("session_id", Uuid, primary_key=True),
    Column("user_id", String(USER_CHARS), nullable=False),
    Column("session_name", String(SESSION_NAME_CHARS), nullable=False),
    Column("backend", String(BACKEND_CHARS), nullable=False),
    Column("model", String(MODEL_CHARS), nullable=False),
    Column("created_at", _TIME, nullable=False, server_default=func.now()),
    Column("updated_at", _TIME, nullable=False, server_default=func.now()),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    Column("message_count", Integer, nullable=False, server_default=text("0")),
    # The last message of the branch that is shown. No foreign key: it would check and index every turn's update,
    # while messages only ever go together with their session.
    Column("leaf_id", Uuid),
    # True once a message was put elsewhere than below the newest one. Until then the shown branch is all messages.
    Column("has_branches", Boolean, nullable=False, server_default=text("false")),
    Column("pinned_at", _TIME),
    Column("archived_at", _TIME),
    Column("deleted_at", _TIME),
    Column("branched_from_id", Uuid),
    Column("context_snapshot", JSONB, nullable=False, server_default=_NO_JSON),
    Column("metadata", JSONB, nullable=False, server_default=_NO_JSON),
    Column("options", JSONB, nullable=False, server_default=_NO_JSON),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("folder", String(FOLDER_CHARS)),
    CheckConstraint("message_count >= 0", name="message_count"),
)
# The shelf that a session is on, by `Shelf`'s order.
SHELF = "CASE WHEN deleted_at IS NOT NULL THEN 2 WHEN archived_at IS NOT NULL THEN 1 ELSE 0 END"
# The lists of sessions, newest first, and their cursor. A btree is read backwards as fast as forwards. Each index costs
# the beginning of every turn some microseconds, also where the session is not in it: so there is one for all shelves.
Index(
    "chat_sessions_shelf_idx",
    chat_sessions.c.user_id,
    text(f"({SHELF})"),
    chat_sessions.c.updated_at,
    chat_sessions.c.session_id,
)
Index(
    "chat_sessions_pinned_idx",
    chat_sessions.c.user_id,
    chat_sessions.c.updated_at,
    chat_sessions.c.session_id,
    postgresql_where=text("pinned_at IS NOT NULL"),
)
MARKED = "folder IS NOT NULL OR cardinality(tags) > 0"
Index(
    "chat_sessions_marked_idx",
    chat_sessions.c.user_id,
    chat_sessions.c.updated_at,
    chat_sessions.c.session_id,
    postgresql_where=text(MARKED),
)
# The department that a session's metadata names; an imported session may have anything there.
_IS_DEPT = "jsonb_typeof(metadata -> 'dept_id') = 'string'"
DEPT = f"CASE WHEN {_IS_DEPT} THEN left(metadata ->> 'dept_id', {DEPT_CHARS}) END"
Index(
    "chat_sessions_dept_idx",
    chat_sessions.c.user_id,
    text(f"({DEPT})"),
    chat_sessions.c.updated_at,
    chat_sessions.c.session_id,
    postgresql_where=text(f"({DEPT}) IS NOT NULL"),
)
# Statistics: every session of a user, also bounded by time.
Index("chat_sessions_user_id_idx", chat_sessions.c.user_id, chat_sessions.c.updated_at)

chat_messages = Table(
    "chat_messages",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("session_id", Uuid, ForeignKey("chat_sessions.session_id", ondelete="CASCADE"), nullable=False),
    Column("parent_id", Uuid, ForeignKey("chat_messages.message_id", ondelete="CASCADE")),
    Column("role", String(20), nullable=False),
    Column("content", Text, nullable=False),
    Column("message_order", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("backend", String(BACKEND_CHARS)),
    Column("model", String(MODEL_CHARS)),
    Column("created_at", _TIME, nullable=False, server_default=func.now()),
    Column("prompt_tokens", Integer),
    Column("completion_tokens", Integer),
    Column("first_token_ms", Integer),
    Column("latency_ms", Integer),
    Column("metadata", JSONB, nullable=False, server_default=_NO_JSON),
    # The reply's last sign of life by the database's clock, NULL once its process has finished it: a row that has one
    # can still be finished, whatever its status says meanwhile.
    Column("checkpointed_at", _TIME),
    # The key of a turn is on the question, that of a reply that was asked for again on the reply.
    Column("idempotency_key", String(KEY_CHARS)),
    Column("reasoning_tokens", Integer),
    Column("cost_usd", Numeric(15, 9)),
    # Only of a message that stands elsewhere than below the one with the message_order before its own: that of its
    # parent, or 0 without one. These few rows tell the shape of a session (history/postgres/sql/branches.py).
    Column("parent_order", Integer),
    # The parts of the message, a list, where it is made of more than its content; NULL for plain text.
    Column("parts", JSONB, info={"json": "array"}),
    # 1 or -1 of a reply that was rated; all of the rating is in the metadata.
    Column("rating", SmallInteger),
    Column("deleted_at", _TIME),
    UniqueConstraint("session_id", "message_order"),
    CheckConstraint("role IN ('user', 'assistant', 'system')", name="role"),
    CheckConstraint("status IN ('complete', 'streaming', 'interrupted', 'stopped', 'failed')", name="status"),
    CheckConstraint("message_order > 0", name="message_order"),
    # Checkpoints touch no indexed column; with room in its page the new version of a row stays beside the old one and
    # no index is written (a heap-only update). Only the finish, once a reply, writes its figures into an index too.
    postgresql_with={"fillfactor": 85},
)
# The branches below a message; also what deleting a session asks for each message that goes with it.
Index(None, chat_messages.c.parent_id)
Index(
    "chat_messages_idempotency_key_idx",
    chat_messages.c.session_id,
    chat_messages.c.idempotency_key,
    unique=True,
    postgresql_where=text("idempotency_key IS NOT NULL"),
)

Index(
    "chat_messages_forks_idx",
    chat_messages.c.session_id,
    chat_messages.c.message_order,
    postgresql_include=["parent_order"],
    postgresql_where=text("parent_order IS NOT NULL"),
)

# The few messages that were rated or deleted.
Index(
    "chat_messages_marked_idx",
    chat_messages.c.session_id,
    postgresql_include=["message_id", "rating", "deleted_at"],
    postgresql_where=text("rating IS NOT NULL OR deleted_at IS NOT NULL"),
)

# Statistics: all that is counted of a session's messages, without looking into the messages themselves.
Index(
    "chat_messages_figures_idx",
    chat_messages.c.session_id,
    postgresql_include=[
        "message_id",
        "created_at",
        "role",
        "backend",
        "model",
        "prompt_tokens",
        "completion_tokens",
        "reasoning_tokens",
        "cost_usd",
        "first_token_ms",
        "latency_ms",
    ],
)

chat_presets = Table(
    "chat_presets",
    metadata,
    Column("preset_id", Uuid, primary_key=True),
    Column("user_id", String(USER_CHARS), nullable=False, index=True),
    Column("preset_name", String(SESSION_NAME_CHARS), nullable=False),
    Column("backend", String(BACKEND_CHARS)),
    Column("model", String(MODEL_CHARS)),
    Column("options", JSONB, nullable=False, server_default=_NO_JSON),
    Column("is_default", Boolean, nullable=False, server_default=text("false")),
    Column("is_shared", Boolean, nullable=False, server_default=text("false")),
    Column("updated_at", _TIME, nullable=False, server_default=func.now()),
    CheckConstraint("NOT is_default OR (backend IS NOT NULL AND model IS NOT NULL)", name="default"),
)
Index("chat_presets_shared_idx", chat_presets.c.preset_id, postgresql_where=chat_presets.c.is_shared)
Index(
    "chat_presets_default_idx",
    chat_presets.c.user_id,
    chat_presets.c.backend,
    chat_presets.c.model,
    unique=True,
    postgresql_where=chat_presets.c.is_default,
)

# The texts that are searched stand apart from the messages, so that a growing reply costs them nothing. search_text is
# the folded text as history/postgres/search/keys.py packs it; the index is by what chat_search_keys makes of a row.
chat_message_search = Table(
    "chat_message_search",
    metadata,
    Column("message_id", Uuid, ForeignKey("chat_messages.message_id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", String(USER_CHARS), nullable=False),
    Column("role", String(20)),
    Column("backend", String(BACKEND_CHARS)),
    Column("model", String(MODEL_CHARS)),
    Column("created_at", _TIME, nullable=False),
    # The number of the note that it was indexed by; 0 of what is older than the index.
    Column("version", BigInteger, nullable=False),
    Column("search_text", Text, nullable=False),
)
chat_session_search = Table(
    "chat_session_search",
    metadata,
    Column("session_id", Uuid, ForeignKey("chat_sessions.session_id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", String(USER_CHARS), nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("search_text", Text, nullable=False),
)
for _table, _traits in ((chat_message_search, "role, backend, model"), (chat_session_search, "NULL, NULL, NULL")):
    _id = _table.primary_key.columns[0]
    Index(f"{_table.name}_user_id_idx", _table.c.user_id, _table.c.created_at, _id)
    Index(f"{_table.name}_created_at_idx", _table.c.created_at, _id)
    Index(
        f"{_table.name}_keys_idx",
        text(f"chat_search_keys(user_id, {_traits}, created_at, search_text)"),
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 512},
        _table=_table,
    )

# Messages and sessions that came or changed and are not indexed yet, noted by triggers.
chat_search_queue = Table(
    "chat_search_queue",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("message_id", Uuid),
    Column("session_id", Uuid),
)

# How far the messages that are older than the index have got into it: all with an id from `last_id` on.
chat_search_backfill = Table(
    "chat_search_backfill",
    metadata,
    Column("what", String(20), primary_key=True),
    Column("last_id", Uuid),
    Column("done", BigInteger, nullable=False, server_default=text("0")),
    Column("total", BigInteger, nullable=False),
    Column("is_finished", Boolean, nullable=False),
)

message_contexts = Table(
    "message_contexts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("message_id", Uuid, ForeignKey("chat_messages.message_id", ondelete="CASCADE"), nullable=False),
    Column("doc_id", String(255)),
    Column("content", Text),
    Column("score", Double),
    Column("metadata", JSONB, nullable=False, server_default=_NO_JSON),
)
Index(None, message_contexts.c.message_id)

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
    Column("created_at", _TIME, nullable=False, server_default=func.now()),
    Column("disabled_at", _TIME),
    Column("adopted_at", _TIME),
    CheckConstraint("role IN ('user', 'administrator')", name="role"),
)
chat_identities = Table(
    "chat_identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("account_id", Uuid, ForeignKey(_OF_ACCOUNT, ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", _TIME, nullable=False, server_default=func.now()),
)
chat_sign_ins = Table(
    "chat_sign_ins",
    metadata,
    Column("sign_in_id", Uuid, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("account_id", Uuid, ForeignKey(_OF_ACCOUNT, ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", _TIME, nullable=False),
    Column("used_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
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
    Column("created_at", _TIME, nullable=False),
    Column("expires_at", _TIME),
    Column("used_at", _TIME),
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
    Column("created_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
    Column("used_at", _TIME),
    Column("used_by", Uuid),
    CheckConstraint("purpose IN ('first', 'invite', 'reset')", name="purpose"),
)
chat_quotas = Table(
    "chat_quotas",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("quotas", JSONB, nullable=False, server_default=_NO_JSON),
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
    Column("created_at", _TIME, nullable=False),
    Column("expires_at", _TIME),
    Column("revoked_at", _TIME),
    Column("views", Integer, nullable=False, server_default=text("0")),
    Column("viewed_at", _TIME),
)
Index("chat_shares_user_id_idx", chat_shares.c.user_id, chat_shares.c.created_at)
# No foreign key: an entry outlives whom it is about.
chat_audit = Table(
    "chat_audit",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("at", _TIME, nullable=False),
    Column("action", String(50), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("account_id", Uuid),
    Column("name", String(100)),
    Column("key_id", String(40)),
    Column("target", String(255)),
    Column("address", Text, nullable=False, server_default=text("''")),
    Column("details", JSONB, nullable=False, server_default=_NO_JSON),
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
    Column("created_at", _TIME, nullable=False, server_default=func.now()),
    # Replies that their process left behind before are not told of.
    Column("told_since", _TIME, nullable=False, server_default=func.now()),
    Column("secret_number", Integer, nullable=False, server_default=text("1")),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("previous_until", _TIME),
    Column("disabled_at", _TIME),
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
    Column("data", JSONB, nullable=False, server_default=_NO_JSON),
    Column("created_at", _TIME, nullable=False, server_default=func.now()),
    Column("state", String(20), nullable=False, server_default=text("'waiting'")),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("next_at", _TIME, server_default=func.now()),
    Column("ended_at", _TIME),
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
