"""Sessions, messages and the documents a reply was given.

Revision: 0001
Follows: nothing
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_UP = """
CREATE TABLE chat_sessions (
    session_id UUID NOT NULL,
    user_id VARCHAR(255) NOT NULL,
    session_name VARCHAR(255) NOT NULL,
    backend VARCHAR(50) NOT NULL,
    model VARCHAR(100) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    is_active BOOLEAN DEFAULT true NOT NULL,
    message_count INTEGER DEFAULT 0 NOT NULL,
    leaf_id UUID,
    has_branches BOOLEAN DEFAULT false NOT NULL,
    pinned_at TIMESTAMP WITH TIME ZONE,
    archived_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    branched_from_id UUID,
    context_snapshot JSONB DEFAULT '{}'::jsonb NOT NULL,
    metadata JSONB DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT chat_sessions_pkey PRIMARY KEY (session_id),
    CONSTRAINT chat_sessions_message_count_check CHECK (message_count >= 0)
);
CREATE INDEX chat_sessions_live_idx ON chat_sessions (user_id, updated_at, session_id)
    WHERE archived_at IS NULL AND deleted_at IS NULL;
CREATE INDEX chat_sessions_user_id_idx ON chat_sessions (user_id, updated_at);

CREATE TABLE chat_messages (
    message_id UUID NOT NULL,
    session_id UUID NOT NULL,
    parent_id UUID,
    role VARCHAR(20) NOT NULL,
    content TEXT NOT NULL,
    message_order INTEGER NOT NULL,
    status VARCHAR(20) NOT NULL,
    backend VARCHAR(50),
    model VARCHAR(100),
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    first_token_ms INTEGER,
    latency_ms INTEGER,
    metadata JSONB DEFAULT '{}'::jsonb NOT NULL,
    checkpointed_at TIMESTAMP WITH TIME ZONE,
    idempotency_key VARCHAR(100),
    CONSTRAINT chat_messages_pkey PRIMARY KEY (message_id),
    CONSTRAINT chat_messages_session_id_fkey FOREIGN KEY (session_id)
        REFERENCES chat_sessions (session_id) ON DELETE CASCADE,
    CONSTRAINT chat_messages_parent_id_fkey FOREIGN KEY (parent_id)
        REFERENCES chat_messages (message_id) ON DELETE CASCADE,
    CONSTRAINT chat_messages_session_id_message_order_key UNIQUE (session_id, message_order),
    CONSTRAINT chat_messages_role_check CHECK (role IN ('user', 'assistant', 'system')),
    CONSTRAINT chat_messages_status_check
        CHECK (status IN ('complete', 'streaming', 'interrupted', 'stopped', 'failed')),
    CONSTRAINT chat_messages_message_order_check CHECK (message_order > 0)
) WITH (fillfactor = 85);
CREATE INDEX chat_messages_parent_id_idx ON chat_messages (parent_id);
CREATE UNIQUE INDEX chat_messages_idempotency_key_idx ON chat_messages (session_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

CREATE TABLE message_contexts (
    id UUID NOT NULL,
    message_id UUID NOT NULL,
    doc_id VARCHAR(255),
    content TEXT,
    score DOUBLE PRECISION,
    metadata JSONB DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT message_contexts_pkey PRIMARY KEY (id),
    CONSTRAINT message_contexts_message_id_fkey FOREIGN KEY (message_id)
        REFERENCES chat_messages (message_id) ON DELETE CASCADE
);
CREATE INDEX message_contexts_message_id_idx ON message_contexts (message_id);
"""


def upgrade() -> None:
    op.execute(_UP)


def downgrade() -> None:
    op.execute("DROP TABLE message_contexts; DROP TABLE chat_messages; DROP TABLE chat_sessions")
