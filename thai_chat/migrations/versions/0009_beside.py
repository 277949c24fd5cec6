"""Replies that grow beside each other, to be compared.

Revision: 0009
Follows: 0008

No table changes: the function that begins turns learns to begin a reply beside one that still grows, and to look at all
that grow before anything else begins.
"""

from __future__ import annotations

from importlib import import_module

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_PARTS = import_module("thai_chat.migrations.versions.0007_parts")

# The function of 0007. `in_beside` is asked for with a reply alone: it may join up to two that still grow at the same
# question, and what the session shows stays. It comes last and has a default: an instance of the version before, which
# runs on until its first outage, does not name it.
BEGIN_TURN = """
CREATE FUNCTION chat_begin_turn(
    in_session_id UUID, in_user_id TEXT, in_session_name TEXT, in_question_id UUID, in_question TEXT, in_reply_id UUID,
    in_content TEXT, in_backend TEXT, in_model TEXT, in_at TIMESTAMP WITH TIME ZONE, in_idempotency_key TEXT,
    in_parent_id UUID, in_is_first BOOLEAN, in_metadata JSONB, in_replay BOOLEAN, in_stale_after INTERVAL,
    in_parts JSONB DEFAULT NULL, in_beside BOOLEAN DEFAULT false,
    OUT outcome TEXT, OUT parent_id UUID, OUT session chat_sessions
) LANGUAGE plpgsql AS $$
DECLARE
    newest RECORD;
    streaming UUID[] := '{}';
    living INTEGER := 0;
    joins BOOLEAN;
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

    SELECT m.message_id, m.parent_id, m.role, m.status = 'streaming' AS streams,
        m.checkpointed_at > clock_timestamp() - in_stale_after AS lives
    INTO newest FROM chat_messages m WHERE m.session_id = in_session_id AND m.message_order = session.message_count;
    IF session.has_branches AND newest.role = 'assistant' THEN
        SELECT coalesce(array_agg(m.message_id), '{}'),
            count(*) FILTER (WHERE m.checkpointed_at > clock_timestamp() - in_stale_after)
        INTO streaming, living FROM chat_messages m
        WHERE m.parent_id = newest.parent_id AND m.status = 'streaming';
    ELSIF newest.streams THEN
        streaming := ARRAY[newest.message_id];
        living := newest.lives::int;
    END IF;
    joins := in_beside AND coalesce(newest.parent_id = in_question_id, false);
    IF NOT in_replay AND (living > 2 OR (living > 0 AND NOT joins)) THEN
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

    IF streaming <> '{}' AND NOT joins THEN
        UPDATE chat_messages m SET status = 'interrupted' WHERE m.message_id = ANY (streaming);
    END IF;
    IF in_question IS NULL THEN
        INSERT INTO chat_messages (message_id, session_id, parent_id, role, content, message_order, status, backend,
            model, created_at, metadata, checkpointed_at, idempotency_key, parent_order)
        VALUES (in_reply_id, in_session_id, in_question_id, 'assistant', in_content, session.message_count + 1,
            'streaming', in_backend, in_model, in_at, in_metadata, alive_at, in_idempotency_key, parent_order);
    ELSE
        INSERT INTO chat_messages (message_id, session_id, parent_id, role, content, message_order, status, backend,
            model, created_at, metadata, checkpointed_at, idempotency_key, parent_order, parts)
        VALUES
            (in_question_id, in_session_id, chat_begin_turn.parent_id, 'user', in_question, session.message_count + 1,
                'complete', NULL, NULL, in_at, in_metadata, NULL, in_idempotency_key, parent_order, in_parts),
            (in_reply_id, in_session_id, in_question_id, 'assistant', '', session.message_count + 2,
                'streaming', in_backend, in_model, in_at, '{}', alive_at, NULL, NULL, NULL);
    END IF;
    UPDATE chat_sessions s SET leaf_id = CASE WHEN in_beside THEN s.leaf_id ELSE in_reply_id END,
        message_count = s.message_count + CASE WHEN in_question IS NULL THEN 1 ELSE 2 END,
        updated_at = greatest(s.updated_at, in_at),
        backend = CASE WHEN in_beside THEN s.backend ELSE in_backend END,
        model = CASE WHEN in_beside THEN s.model ELSE in_model END,
        has_branches = s.has_branches OR parent_order IS NOT NULL, is_active = true, deleted_at = NULL
    WHERE s.session_id = in_session_id RETURNING s.* INTO session;
    outcome := 'begun';
END
$$
"""


def upgrade() -> None:
    _PARTS._put_in_place(BEGIN_TURN)


def downgrade() -> None:
    _PARTS._put_in_place(_PARTS.BEGIN_TURN)
