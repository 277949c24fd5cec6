"""Row-level security: requests see the rows of one person alone.

Revision: 0011
Follows: 0010

The owner of the tables is not bound by the policies; requests are carried out as another role, which is bound by them
(history/postgres/row_security.py). `app.user_id` is the person of the transaction; without one, and with an empty one,
there are no rows. A policy with bare `current_setting` is planned sooner than one that asks for it in a subquery.
"""

from __future__ import annotations

from importlib import import_module

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_PARTS = import_module("thai_chat.migrations.versions.0007_parts")
_BESIDE = import_module("thai_chat.migrations.versions.0009_beside")

_USER = "nullif(current_setting('app.user_id', true), '')"
_OWN = (
    "chat_sessions",
    "chat_presets",
    "chat_shares",
    "chat_usage",
    "chat_message_search",
    "chat_session_search",
)

# Names of policies begin with thai_chat_: a restore tells them by it from an operator's own.
_UP = f"""
{"".join(f"CREATE POLICY thai_chat_own ON {table} USING (user_id = {_USER});" for table in _OWN)}
CREATE POLICY thai_chat_own ON chat_messages USING (EXISTS (
    SELECT FROM chat_sessions s WHERE s.session_id = chat_messages.session_id AND s.user_id = {_USER}));
CREATE POLICY thai_chat_own ON message_contexts USING (EXISTS (
    SELECT FROM chat_messages m JOIN chat_sessions s ON s.session_id = m.session_id
    WHERE m.message_id = message_contexts.message_id AND s.user_id = {_USER}));
CREATE POLICY thai_chat_shared ON chat_presets FOR SELECT USING (is_shared AND {_USER} IS NOT NULL);
"""
_WALLED = (*_OWN, "chat_messages", "message_contexts")

# The function of 0009. It serves turns of several people in one statement, so each call says whose it is; and a session
# that is another person's is not seen.
BEGIN_TURN = _BESIDE.BEGIN_TURN.replace(
    "BEGIN\n    SELECT * INTO session",
    "BEGIN\n    PERFORM set_config('app.user_id', in_user_id, true);\n    SELECT * INTO session",
).replace("IF session.user_id <> in_user_id THEN", "IF session.user_id IS DISTINCT FROM in_user_id THEN")


def upgrade() -> None:
    op.execute(_UP)
    for table in _WALLED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    _PARTS._put_in_place(BEGIN_TURN)


def downgrade() -> None:
    _PARTS._put_in_place(_BESIDE.BEGIN_TURN)
    op.execute("DROP POLICY IF EXISTS thai_chat_shared ON chat_presets")
    for table in _WALLED:
        op.execute(f"DROP POLICY IF EXISTS thai_chat_own ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
