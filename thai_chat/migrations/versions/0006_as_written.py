"""Brings databases that had an earlier text of 0002 or 0004 to what those steps make today.

Revision: 0006
Follows: 0005

Nothing is done where nothing is missing. Sessions are few beside messages, so their indexes are made in place, in a
second for a million; the search index is not made here but by the page, in small steps, as after a restore.
"""

from __future__ import annotations

from importlib import import_module

from alembic import op
from sqlalchemy import text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# By the table and not by name alone: another schema of the search path may have indexes of these names.
_OUTDATED = """
DO $do$
DECLARE outdated REGCLASS;
BEGIN
    FOR outdated IN
        SELECT i.indexrelid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid = 'chat_sessions'::regclass AND (
            c.relname IN ('chat_sessions_live_idx', 'chat_sessions_archived_idx', 'chat_sessions_trash_idx',
                'chat_sessions_tags_idx', 'chat_sessions_folder_idx')
            OR c.relname = 'chat_sessions_pinned_idx'
                AND pg_get_expr(i.indpred, i.indrelid) <> '(pinned_at IS NOT NULL)')
    LOOP
        EXECUTE 'DROP INDEX ' || outdated;
    END LOOP;
END
$do$
"""
_INDEXES = """
CREATE INDEX IF NOT EXISTS chat_sessions_shelf_idx ON chat_sessions (user_id,
    (CASE WHEN deleted_at IS NOT NULL THEN 2 WHEN archived_at IS NOT NULL THEN 1 ELSE 0 END), updated_at, session_id);
CREATE INDEX IF NOT EXISTS chat_sessions_pinned_idx ON chat_sessions (user_id, updated_at, session_id)
    WHERE pinned_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS chat_sessions_marked_idx ON chat_sessions (user_id, updated_at, session_id)
    WHERE folder IS NOT NULL OR cardinality(tags) > 0;
"""

_KEYS = "SELECT prosrc FROM pg_proc WHERE oid = 'chat_search_keys'::regproc"
_INDEX_ANEW = """
TRUNCATE chat_message_search, chat_session_search, chat_search_queue, chat_search_backfill;
INSERT INTO chat_search_queue (session_id) SELECT session_id FROM chat_sessions ORDER BY updated_at;
INSERT INTO chat_search_backfill (what, total, is_finished)
    SELECT 'messages', count(*), false FROM chat_messages HAVING count(*) > 0;
"""


def upgrade() -> None:
    op.execute(_OUTDATED)
    op.execute(_INDEXES)
    keys = import_module("thai_chat.migrations.versions.0004_search").KEYS
    if op.get_bind().execute(text(_KEYS)).scalar() not in keys:
        # What was indexed with other keys would not be found with these.
        op.execute(keys.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
        op.execute(_INDEX_ANEW)


def downgrade() -> None:
    """Nothing: 0005 as it is written today has all of this."""
