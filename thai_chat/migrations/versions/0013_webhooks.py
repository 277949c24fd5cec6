"""Webhooks, and the outbox of what they are told.

Revision: 0013
Follows: 0012

Triggers put what has happened into the outbox, in the transaction in which it is stored: whoever writes it, also late,
when an outage is over. They act for the tables' owner, since whoever asks may not be the webhook's person. What is
imported is not told: its transaction says so by `app.untold`.
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_USER = "nullif(current_setting('app.user_id', true), '')"
_TABLES = """
CREATE TABLE chat_webhooks (
    webhook_id UUID NOT NULL,
    user_id VARCHAR(255) NOT NULL,
    url TEXT NOT NULL,
    name VARCHAR(100) DEFAULT '' NOT NULL,
    events TEXT[] NOT NULL,
    include_content BOOLEAN DEFAULT false NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    told_since TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    secret_number INTEGER DEFAULT 1 NOT NULL,
    secret_hash BYTEA NOT NULL,
    previous_until TIMESTAMP WITH TIME ZONE,
    disabled_at TIMESTAMP WITH TIME ZONE,
    disabled_by VARCHAR(20),
    given_up INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT chat_webhooks_pkey PRIMARY KEY (webhook_id)
);
CREATE INDEX chat_webhooks_user_id_idx ON chat_webhooks (user_id);
CREATE TABLE chat_webhook_deliveries (
    delivery_id UUID NOT NULL,
    webhook_id UUID NOT NULL,
    user_id VARCHAR(255) NOT NULL,
    event VARCHAR(50) NOT NULL,
    session_id UUID,
    message_id UUID,
    data JSONB DEFAULT '{}'::jsonb NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    state VARCHAR(20) DEFAULT 'waiting' NOT NULL,
    tries INTEGER DEFAULT 0 NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE DEFAULT now(),
    ended_at TIMESTAMP WITH TIME ZONE,
    status_code INTEGER,
    problem VARCHAR(50),
    CONSTRAINT chat_webhook_deliveries_pkey PRIMARY KEY (delivery_id),
    CONSTRAINT chat_webhook_deliveries_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES chat_webhooks (webhook_id)
        ON DELETE CASCADE,
    CONSTRAINT chat_webhook_deliveries_state_check CHECK (state IN ('waiting', 'delivered', 'failed', 'dropped'))
);
CREATE INDEX chat_webhook_deliveries_webhook_id_idx ON chat_webhook_deliveries (webhook_id, created_at);
CREATE INDEX chat_webhook_deliveries_next_at_idx ON chat_webhook_deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX chat_webhook_deliveries_ended_at_idx ON chat_webhook_deliveries (ended_at);
"""
_WALLED = ("chat_webhooks", "chat_webhook_deliveries")

# What is told of a reply, but for its status: of one that its process has left behind that is settled elsewhere.
_REPLY = """jsonb_build_object('session_id', m.session_id, 'message_id', m.message_id, 'question_id', m.parent_id,
        'backend', m.backend, 'model', m.model, 'prompt_tokens', m.prompt_tokens,
        'completion_tokens', m.completion_tokens, 'reasoning_tokens', m.reasoning_tokens,
        'first_token_ms', m.first_token_ms, 'latency_ms', m.latency_ms, 'cost_usd', m.cost_usd,
        'error', m.metadata #> '{error,code}')"""
DESCRIBE = f"""
CREATE FUNCTION chat_webhooks_reply(m chat_messages) RETURNS JSONB LANGUAGE sql STABLE AS $$
    SELECT {_REPLY}
$$"""
_TRIGGERS = """
CREATE FUNCTION chat_webhooks_note_session() RETURNS TRIGGER LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF current_setting('app.untold', true) = 'on' THEN
        RETURN NULL;
    END IF;
    INSERT INTO chat_webhook_deliveries (delivery_id, webhook_id, user_id, event, session_id, data)
    SELECT gen_random_uuid(), w.webhook_id, w.user_id, 'session.created', NEW.session_id,
        jsonb_build_object('session_id', NEW.session_id, 'backend', NEW.backend, 'model', NEW.model,
            'created_at', NEW.created_at)
    FROM chat_webhooks w
    WHERE w.user_id = NEW.user_id AND w.disabled_at IS NULL AND 'session.created' = ANY (w.events);
    RETURN NULL;
END
$$;
CREATE FUNCTION chat_webhooks_note_reply() RETURNS TRIGGER LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO chat_webhook_deliveries (delivery_id, webhook_id, user_id, event, session_id, message_id, data)
    SELECT gen_random_uuid(), w.webhook_id, w.user_id, 'reply.finished', NEW.session_id, NEW.message_id,
        chat_webhooks_reply(NEW) || jsonb_build_object('status', NEW.status)
    FROM chat_sessions s JOIN chat_webhooks w ON w.user_id = s.user_id
    WHERE s.session_id = NEW.session_id AND w.disabled_at IS NULL AND 'reply.finished' = ANY (w.events);
    RETURN NULL;
END
$$;
CREATE FUNCTION chat_webhooks_note_feedback() RETURNS TRIGGER LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF current_setting('app.untold', true) = 'on' THEN
        RETURN NULL;
    END IF;
    INSERT INTO chat_webhook_deliveries (delivery_id, webhook_id, user_id, event, session_id, message_id, data)
    SELECT gen_random_uuid(), w.webhook_id, w.user_id, 'feedback.given', NEW.session_id, NEW.message_id,
        jsonb_build_object('session_id', NEW.session_id, 'message_id', NEW.message_id, 'backend', NEW.backend,
            'model', NEW.model) || given.feedback
    FROM chat_sessions s JOIN chat_webhooks w ON w.user_id = s.user_id CROSS JOIN LATERAL (
        SELECT jsonb_build_object('kind', 'rating', 'value', NEW.metadata #> '{rating,value}',
            'tags', coalesce(NEW.metadata #> '{rating,tags}', '[]')) AS feedback
        WHERE NEW.metadata -> 'rating' IS DISTINCT FROM OLD.metadata -> 'rating'
        UNION ALL
        SELECT jsonb_build_object('kind', 'preference', 'over', coalesce(NEW.metadata #> '{vote,over}', '[]'))
        WHERE NEW.metadata -> 'vote' IS DISTINCT FROM OLD.metadata -> 'vote') given
    WHERE s.session_id = NEW.session_id AND w.disabled_at IS NULL AND 'feedback.given' = ANY (w.events);
    RETURN NULL;
END
$$;
CREATE TRIGGER chat_sessions_webhooks_new AFTER INSERT ON chat_sessions FOR EACH ROW
    EXECUTE FUNCTION chat_webhooks_note_session();
CREATE TRIGGER chat_messages_webhooks_end AFTER UPDATE ON chat_messages FOR EACH ROW
    WHEN (NEW.checkpointed_at IS NULL AND OLD.checkpointed_at IS NOT NULL)
    EXECUTE FUNCTION chat_webhooks_note_reply();
CREATE TRIGGER chat_messages_webhooks_feedback AFTER UPDATE ON chat_messages FOR EACH ROW
    WHEN (NEW.checkpointed_at IS NULL AND OLD.checkpointed_at IS NULL AND NOT NEW.metadata ? 'purged'
        AND (NEW.metadata -> 'rating' IS DISTINCT FROM OLD.metadata -> 'rating'
            OR NEW.metadata -> 'vote' IS DISTINCT FROM OLD.metadata -> 'vote'))
    EXECUTE FUNCTION chat_webhooks_note_feedback();
"""


def upgrade() -> None:
    op.execute(_TABLES)
    for table in _WALLED:
        op.execute(f"CREATE POLICY thai_chat_own ON {table} USING (user_id = {_USER})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(DESCRIBE)
    op.execute(_TRIGGERS)


def downgrade() -> None:
    op.execute("""
        DROP TRIGGER chat_messages_webhooks_feedback ON chat_messages;
        DROP TRIGGER chat_messages_webhooks_end ON chat_messages;
        DROP TRIGGER chat_sessions_webhooks_new ON chat_sessions;
        DROP FUNCTION chat_webhooks_note_feedback, chat_webhooks_note_reply, chat_webhooks_note_session,
            chat_webhooks_reply;
        DROP TABLE chat_webhook_deliveries, chat_webhooks;
    """)
