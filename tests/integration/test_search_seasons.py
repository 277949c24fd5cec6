"""A page of the search is the newest of what there is, whenever it was said: in bursts, long ago, before a silence."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.histories import PostgresStores
from tests.history_writes import new_user
from tests.searched import all_found, index_everything, said
from thai_chat.domain.searching import SearchQuery, has_in_any_form, has_literally, terms_of
from thai_chat.domain.spelling import fold
from thai_chat.history.postgres.search import places as search_places

WORDS = ("สัมมนา", "ประชุมเช้า", "deploy", "deployed", "invoice", "ก")
QUERIES = (*WORDS, "deploying", "สัมมนา invoice", "ประชุมเช้าสัมมนา", "quarterly")


@pytest.mark.parametrize("seed", range(3))
async def test_what_came_and_went_is_found_newest_first(
    seed: int, history: PostgresStores, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, user = random.Random(seed), new_user()
    moments: list[datetime] = []
    contents: list[str] = []
    at = datetime(1969, 6, 1, tzinfo=UTC)
    for _ in range(12):
        at += timedelta(days=chosen.choice((0, 1, 13, 200, 1_500)))
        step = timedelta(seconds=chosen.choice((0, 1, 3_600, 86_400)))
        words = chosen.sample(WORDS, k=chosen.randint(0, 3))
        for _ in range(chosen.choice((3, 30, 150))):
            at += step
            moments.append(at)
            contents.append(" ".join(["คำ", *(word for word in words if chosen.random() < 0.7)]))
    said_by_id = said(address, user, contents, moments)
    newest_first = sorted(zip(moments, said_by_id, strict=True), reverse=True)
    await index_everything(history)
    for limits in ((5, 30, 10, 20), (5, 20, 3, 4), (50, 60, 1_000, 40)):
        for name, value in zip(("_NEWEST", "_ENOUGH", "_FEW", "_MORE"), limits, strict=True):
            monkeypatch.setattr(search_places, name, value)
        for text in QUERIES:
            terms = terms_of(text)
            fitting = [id_ for _, id_ in newest_first if has_in_any_form(terms, fold(said_by_id[id_]))]
            literal = [id_ for id_ in fitting if has_literally(terms, fold(said_by_id[id_]))]
            expected: list[UUID] = [*literal, *(id_ for id_ in fitting if id_ not in set(literal))]
            wanted = SearchQuery(user_id=user, terms=terms, limit=chosen.choice((7, 40)))
            assert await all_found(history, wanted) == expected, (limits, text)
