"""The parts of messages that are made of more than their text.

Revision: 0007
Follows: 0006

The column comes without a default and without a check, so that no row is read or written, however many messages there
are. It needs the table for itself for a moment: while a backup or an import is under way, `history.postgres.schema`
tries again and again, and chats go on meanwhile.

An instance of the version before stores chats in the new schema only until its first outage: when it connects again it
finds a database of a newer version, and keeps what is said in memory and journal until it is stopped. The next start
with the same DATA_DIR stores that.
"""

from __future__ import annotations

from importlib import import_module

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# The function of 0002, with the parts of the question. They come last and have a default: an instance of the version
# before, which runs on until its first outage, names no parts.
BEGIN_TURN = """
CREATE FUNCTION chat_begin_turn(
    in_session_id UUID, in_user_id TEXT, in_session_name TEXT, in_question_id UUID, in_question TEXT, in_reply_id UUID,
    in_content TEXT, in_backend TEXT, in_model TEXT, in_at TIMESTAMP WITH TIME ZONE, in_idempotency_key TEXT,
    in_parent_id UUID, in_is_first BOOLEAN, in_metadata JSONB, in_replay BOOLEAN, in_stale_after INTERVAL,
    in_parts JSONB DEFAULT NULL,
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
            model, created_at, metadata, checkpointed_at, idempotency_key, parent_order, parts)
        VALUES
            (in_question_id, in_session_id, chat_begin_turn.parent_id, 'user', in_question, session.message_count + 1,
                'complete', NULL, NULL, in_at, in_metadata, NULL, in_idempotency_key, parent_order, in_parts),
            (in_reply_id, in_session_id, in_question_id, 'assistant', '', session.message_count + 2,
                'streaming', in_backend, in_model, in_at, '{}', alive_at, NULL, NULL, NULL);
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


# The new function takes the place of the old one, with what an operator has set on that: owner, settings, rights and
# comment. A setting is read back by FROM CURRENT, since lists like search_path can't be written as one word.
_AS_BEFORE = """
DO $do$
DECLARE
    old pg_proc%ROWTYPE;
    made pg_proc%ROWTYPE;
    made_name TEXT;
    setting TEXT;
    setting_name TEXT;
    value_before TEXT;
    given RECORD;
BEGIN
    SELECT * INTO old FROM pg_proc WHERE oid = 'chat_begin_turn_before'::regproc;
    SELECT * INTO made FROM pg_proc WHERE oid = 'chat_begin_turn'::regproc;
    SELECT format('%I.%I', nspname, made.proname) INTO made_name FROM pg_namespace WHERE oid = made.pronamespace;
    IF made.proowner <> old.proowner THEN
        EXECUTE format('ALTER FUNCTION %s OWNER TO %I', made_name, pg_get_userbyid(old.proowner));
        SELECT * INTO made FROM pg_proc WHERE oid = made.oid;
    END IF;
    IF old.prosecdef THEN
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER', made_name);
    END IF;
    FOREACH setting IN ARRAY coalesce(old.proconfig, '{}') LOOP
        setting_name := split_part(setting, '=', 1);
        value_before := coalesce(current_setting(setting_name, true), '');
        PERFORM set_config(setting_name, substr(setting, strpos(setting, '=') + 1), true);
        EXECUTE format('ALTER FUNCTION %s SET %I FROM CURRENT', made_name, setting_name);
        PERFORM set_config(setting_name, value_before, true);
    END LOOP;
    IF made.proacl IS DISTINCT FROM old.proacl THEN
        FOR given IN SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
            AS role FROM aclexplode(coalesce(made.proacl, acldefault('f', made.proowner)))
        LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %s CASCADE', made_name, given.role);
        END LOOP;
        FOR given IN SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS role,
            CASE WHEN is_grantable THEN 'WITH GRANT OPTION' END AS whether
            FROM aclexplode(coalesce(old.proacl, acldefault('f', old.proowner)))
        LOOP
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s %s', made_name, given.role, given.whether);
        END LOOP;
    END IF;
    EXECUTE format('COMMENT ON FUNCTION %s IS %L', made_name, obj_description(old.oid, 'pg_proc'));
END
$do$
"""


def _put_in_place(function: str) -> None:
    op.execute("ALTER FUNCTION chat_begin_turn RENAME TO chat_begin_turn_before")
    op.execute(function)
    op.execute(_AS_BEFORE)
    op.execute("DROP FUNCTION chat_begin_turn_before")


def upgrade() -> None:
    op.execute("ALTER TABLE chat_messages ADD COLUMN parts JSONB")
    _put_in_place(BEGIN_TURN)


def downgrade() -> None:
    _put_in_place(import_module("thai_chat.migrations.versions.0002_branches")._BEGIN_TURN)
    op.execute("ALTER TABLE chat_messages DROP COLUMN parts")
