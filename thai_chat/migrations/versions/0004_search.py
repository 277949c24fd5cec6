"""The index that finds messages and the names of sessions, apart from them, and the queue that keeps it up to date.

Revision: 0004
Follows: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE chat_message_search (
    message_id UUID NOT NULL,
    user_id VARCHAR(255) NOT NULL,
    role VARCHAR(20),
    backend VARCHAR(50),
    model VARCHAR(100),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    version BIGINT NOT NULL,
    search_text TEXT NOT NULL,
    CONSTRAINT chat_message_search_pkey PRIMARY KEY (message_id),
    CONSTRAINT chat_message_search_message_id_fkey FOREIGN KEY (message_id)
        REFERENCES chat_messages (message_id) ON DELETE CASCADE
);
CREATE TABLE chat_session_search (
    session_id UUID NOT NULL,
    user_id VARCHAR(255) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    version BIGINT NOT NULL,
    search_text TEXT NOT NULL,
    CONSTRAINT chat_session_search_pkey PRIMARY KEY (session_id),
    CONSTRAINT chat_session_search_session_id_fkey FOREIGN KEY (session_id)
        REFERENCES chat_sessions (session_id) ON DELETE CASCADE
);
CREATE TABLE chat_search_queue (
    number BIGINT GENERATED ALWAYS AS IDENTITY,
    message_id UUID,
    session_id UUID,
    CONSTRAINT chat_search_queue_pkey PRIMARY KEY (number)
);
CREATE TABLE chat_search_backfill (
    what VARCHAR(20) NOT NULL,
    last_id UUID,
    done BIGINT DEFAULT 0 NOT NULL,
    total BIGINT NOT NULL,
    is_finished BOOLEAN NOT NULL,
    CONSTRAINT chat_search_backfill_pkey PRIMARY KEY (what)
);
"""

# What a text is found by, as numbers: the time of the message in two coarse steps, whose it is, who said it; every
# character; and every two neighbours with a shade (one of 7) of the character behind them. So the two alone are found
# by asking for all shades, and three or more nearly as well as by whole triples, in less room.
# Numbers that coincide do no harm: what is found is compared with the text. history/search_keys.py asks the same.
# Only functions of pg_catalog are called: servers build indexes with an empty search_path.
KEYS = """
CREATE FUNCTION chat_search_keys(owner TEXT, role TEXT, backend TEXT, model TEXT, at TIMESTAMP WITH TIME ZONE,
    folded TEXT) RETURNS INTEGER[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
SELECT array_remove(ARRAY[
        ((hashtext('user ' || owner) & 1073741823) - 2147483648)::int,
        ((hashtext('role ' || role) & 1073741823) - 2147483648)::int,
        ((hashtext('backend ' || backend) & 1073741823) - 2147483648)::int,
        ((hashtext('model ' || model) & 1073741823) - 2147483648)::int,
        (-536870912 - (greatest(0, extract(epoch FROM at AT TIME ZONE 'UTC'))::bigint >> 20))::int,
        (-671088640 - (greatest(0, extract(epoch FROM at AT TIME ZONE 'UTC'))::bigint >> 24))::int
    ], NULL) || (
    SELECT array_agg(((ascii(a)::bigint * 31337 + ascii(b)) * 16 + coalesce(ascii(c), 0) % 7 & 1073741823)::int)
            FILTER (WHERE a <> ' ' AND b <> ' ')
        || array_agg(-ascii(a)) FILTER (WHERE a <> ' ')
    FROM (SELECT string_to_array(folded, NULL) AS letters) text,
        unnest(letters, letters[2:], letters[3:]) AS g (a, b, c)
)
$$
"""

# The list of what is not merged into the index yet is read by every search, so it is kept short. The planner is better
# off without statistics of the keys: making them would take it seconds, and it shall use this index anyway.
_INDEXES = """
CREATE INDEX chat_message_search_user_id_idx ON chat_message_search (user_id, created_at, message_id);
CREATE INDEX chat_message_search_created_at_idx ON chat_message_search (created_at, message_id);
CREATE INDEX chat_message_search_keys_idx ON chat_message_search
    USING gin (chat_search_keys(user_id, role, backend, model, created_at, search_text))
    WITH (gin_pending_list_limit = 512);
ALTER INDEX chat_message_search_keys_idx ALTER COLUMN 1 SET STATISTICS 0;
CREATE INDEX chat_session_search_user_id_idx ON chat_session_search (user_id, created_at, session_id);
CREATE INDEX chat_session_search_created_at_idx ON chat_session_search (created_at, session_id);
CREATE INDEX chat_session_search_keys_idx ON chat_session_search
    USING gin (chat_search_keys(user_id, NULL, NULL, NULL, created_at, search_text))
    WITH (gin_pending_list_limit = 512);
ALTER INDEX chat_session_search_keys_idx ALTER COLUMN 1 SET STATISTICS 0;
"""

# Everything that comes into the tables is noted, whoever writes it. The queue has no key on what is noted: a chat that
# writes never waits for somebody who reads it. A reply is noted when it begins, since it may never be finished.
_TRIGGERS = """
CREATE FUNCTION chat_search_note_messages() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chat_search_queue (message_id) SELECT a.message_id FROM added a ORDER BY a.message_order;
    RETURN NULL;
END
$$;
CREATE FUNCTION chat_search_note_message() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chat_search_queue (message_id) VALUES (NEW.message_id);
    RETURN NULL;
END
$$;
CREATE FUNCTION chat_search_note_session() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chat_search_queue (session_id) VALUES (NEW.session_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER chat_messages_search_new AFTER INSERT ON chat_messages REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION chat_search_note_messages();
CREATE TRIGGER chat_messages_search_end AFTER UPDATE ON chat_messages FOR EACH ROW
    WHEN (NEW.checkpointed_at IS NULL
        AND (OLD.checkpointed_at IS NOT NULL OR OLD.content IS DISTINCT FROM NEW.content))
    EXECUTE FUNCTION chat_search_note_message();
CREATE TRIGGER chat_sessions_search_new AFTER INSERT ON chat_sessions FOR EACH ROW
    EXECUTE FUNCTION chat_search_note_session();
CREATE TRIGGER chat_sessions_search_name AFTER UPDATE OF session_name ON chat_sessions FOR EACH ROW
    WHEN (OLD.session_name IS DISTINCT FROM NEW.session_name) EXECUTE FUNCTION chat_search_note_session();
"""

# Names are few. Messages are walked through later, in small steps; where there are none there is nothing to walk, and
# a backup finds the table empty.
_OLD = """
INSERT INTO chat_search_queue (session_id) SELECT session_id FROM chat_sessions ORDER BY updated_at;
INSERT INTO chat_search_backfill (what, total, is_finished)
    SELECT 'messages', count(*), false FROM chat_messages HAVING count(*) > 0;
"""


def upgrade() -> None:
    for statements in (_TABLES, KEYS, _INDEXES, _TRIGGERS, _OLD):
        op.execute(statements)


def downgrade() -> None:
    op.execute("""
        DROP TRIGGER chat_sessions_search_name ON chat_sessions;
        DROP TRIGGER chat_sessions_search_new ON chat_sessions;
        DROP TRIGGER chat_messages_search_end ON chat_messages;
        DROP TRIGGER chat_messages_search_new ON chat_messages;
        DROP FUNCTION chat_search_note_session, chat_search_note_message, chat_search_note_messages;
        DROP TABLE chat_search_backfill, chat_search_queue, chat_session_search, chat_message_search;
        DROP FUNCTION chat_search_keys;
    """)
