"""The background task that keeps the search index up to date: what it tells, and whom it makes way for."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.histories import opened, until
from tests.history_writes import new_user, whole_turn
from tests.searched import said
from thai_chat.history.outage import primary
from thai_chat.history.outage.outbox import Outbox
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.connector import PostgresConnector
from thai_chat.history.postgres.search import indexer


@pytest.mark.parametrize("count", [3, 1_200])
async def test_what_is_not_searchable_yet_is_counted_until_it_is(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(indexer, "_COUNTED_S", 0.0)
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        said(address, new_user(), [f"แกงส้ม {number}" for number in range(count)])
        cursor.execute("SELECT number FROM chat_search_queue FOR UPDATE")
        async with opened(address, tmp_path) as history:

            async def is_left(left: int) -> bool:
                return history.search.unindexed == left

            await until(lambda: is_left(count + 1))  # the name of their session too
            connection.rollback()
            await until(lambda: is_left(0))
            # A reply that grows is noted from its beginning, and nothing is missed for that.
            await whole_turn(history, new_user())
            await until(lambda: is_left(0))


def test_half_of_the_time_is_left_to_those_who_chat_and_none_where_nobody_does() -> None:
    assert indexer.pause_s(0.08, unused_s=0.1) == 0.08
    assert indexer.pause_s(0.08, unused_s=indexer.QUIET_S) == 0


async def test_only_what_is_asked_for_somebody_is_use(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(primary, "_IDLE_S", 0.02)
    outbox = Outbox(tmp_path)
    await outbox.adopt()
    watched = primary.Primary(outbox, PostgresConnector(address, pool_size=2, timeout_s=2.0))
    pings: list[object] = []
    run = Database.run

    async def noted(self: Database, *call: object, **options: object) -> object:
        pings.append(call)
        return await run(self, *call, **options)  # type: ignore[arg-type]

    await watched.start()
    try:
        monkeypatch.setattr(Database, "run", noted)

        async def was_asked_thrice() -> bool:
            return len(pings) >= 3

        await until(was_asked_thrice)
        unused_s = watched.unused_s
        assert unused_s > 0.02
        await watched.ask(lambda postgres: postgres.ping())
        assert watched.unused_s < unused_s
        watched.note_use()
        assert watched.unused_s < unused_s
    finally:
        await watched.close()
        await outbox.close()
