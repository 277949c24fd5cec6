"""Branches of a session, what a reply cost, and tags, folders and options of sessions.

Revision: 0002
Follows: 0001
"""

from __future__ import annotations

from importlib import import_module

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UP = """
ALTER TABLE chat_sessions
    ADD COLUMN options JSONB DEFAULT '{}'::jsonb NOT NULL,
    ADD COLUMN tags TEXT[] DEFAULT '{}'::text[] NOT NULL,
    ADD COLUMN folder VARCHAR(255);
ALTER TABLE chat_messages
    ADD COLUMN reasoning_tokens INTEGER,
    ADD COLUMN cost_usd NUMERIC(15, 9),
    ADD COLUMN parent_order INTEGER;

UPDATE chat_messages m SET parent_order = coalesce(parent.message_order, 0)
FROM chat_sessions s, chat_messages child LEFT JOIN chat_messages parent ON parent.message_id = child.parent_id
WHERE s.has_branches AND child.session_id = s.session_id AND m.message_id = child.message_id
    AND coalesce(parent.message_order, 0) <> child.message_order - 1;

CREATE INDEX chat_messages_forks_idx ON chat_messages (session_id, message_order) INCLUDE (parent_order)
    WHERE parent_order IS NOT NULL;
DROP INDEX chat_sessions_live_idx;
CREATE INDEX chat_sessions_shelf_idx ON chat_sessions (user_id,
    (CASE WHEN deleted_at IS NOT NULL THEN 2 WHEN archived_at IS NOT NULL THEN 1 ELSE 0 END), updated_at, session_id);
CREATE INDEX chat_sessions_pinned_idx ON chat_sessions (user_id, updated_at, session_id) WHERE pinned_at IS NOT NULL;
CREATE INDEX chat_sessions_marked_idx ON chat_sessions (user_id, updated_at, session_id)
    WHERE folder IS NOT NULL OR cardinality(tags) > 0;

DROP FUNCTION chat_begin_turn;
"""


# Begins a turn, or without a question one more reply to the stored question `in_question_id`, in one round trip, with
# plans that the server keeps. It holds the session's lock until the commit, so that turns of one session follow each
# other; every statement after the lock sees what was committed before it. Its outcome is "begun", or why nothing was
# written: "known" (the id or the idempotency key has been seen), "running" (the newest reply still grows), "no parent",
# "not found" (the session is somebody else's, or a reply's is not there).
_BEGIN_TURN = """
CREATE FUNCTION chat_begin_turn(
    in_session_id UUID, in_user_id TEXT, in_session_name TEXT, in_question_id UUID, in_question TEXT, in_reply_id UUID,
    in_content TEXT, in_backend TEXT, in_model TEXT, in_at TIMESTAMP WITH TIME ZONE, in_idempotency_key TEXT,
    in_parent_id UUID, in_is_first BOOLEAN, in_metadata JSONB, in_replay BOOLEAN, in_stale_after INTERVAL,
    OUT outcome TEXT, OUT parent_id UUID, OUT session chat_sessions
) LANGUAGE plpgsql AS $$
DECLARE
    newest RECORD;
    parent_order INTEGER;
    own_id UUID := CASE WHEN in_question IS NULL THEN in_reply_id ELSE in_question_id END;
    alive_at TIMESTAMP WITH TIME ZONE := CASE WHEN in_replay THEN least(in_at, clock_timestamp())
        ELSE clock_timestamp() END;
BEGIN
    SELECT * INTO session FROM chat_sessions s WHERE s.session_id = in_session_id FOR UPDATE;
    IF NOT FOUND THEN
        IF in_question IS NULL THEN
            outcome := 'not found';
            RETURN;
        END IF;
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

    IF EXISTS (SELECT FROM chat_messages m WHERE m.message_id = own_id)
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

    IF in_question IS NULL THEN
        parent_id := in_question_id;
    ELSIF NOT in_is_first THEN
        parent_id := coalesce(in_parent_id, session.leaf_id);
    END IF;
    IF in_question IS NULL OR parent_id IS DISTINCT FROM newest.message_id THEN
        SELECT m.message_order INTO parent_order FROM chat_messages m
        WHERE m.message_id = chat_begin_turn.parent_id AND m.session_id = in_session_id
            AND (in_question IS NOT NULL OR m.role = 'user');
        IF parent_id IS NOT NULL AND NOT FOUND THEN
            outcome := 'no parent';
            RETURN;
        END IF;
        parent_order := nullif(coalesce(parent_order, 0), session.message_count);
    END IF;

    IF newest.streams THEN
        UPDATE chat_messages m SET status = 'interrupted' WHERE m.message_id = newest.message_id;
    END IF;
    IF in_question IS NULL THEN
        INSERT INTO chat_messages (message_id, session_id, parent_id, role, content, message_order, status, backend,
            model, created_at, metadata, checkpointed_at, idempotency_key, parent_order)
        VALUES (in_reply_id, in_session_id, in_question_id, 'assistant', in_content, session.message_count + 1,
            'streaming', in_backend, in_model, in_at, in_metadata, alive_at, in_idempotency_key, parent_order);
    ELSE
        INSERT INTO chat_messages (message_id, session_id, parent_id, role, content, message_order, status, backend,
            model, created_at, metadata, checkpointed_at, idempotency_key, parent_order)
        VALUES
            (in_question_id, in_session_id, chat_begin_turn.parent_id, 'user', in_question, session.message_count + 1,
                'complete', NULL, NULL, in_at, in_metadata, NULL, in_idempotency_key, parent_order),
            (in_reply_id, in_session_id, in_question_id, 'assistant', '', session.message_count + 2,
                'streaming', in_backend, in_model, in_at, '{}', alive_at, NULL, NULL);
    END IF;
    UPDATE chat_sessions s SET leaf_id = in_reply_id,
        message_count = s.message_count + CASE WHEN in_question IS NULL THEN 1 ELSE 2 END,
        updated_at = greatest(s.updated_at, in_at), backend = in_backend, model = in_model,
        has_branches = s.has_branches OR parent_order IS NOT NULL, is_active = true, deleted_at = NULL
    WHERE s.session_id = in_session_id RETURNING s.* INTO session;
    outcome := 'begun';
END
$$
"""


def upgrade() -> None:
    op.execute(_UP)
    op.execute(_BEGIN_TURN)


def downgrade() -> None:
    op.execute("DROP FUNCTION chat_begin_turn")
    op.execute("""
        DROP INDEX chat_sessions_shelf_idx, chat_sessions_pinned_idx, chat_sessions_marked_idx;
        ALTER TABLE chat_messages DROP COLUMN parent_order, DROP COLUMN cost_usd, DROP COLUMN reasoning_tokens;
        ALTER TABLE chat_sessions DROP COLUMN folder, DROP COLUMN tags, DROP COLUMN options;
        CREATE INDEX chat_sessions_live_idx ON chat_sessions (user_id, updated_at, session_id)
            WHERE archived_at IS NULL AND deleted_at IS NULL;
    """)
    before = import_module("thai_chat.migrations.versions.0001_sessions_and_messages")
    op.execute(before.BEGIN_TURN)
