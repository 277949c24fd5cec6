"""An index that statistics are counted from.

Revision: 0005
Follows: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE INDEX chat_messages_figures_idx ON chat_messages (session_id)
        INCLUDE (message_id, created_at, role, backend, model, prompt_tokens, completion_tokens, reasoning_tokens,
            cost_usd, first_token_ms, latency_ms)
    """)


def downgrade() -> None:
    op.execute("DROP INDEX chat_messages_figures_idx")
