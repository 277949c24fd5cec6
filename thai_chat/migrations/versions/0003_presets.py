"""Presets: options for models that people keep.

Revision: 0003
Follows: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UP = """
CREATE TABLE chat_presets (
    preset_id UUID NOT NULL,
    user_id VARCHAR(255) NOT NULL,
    preset_name VARCHAR(255) NOT NULL,
    backend VARCHAR(50),
    model VARCHAR(100),
    options JSONB DEFAULT '{}'::jsonb NOT NULL,
    is_default BOOLEAN DEFAULT false NOT NULL,
    is_shared BOOLEAN DEFAULT false NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT chat_presets_pkey PRIMARY KEY (preset_id),
    CONSTRAINT chat_presets_default_check CHECK (NOT is_default OR (backend IS NOT NULL AND model IS NOT NULL))
);
CREATE INDEX chat_presets_user_id_idx ON chat_presets (user_id);
CREATE INDEX chat_presets_shared_idx ON chat_presets (preset_id) WHERE is_shared;
CREATE UNIQUE INDEX chat_presets_default_idx ON chat_presets (user_id, backend, model) WHERE is_default;
"""


def upgrade() -> None:
    op.execute(_UP)


def downgrade() -> None:
    op.execute("DROP TABLE chat_presets")
