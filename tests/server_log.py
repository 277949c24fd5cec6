"""A PostgreSQL server that logs as one does by default, and what is in its log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tests.postgres_servers import PostgresServer, installations, serving

_WRITTEN_S = 30


@contextmanager
def logging_server(**settings: str) -> Iterator[PostgresServer]:
    """Serve with PostgreSQL's own defaults of logging, in a file; other tests silence their servers."""
    defaults = {"log_min_messages": "warning", "logging_collector": "on", "log_directory": "log"}
    with serving(next(iter(installations().values())), **defaults, **settings) as server:
        yield server


def log_of(server: PostgresServer) -> str:
    """Return the log up to now. A process of the server's own writes it, a moment after what it tells of."""
    mark = uuid4().hex
    server.query(f"DO $$ BEGIN RAISE WARNING '{mark}'; END $$")
    until = time.monotonic() + _WRITTEN_S
    while mark not in (text := _written(server)):
        assert time.monotonic() < until, "the server does not write its log"
        time.sleep(0.01)
    return text


def _written(server: PostgresServer) -> str:
    folder = Path(server.folder) / "data" / "log"
    return "".join(file.read_text("utf-8", "replace") for file in sorted(folder.iterdir()))
