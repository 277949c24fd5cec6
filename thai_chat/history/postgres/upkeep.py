"""Schema changes that an operator asks for, with the errors translated as everywhere in this package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from sqlalchemy import Engine, exc

from thai_chat import migrations
from thai_chat.domain.errors import StartError
from thai_chat.history.postgres import row_security, schema
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.errors import translated


def migrate(address: str, *, schema_name: str | None = None) -> None:
    """Upgrade the schema. Raises StartError when the database is newer than this code, HistoryUnavailable."""
    with _engine(address, schema_name) as engine:
        schema.migrate(engine)
        if not schema_name:
            with engine.connect() as connection:
                row_security.build(connection)


def require_known(revision: str) -> None:
    """Refuse the schema of a later version. Raises StartError."""
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    try:
        ScriptDirectory(str(Path(migrations.__file__).parent)).get_revision(revision)
    except CommandError as error:
        raise StartError(
            f"The backup is of schema {revision}, which this version does not know: update Thai Chat, then restore."
        ) from error


@contextmanager
def _engine(address: str, schema_name: str | None = None) -> Iterator[Engine]:
    engine = Database(address, schema_name=schema_name).engine
    try:
        yield engine
    except (psycopg2.Error, exc.SQLAlchemyError) as error:
        raise translated(error) from error
    finally:
        engine.dispose()
