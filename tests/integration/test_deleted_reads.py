"""Deleted messages in PostgreSQL: never found, whatever the index has, and passed over in few steps."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from uuid_utils.compat import uuid7

from tests.histories import PostgresStores
from tests.history_writes import new_user, update, whole_turn
from tests.postgres_servers import PostgresServer
from thai_chat.domain.reads import ReadMessages
from thai_chat.domain.searching import SearchFilters, SearchQuery, terms_of
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.sql import windows


@pytest.fixture
async def history(database_url: str) -> AsyncIterator[PostgresStores]:
    history = PostgresStores(Database(database_url))
    yield history
    await history.close()


async def test_a_deleted_message_is_not_found_while_the_index_still_has_its_text(
    history: PostgresStores, postgres: PostgresServer, database_name: str
) -> None:
    user = new_user()
    turn = await whole_turn(history, user, question="ความลับ")

    async def found(**filters: object) -> int:
        wanted = SearchFilters(**filters)  # type: ignore[arg-type]
        query = SearchQuery(user_id=user, terms=terms_of("ความลับ"), limit=5, filters=wanted)
        return len((await history.search.messages(query)).hits)

    inside = {"session_id": turn.session.session_id}
    assert (await found(), await found(**inside)) == (1, 1)
    for statement in (
        "UPDATE chat_messages SET deleted_at = now() WHERE message_id = %s",
        "DELETE FROM chat_search_queue WHERE message_id = %s",
    ):
        postgres.query(statement, turn.question.message_id, database=database_name)
    assert (await found(), await found(**inside)) == (0, 0)


@pytest.mark.parametrize("place", [{}, {"after_order": 0}], ids=["from the end", "from the beginning"])
async def test_a_window_passes_over_many_deleted_messages_in_few_steps(
    history: PostgresStores,
    postgres: PostgresServer,
    database_name: str,
    monkeypatch: pytest.MonkeyPatch,
    place: dict[str, int],
) -> None:
    user, session_id, steps = new_user(), uuid7(), []
    turns = [await whole_turn(history, user, session_id) for _ in range(30)]
    await whole_turn(history, user, session_id, parent_id=turns[0].question.message_id)
    await history.write(update(turns[0], leaf_id=turns[-1].reply.message_id))
    postgres.query(
        "UPDATE chat_messages SET deleted_at = now() WHERE session_id = %s AND message_order BETWEEN 4 AND 57",
        session_id,
        database=database_name,
    )
    read_ranges = windows._read_ranges

    def counted(*values: object) -> object:
        steps.append(values)
        return read_ranges(*values)  # type: ignore[arg-type]

    monkeypatch.setattr(windows, "_read_ranges", counted)
    found = await history.read(ReadMessages(session_id, user, limit=4, **place))
    orders = [message.message_order for message in found]
    assert orders == ([1, 2, 3, 58] if place else [3, 58, 59, 60])
    assert len(steps) <= 3
