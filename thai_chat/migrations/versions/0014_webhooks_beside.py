"""The triggers of webhooks look for tables beside their own alone.

Revision: 0014
Follows: 0013

They act for the tables' owner. By the search path of whoever writes they took that one's tables for ours, and ran with
the owner's rights what hung on those. The schema is the one in which the trigger's table is, so that a restore can move
all of them; it is set for the function alone, since the function has a path of its own.
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_LOOK = "    PERFORM set_config('search_path', format('%I, pg_temp', TG_TABLE_SCHEMA), true);\n"
_REMADE = """
DO $do$
DECLARE made record;
BEGIN
    FOR made IN SELECT proname, replace(prosrc, $look${look}$look$, '') AS body FROM pg_proc
        WHERE pronamespace = quote_ident(current_schema())::regnamespace AND proname IN
            ('chat_webhooks_note_session', 'chat_webhooks_note_reply', 'chat_webhooks_note_feedback')
    LOOP
        EXECUTE format('CREATE OR REPLACE FUNCTION %I() RETURNS TRIGGER LANGUAGE plpgsql SECURITY DEFINER {path} AS %L',
            made.proname, {body});
    END LOOP;
END
$do$"""


def upgrade() -> None:
    body = f"regexp_replace(made.body, E'\\nBEGIN\\n', E'\\nBEGIN\\n' || $look${_LOOK}$look$)"
    op.execute(_REMADE.format(look=_LOOK, path="SET search_path TO pg_catalog, pg_temp", body=body))


def downgrade() -> None:
    op.execute(_REMADE.format(look=_LOOK, path="", body="made.body"))
