"""The tables of what is said: sessions, messages, presets, and the index of the search."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
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
from thai_chat.history.postgres.sql.table_parts import NO_JSON, TIME, metadata

chat_sessions = Table(
    "chat_sessions",
    metadata,
    Column("session_id", Uuid, primary_key=True),
    Column("user_id", String(USER_CHARS), nullable=False),
    Column("session_name", String(SESSION_NAME_CHARS), nullable=False),
    Column("backend", String(BACKEND_CHARS), nullable=False),
    Column("model", String(MODEL_CHARS), nullable=False),
    Column("created_at", TIME, nullable=False, server_default=func.now()),
    Column("updated_at", TIME, nullable=False, server_default=func.now()),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    Column("message_count", Integer, nullable=False, server_default=text("0")),
    # The last message of the branch that is shown. No foreign key: it would check and index every turn's update,
    # while messages only ever go together with their session.
    Column("leaf_id", Uuid),
    # True once a message was put elsewhere than below the newest one. Until then the shown branch is all messages.
    Column("has_branches", Boolean, nullable=False, server_default=text("false")),
    Column("pinned_at", TIME),
    Column("archived_at", TIME),
    Column("deleted_at", TIME),
    Column("branched_from_id", Uuid),
    Column("context_snapshot", JSONB, nullable=False, server_default=NO_JSON),
    Column("metadata", JSONB, nullable=False, server_default=NO_JSON),
    Column("options", JSONB, nullable=False, server_default=NO_JSON),
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
    Column("created_at", TIME, nullable=False, server_default=func.now()),
    Column("prompt_tokens", Integer),
    Column("completion_tokens", Integer),
    Column("first_token_ms", Integer),
    Column("latency_ms", Integer),
    Column("metadata", JSONB, nullable=False, server_default=NO_JSON),
    # The reply's last sign of life by the database's clock, NULL once its process has finished it: a row that has one
    # can still be finished, whatever its status says meanwhile.
    Column("checkpointed_at", TIME),
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
    Column("deleted_at", TIME),
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
    Column("options", JSONB, nullable=False, server_default=NO_JSON),
    Column("is_default", Boolean, nullable=False, server_default=text("false")),
    Column("is_shared", Boolean, nullable=False, server_default=text("false")),
    Column("updated_at", TIME, nullable=False, server_default=func.now()),
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
    Column("created_at", TIME, nullable=False),
    # The number of the note that it was indexed by; 0 of what is older than the index.
    Column("version", BigInteger, nullable=False),
    Column("search_text", Text, nullable=False),
)
chat_session_search = Table(
    "chat_session_search",
    metadata,
    Column("session_id", Uuid, ForeignKey("chat_sessions.session_id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", String(USER_CHARS), nullable=False),
    Column("created_at", TIME, nullable=False),
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
    Column("metadata", JSONB, nullable=False, server_default=NO_JSON),
)
Index(None, message_contexts.c.message_id)
