"""Ratings of replies, and messages that are deleted.

Revision: 0008
Follows: 0007

The columns come without a default, so that no row is written. The index is of those few messages alone that have one of
them; to begin with there are none, and the table is read once.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE chat_messages ADD COLUMN rating SMALLINT, ADD COLUMN deleted_at TIMESTAMP WITH TIME ZONE;
        CREATE INDEX chat_messages_marked_idx ON chat_messages (session_id) INCLUDE (message_id, rating, deleted_at)
            WHERE rating IS NOT NULL OR deleted_at IS NOT NULL
    """)


def downgrade() -> None:
    op.execute("""
        DROP INDEX chat_messages_marked_idx;
        ALTER TABLE chat_messages DROP COLUMN deleted_at, DROP COLUMN rating
    """)
