"""Brings the schema to the version that this code needs."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import psycopg2
from sqlalchemy import Connection, Engine, exc, text

from thai_chat import migrations
from thai_chat.domain.errors import StartError

logger = logging.getLogger(__name__)

HEAD = "0014"
# Any number that other programs in the same database are unlikely to lock.
_LOCK = 7_862_001

PATIENCE_S = 900.0
"""The time that an upgrade goes on trying while others use the tables."""
_PAUSE_S = 2.0
# Whoever needs a table queues behind a step that waits for it, so a step waits less than a call of the chat does. It
# waits longer than deadlock_timeout, 1 s, after which PostgreSQL ends an autovacuum that is in the way.
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '1300ms'"
_IN_USE = (psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected)


# The first version was once written without it, and what comes after it takes it for there.
_FIRST_FUNCTION = "SELECT to_regproc('chat_begin_turn') IS NOT NULL"


def is_newer(revision: str | None) -> bool:
    """Tell whether only a newer version of this code knows the revision; None is that of an empty database."""
    return revision is not None and revision > HEAD


def newer(revision: str) -> StartError:
    """Return the error of a newer database, whatever was asked of it."""
    return StartError(
        f"The database was made by a newer version of Thai Chat (its schema is {revision}, this version knows {HEAD}): "
        "install that version, or use another database."
    )


def migrate(engine: Engine, revision: str = HEAD) -> None:
    """Upgrade to `revision`, all steps in one transaction: it is reached or nothing has changed.

    Instances that start at once wait for each other. While others use the tables for long, as a backup does, chats go
    on and it tries again, for `PATIENCE_S`. Raises StartError when the database is newer than this code, and
    SQLAlchemy's errors when it can't be reached or stays in use. Two short queries when nothing is to be done.
    """
    with engine.connect() as connection:
        upgrade(connection, revision)


def upgrade(connection: Connection, revision: str = HEAD) -> None:
    """Do what `migrate` does, on a connection in autocommit."""
    if current(connection) == revision:
        return
    deadline = time.monotonic() + PATIENCE_S
    was_in_use = False
    while True:
        try:
            with locked(connection):
                connection.execute(text(_LOCK_TIMEOUT))
                _reach(connection, revision, level=logging.DEBUG if was_in_use else logging.INFO)
            return
        except exc.OperationalError as error:
            if not isinstance(error.orig, _IN_USE) or time.monotonic() > deadline:
                raise
        if not was_in_use:
            logger.info("the database's tables are in use, as by a backup: trying again until they are free")
        was_in_use = True
        time.sleep(_PAUSE_S)


def _reach(connection: Connection, revision: str, *, level: int) -> None:
    found = current(connection)
    if found == revision:
        return
    _refuse_newer(found)
    level = level if found else logging.DEBUG  # an empty one has nothing that could be changed
    logger.log(level, "bringing the database from version %s to %s", found or "none", revision)
    _upgrade(connection, found, revision)


def step(connection: Connection, revision: str = HEAD) -> None:
    """Upgrade in the transaction that is open on the connection, in the schema that its search path names first."""
    _run("upgrade", connection, revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the schema back to `revision`; what only later versions keep is lost."""
    with engine.connect() as connection, locked(connection):
        step_down(connection, revision)


def step_up(connection: Connection) -> None:
    """Do what `migrate` does, within the transaction that is open on the connection."""
    found = current(connection)
    if found not in (None, HEAD):
        _refuse_newer(found)
        _upgrade(connection, found, HEAD)


def step_down(connection: Connection, revision: str = "base") -> None:
    """Do what `downgrade` does, within the transaction that is open on the connection.

    It goes up first, since what databases of earlier texts of the steps lack is mended there.
    """
    step_up(connection)
    _run("downgrade", connection, revision)


def _refuse_newer(found: str | None) -> None:
    if found is not None and is_newer(found):
        raise newer(found)


def _upgrade(connection: Connection, found: str | None, revision: str) -> None:
    if found == "0001" and not connection.execute(text(_FIRST_FUNCTION)).scalar():
        first = import_module("thai_chat.migrations.versions.0001_sessions_and_messages")
        connection.exec_driver_sql(first.BEGIN_TURN)
    _run("upgrade", connection, revision)


@contextmanager
def locked(connection: Connection) -> Iterator[None]:
    """Open one transaction that no other instance's migration overlaps.

    The lock belongs to the transaction, so that it works through pgbouncer and goes with a dead process.
    """
    connection.rollback()
    connection.execution_options(isolation_level="READ COMMITTED")
    with connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        yield


def current(connection: Connection) -> str | None:
    """Return the database's version; None when the schema was never made."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if version is None else str(version)


def _run(direction: str, connection: Connection, revision: str) -> None:
    # Alembic is not needed, and not loaded, when the database is up to date.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    # In it a % begins an interpolation, and the folder may have one in its name.
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        (command.upgrade if direction == "upgrade" else command.downgrade)(config, revision)
    except CommandError as error:
        raise newer(str(current(connection))) from error
