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


# Begins a turn in one round trip, with plans that the server keeps. It holds the session's lock until the commit, so
# that turns of one session follow each other; every statement after the lock sees what was committed before it.
# Its outcome is "begun", or why nothing was written: "known" (the question's id or the idempotency key has been seen),
# "running" (the newest reply still grows), "no parent", "not found" (the session is somebody else's).
BEGIN_TURN = """
CREATE FUNCTION chat_begin_turn(
    in_session_id UUID, in_user_id TEXT, in_session_name TEXT, in_question_id UUID, in_question TEXT, in_reply_id UUID,
    in_backend TEXT, in_model TEXT, in_at TIMESTAMP WITH TIME ZONE, in_idempotency_key TEXT, in_parent_id UUID,
    in_metadata JSONB, in_replay BOOLEAN, in_stale_after INTERVAL,
    OUT outcome TEXT, OUT parent_id UUID, OUT session chat_sessions
) LANGUAGE plpgsql AS $$
DECLARE
    newest RECORD;
    alive_at TIMESTAMP WITH TIME ZONE := CASE WHEN in_replay THEN least(in_at, clock_timestamp())
        ELSE clock_timestamp() END;
BEGIN
    SELECT * INTO session FROM chat_sessions s WHERE s.session_id = in_session_id FOR UPDATE;
    IF NOT FOUND THEN
        IF in_parent_id IS NOT NULL THEN
            outcome := 'no parent';
            RETURN;
        END IF;
        IF EXISTS (SELECT FROM chat_messages m WHERE m.message_id = in_question_id) THEN
            outcome := 'known';
            RETURN;
        END IF;
        INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model, created_at, updated_at)
        VALUES (in_session_id, in_user_id, in_session_name, in_backend, in_model, in_at, in_at)
        ON CONFLICT (session_id) DO NOTHING;
        SELECT * INTO session FROM chat_sessions s WHERE s.session_id = in_session_id FOR UPDATE;
    END IF;
    IF session.user_id <> in_user_id THEN
        outcome := 'not found';
        RETURN;
    END IF;

    IF EXISTS (SELECT FROM chat_messages m WHERE m.message_id = in_question_id)
        OR (in_idempotency_key IS NOT NULL AND EXISTS (SELECT FROM chat_messages m
            WHERE m.session_id = in_session_id AND m.idempotency_key = in_idempotency_key))
    THEN
        outcome := 'known';
        RETURN;
    END IF;

    SELECT m.message_id, m.status = 'streaming' AS streams,
        m.checkpointed_at > clock_timestamp() - in_stale_after AS lives
    INTO newest FROM chat_messages m WHERE m.session_id = in_session_id AND m.message_order = session.message_count;
    IF newest.streams AND newest.lives AND NOT in_replay THEN
        outcome := 'running';
        RETURN;
    END IF;

    parent_id := coalesce(in_parent_id, session.leaf_id);
    IF in_parent_id IS NOT NULL AND NOT EXISTS (SELECT FROM chat_messages m
        WHERE m.message_id = in_parent_id AND m.session_id = in_session_id)
    THEN
        outcome := 'no parent';
        RETURN;
    END IF;

    IF newest.streams THEN
        UPDATE chat_messages m SET status = 'interrupted' WHERE m.message_id = newest.message_id;
    END IF;
    INSERT INTO chat_messages (message_id, session_id, parent_id, role, content, message_order, status, backend, model,
        created_at, metadata, checkpointed_at, idempotency_key)
    VALUES
        (in_question_id, in_session_id, chat_begin_turn.parent_id, 'user', in_question, session.message_count + 1,
            'complete', NULL, NULL, in_at, in_metadata, NULL, in_idempotency_key),
        (in_reply_id, in_session_id, in_question_id, 'assistant', '', session.message_count + 2,
            'streaming', in_backend, in_model, in_at, '{}', alive_at, NULL);
    UPDATE chat_sessions s SET leaf_id = in_reply_id, message_count = s.message_count + 2,
        updated_at = greatest(s.updated_at, in_at), backend = in_backend, model = in_model,
        has_branches = s.has_branches OR chat_begin_turn.parent_id IS DISTINCT FROM newest.message_id
    WHERE s.session_id = in_session_id RETURNING s.* INTO session;
    outcome := 'begun';
END
$$
"""


def upgrade() -> None:
    op.execute(_UP)
    op.execute(BEGIN_TURN)


def downgrade() -> None:
    op.execute("DROP FUNCTION chat_begin_turn")
    op.execute("DROP TABLE message_contexts; DROP TABLE chat_messages; DROP TABLE chat_sessions")
