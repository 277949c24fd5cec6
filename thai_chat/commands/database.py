"""The database that the settings name, opened for the time of one command."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from thai_chat.commands import folders
from thai_chat.domain.errors import StartError
from thai_chat.settings import Settings


@contextmanager
def opened(settings: Settings, progress: Callable[[str], None]) -> Iterator[str]:
    """Yield the database's address. The embedded server is started when it does not run, and left as it was found.

    Raises StartError, also for an address that can never be one.
    """
    given = settings.database_address
    if given:
        from thai_chat.history.postgres.connections import parsed

        parsed(given.get_secret_value())  # what libpq says of it quotes it, password included
        yield given.get_secret_value()
        return
    from thai_chat.embedded.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(settings.data_dir, progress=progress)
    try:
        yield server.start()
    finally:
        server.stop()


def require(settings: Settings) -> None:
    """Require a database, so that merely asking does not make one. Raises StartError when there is none yet."""
    if not settings.database_address and (told := folders.problem(settings.data_dir)):
        raise StartError(f"{told}. Correct that, or set DATA_DIR to another folder.")
    if not settings.database_address and os.path.isfile(settings.data_dir / "postgres"):
        raise StartError(f"{settings.data_dir / 'postgres'} is a file and no folder. Move it away.")
    if not exists(settings):
        raise StartError(
            f"There is no database in {settings.data_dir} yet: ./manage.sh chat-web-db makes it at its first start."
        )


def exists(settings: Settings) -> bool:
    """Tell whether there is a database; a server that is named, or the embedded one's folder, may turn out not to
    answer."""
    return settings.database_address is not None or os.path.lexists(settings.data_dir / "postgres")
