"""A history of one test alone, straight over PostgreSQL, and every server program of the machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.histories import PostgresStores, straight
from tests.postgres_servers import PostgresServer, installations, serving


@pytest.fixture(params=installations())
def any_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    with serving(installations()[request.param]) as server:
        yield server


@pytest.fixture
async def history(own_database: str, postgres: PostgresServer) -> AsyncIterator[PostgresStores]:
    async with straight(postgres.address(own_database)) as history:
        yield history


@pytest.fixture
def address(own_database: str, postgres: PostgresServer) -> str:
    return postgres.address(own_database)
