"""Runs the steps on the connection that `history.postgres.schema` hands over, which decides on lock and transaction."""

from __future__ import annotations

from alembic import context

from thai_chat.history.postgres.sql.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
context.run_migrations()
