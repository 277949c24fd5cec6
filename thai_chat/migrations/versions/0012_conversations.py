"""Departments of sessions, and views for those who read conversations by SQL.

Revision: 0012
Follows: 0011

The views `conversations` and `messages` show what is shown anywhere else: nothing from the trash, and no message that
was deleted. From PostgreSQL 15 on they are read with the rights of whoever reads them, so that row-level security holds
behind them too; before, with the owner's, and whoever is let into them sees everybody's rows. Requests have no right to
them. A table or a view of somebody else's that has such a name stays, and ours is not made; the comment tells ours.
"""

from __future__ import annotations

import logging

from alembic import op
from sqlalchemy import text

logger = logging.getLogger(__name__)

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_DEPT = """CASE WHEN jsonb_typeof(metadata -> 'dept_id') = 'string' THEN left(metadata ->> 'dept_id', 100) END"""
_INDEX = f"""
CREATE INDEX chat_sessions_dept_idx ON chat_sessions (user_id, ({_DEPT}), updated_at, session_id)
WHERE ({_DEPT}) IS NOT NULL"""
_VIEWS = {
    "conversations": f"""
SELECT session_id AS id, user_id, {_DEPT} AS dept_id, session_name AS title, created_at, updated_at, metadata
FROM chat_sessions WHERE deleted_at IS NULL""",
    "messages": """
SELECT m.message_id AS id, m.session_id AS conversation_id, m.role, m.content,
    CASE WHEN m.prompt_tokens IS NOT NULL OR m.completion_tokens IS NOT NULL
        THEN coalesce(m.prompt_tokens, 0) + coalesce(m.completion_tokens, 0) END AS tokens_used,
    m.latency_ms, m.created_at, m.metadata
FROM chat_messages m JOIN chat_sessions s ON s.session_id = m.session_id
WHERE m.deleted_at IS NULL AND s.deleted_at IS NULL""",
}
_COMMENT = "Thai Chat: "
_NAMED = text("""
SELECT c.relkind = 'v' AND coalesce(starts_with(obj_description(c.oid, 'pg_class'), :comment), false)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = :name AND n.nspname = current_schema()""")
_VERSION = text("SELECT current_setting('server_version_num')::int")


def _is_ours(name: str) -> bool | None:
    """Tell whether what has the name in the schema is ours; None when nothing has it."""
    found = op.get_bind().execute(_NAMED, {"name": name, "comment": _COMMENT}).scalar()
    return None if found is None else bool(found)


def upgrade() -> None:
    op.execute(_INDEX)
    options = "WITH (security_invoker = true) " if op.get_bind().execute(_VERSION).scalar_one() >= 150000 else ""
    for name, query in _VIEWS.items():
        if _is_ours(name) is False:
            logger.warning("there is another table or view named %s: the view for reading by SQL is not made", name)
            continue
        op.execute(f"CREATE OR REPLACE VIEW {name} {options}AS {query}")
        op.execute(f"COMMENT ON VIEW {name} IS '{_COMMENT}what is shown, for reading'")


def downgrade() -> None:
    for name in reversed(_VIEWS):
        if _is_ours(name):
            op.execute(f"DROP VIEW {name}")
    op.execute("DROP INDEX chat_sessions_dept_idx")
