"""A PostgreSQL server that logs as one does by default, and what is in its log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres_servers import PostgresServer, installations, serving


@contextmanager
def logging_server(**settings: str) -> Iterator[PostgresServer]:
    """Serve with PostgreSQL's own defaults of logging, in a file; other tests silence their servers."""
    defaults = {"log_min_messages": "warning", "logging_collector": "on", "log_directory": "log"}
    with serving(next(iter(installations().values())), **defaults, **settings) as server:
        yield server


def log_of(server: PostgresServer) -> str:
    folder = Path(server.folder) / "data" / "log"
    return "".join(file.read_text("utf-8", "replace") for file in sorted(folder.iterdir()))
