"""People: accounts, sessions, keys, invitations, quotas, links to what is shared, and the audit log.

Revision: 0010
Follows: 0009

What was there before belongs to the user `local`; an account may have that as its `user_id`. Secrets are kept as
hashes alone.
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_UP = """
CREATE TABLE chat_accounts (
    account_id UUID NOT NULL,
    user_id VARCHAR(255) NOT NULL,
    name VARCHAR(100) NOT NULL,
    name_key VARCHAR(400) NOT NULL,
    display_name VARCHAR(100) NOT NULL,
    role VARCHAR(20) NOT NULL,
    password_hash TEXT,
    language VARCHAR(10),
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    disabled_at TIMESTAMP WITH TIME ZONE,
    adopted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT chat_accounts_pkey PRIMARY KEY (account_id),
    CONSTRAINT chat_accounts_user_id_key UNIQUE (user_id),
    CONSTRAINT chat_accounts_name_key_key UNIQUE (name_key),
    CONSTRAINT chat_accounts_role_check CHECK (role IN ('user', 'administrator'))
);
CREATE TABLE chat_identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT chat_identities_pkey PRIMARY KEY (issuer, subject),
    CONSTRAINT chat_identities_account_id_fkey FOREIGN KEY (account_id) REFERENCES chat_accounts (account_id)
        ON DELETE CASCADE
);
CREATE INDEX chat_identities_account_id_idx ON chat_identities (account_id);
CREATE TABLE chat_sign_ins (
    sign_in_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    account_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    browser TEXT DEFAULT '' NOT NULL,
    address TEXT DEFAULT '' NOT NULL,
    CONSTRAINT chat_sign_ins_pkey PRIMARY KEY (sign_in_id),
    CONSTRAINT chat_sign_ins_token_hash_key UNIQUE (token_hash),
    CONSTRAINT chat_sign_ins_account_id_fkey FOREIGN KEY (account_id) REFERENCES chat_accounts (account_id)
        ON DELETE CASCADE
);
CREATE INDEX chat_sign_ins_account_id_idx ON chat_sign_ins (account_id);
CREATE TABLE chat_keys (
    key_id VARCHAR(40) NOT NULL,
    secret_hash BYTEA NOT NULL,
    account_id UUID NOT NULL,
    key_name VARCHAR(100) NOT NULL,
    scopes TEXT[] NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT chat_keys_pkey PRIMARY KEY (key_id),
    CONSTRAINT chat_keys_account_id_fkey FOREIGN KEY (account_id) REFERENCES chat_accounts (account_id)
        ON DELETE CASCADE
);
CREATE INDEX chat_keys_account_id_idx ON chat_keys (account_id);
CREATE TABLE chat_invitations (
    invitation_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    purpose VARCHAR(20) NOT NULL,
    role VARCHAR(20) NOT NULL,
    name VARCHAR(100),
    account_id UUID,
    created_by UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    used_by UUID,
    CONSTRAINT chat_invitations_pkey PRIMARY KEY (invitation_id),
    CONSTRAINT chat_invitations_token_hash_key UNIQUE (token_hash),
    CONSTRAINT chat_invitations_account_id_fkey FOREIGN KEY (account_id) REFERENCES chat_accounts (account_id)
        ON DELETE CASCADE,
    CONSTRAINT chat_invitations_purpose_check CHECK (purpose IN ('first', 'invite', 'reset'))
);
CREATE INDEX chat_invitations_account_id_idx ON chat_invitations (account_id);
CREATE TABLE chat_quotas (
    kind VARCHAR(10) NOT NULL,
    subject VARCHAR(255) NOT NULL,
    quotas JSONB DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT chat_quotas_pkey PRIMARY KEY (kind, subject),
    CONSTRAINT chat_quotas_kind_check CHECK (kind IN ('role', 'account', 'key'))
);
CREATE TABLE chat_usage (
    user_id VARCHAR(255) NOT NULL,
    key_id VARCHAR(40) DEFAULT '' NOT NULL,
    day DATE NOT NULL,
    replies INTEGER DEFAULT 0 NOT NULL,
    tokens BIGINT DEFAULT 0 NOT NULL,
    cost_usd NUMERIC(15, 9) DEFAULT 0 NOT NULL,
    CONSTRAINT chat_usage_pkey PRIMARY KEY (user_id, key_id, day)
);
CREATE TABLE chat_model_rules (
    backend VARCHAR(50) NOT NULL,
    model VARCHAR(100) NOT NULL,
    roles TEXT[] DEFAULT '{}'::text[] NOT NULL,
    accounts UUID[] DEFAULT '{}'::uuid[] NOT NULL,
    CONSTRAINT chat_model_rules_pkey PRIMARY KEY (backend, model)
);
CREATE TABLE chat_shares (
    share_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    user_id VARCHAR(255) NOT NULL,
    session_id UUID NOT NULL,
    snapshot JSONB NOT NULL,
    password_hash TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    views INTEGER DEFAULT 0 NOT NULL,
    viewed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT chat_shares_pkey PRIMARY KEY (share_id),
    CONSTRAINT chat_shares_token_hash_key UNIQUE (token_hash),
    CONSTRAINT chat_shares_session_id_fkey FOREIGN KEY (session_id) REFERENCES chat_sessions (session_id)
        ON DELETE CASCADE
);
CREATE INDEX chat_shares_user_id_idx ON chat_shares (user_id, created_at);
CREATE INDEX chat_shares_session_id_idx ON chat_shares (session_id);
CREATE TABLE chat_audit (
    entry_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    action VARCHAR(50) NOT NULL,
    outcome VARCHAR(20) NOT NULL,
    account_id UUID,
    name VARCHAR(100),
    key_id VARCHAR(40),
    target VARCHAR(255),
    address TEXT DEFAULT '' NOT NULL,
    details JSONB DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT chat_audit_pkey PRIMARY KEY (entry_id)
);
CREATE INDEX chat_audit_at_idx ON chat_audit (at, entry_id);
"""


def upgrade() -> None:
    op.execute(_UP)


def downgrade() -> None:
    op.execute("""
        DROP TABLE chat_audit, chat_shares, chat_model_rules, chat_usage, chat_quotas, chat_invitations, chat_keys,
            chat_sign_ins, chat_identities, chat_accounts
    """)
