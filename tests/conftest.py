"""PostgreSQL for every test that asks: one server for the whole run, and a network in front of it that can fail."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from functools import cache

import httpx
import pytest

from tests.history_writes import new_user
from tests.pgbouncer import PgBouncer
from tests.postgres_servers import PostgresServer, Proxy, installations, serving
from thai_chat.backends.registry import KINDS
from thai_chat.history.postgres import upkeep
from thai_chat.texts.backends import name_backends

_SLOW_FIRST = ("browser", "faults", "integration", "setup", "api", "floods")
"""Folders in the order of their tests' length, so that side by side no long file is left for the end."""
name_backends(KINDS)  # which the composition root does, that many tests are without


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        folder = item.path.parent.name
        return _SLOW_FIRST.index(folder) if folder in _SLOW_FIRST else len(_SLOW_FIRST)

    items.sort(key=place)


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Set the logs back: commands in the process of the tests send them to a standard error that ends with the test."""
    root, own = logging.getLogger(), logging.getLogger("thai_chat")
    handlers, levels = root.handlers[:], (root.level, own.level)
    hooks = sys.excepthook, threading.excepthook
    yield
    sys.excepthook, threading.excepthook = hooks
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    own.setLevel(levels[1])


@pytest.fixture(autouse=True, scope="session")
def one_tls_context() -> Iterator[None]:
    """Read the certificates of all authorities once instead of for every client, which takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        once = cache(httpx.create_ssl_context)
        patch.setattr(httpx, "create_ssl_context", once)
        patch.setattr(httpx._transports.default, "create_ssl_context", once)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Yield a running server, shared by all tests: what they do with it as a whole they undo."""
    with serving(next(iter(installations().values()))) as server:
        yield server


@pytest.fixture(scope="session")
def schema_database(postgres: PostgresServer) -> str:
    """Return a database with the schema and nothing in it, which others are made like."""
    name = postgres.new_database()
    upkeep.migrate(postgres.address(name))
    return name


@pytest.fixture(scope="session")
def database_name(postgres: PostgresServer, schema_database: str) -> str:
    """Return a database with the schema, shared by all tests: each uses users and sessions of its own."""
    return postgres.new_database(schema_database)


@pytest.fixture
def user() -> str:
    """Return the id of a person whom no other test knows."""
    return new_user()


@pytest.fixture
def own_database(postgres: PostgresServer, schema_database: str) -> str:
    """Return a database of one test alone, with the schema."""
    return postgres.new_database(schema_database)


@pytest.fixture
def database_url(postgres: PostgresServer, database_name: str) -> str:
    return postgres.address(database_name)


@pytest.fixture
def proxy(postgres: PostgresServer) -> Iterator[Proxy]:
    """Use it with `postgres.address(name, port=proxy.port)`."""
    proxy = Proxy(postgres.port)
    yield proxy
    proxy.close()


@pytest.fixture(scope="session")
def pgbouncer(postgres: PostgresServer) -> Iterator[PgBouncer]:
    """Yield a pgbouncer in transaction mode, shared by all tests: what they do with it they undo."""
    pgbouncer = PgBouncer(postgres)
    pgbouncer.start()
    yield pgbouncer
    pgbouncer.close()


@pytest.fixture
def pooled_url(postgres: PostgresServer, pgbouncer: PgBouncer, database_name: str) -> str:
    """Return the same database as `database_url`, through pgbouncer."""
    return postgres.address(database_name, port=pgbouncer.port)
