"""Everything is found by the search index in PostgreSQL, and nothing else, in every way of searching."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.histories import PostgresStores, straight
from tests.history_writes import new_user
from tests.postgres_servers import PostgresServer
from tests.real_texts import disturbed, pieces, texts
from tests.searched import DATES, all_found, index_everything, migrated, said
from thai_chat.domain.messages import Role
from thai_chat.domain.searching import SearchFilters, SearchQuery, has_in_any_form, has_literally, terms_of
from thai_chat.domain.spelling import fold
from thai_chat.history.postgres.search import places as search_places
from thai_chat.history.postgres.search.keys import keys_of, packed, time_keys

_LIMITS = ("_NEWEST", "_ENOUGH", "_FEW", "_MORE")
WAYS = {
    "one by one": (2_000, 3_000, 1_000, 4_000),
    "by keys": (20, 100_000, 1_000, 4_000),
    "by keys in steps of time": (20, 30, 100_000, 4_000),
    "by keys in small steps of time": (20, 30, 8, 16),
}


async def test_all_that_a_look_through_every_text_finds_is_found_and_nothing_else(any_server: PostgresServer) -> None:
    address = migrated(any_server)
    odd = disturbed(texts(100, seed=4), 150)
    known = [*texts(600), *odd, "I run", "he was running late", "runway", "nobody", "somebody else", "ราคา GPU RTX"]
    known += ["he ran home", "they went there", "the children", "a child", "goat", "wrote it", "ไปgoมา", "go", "trans"]
    known = [text for text in known for _ in range(random.Random(text).choice((1, 1, 1, 3)))]
    users = [new_user(), new_user()]
    mine = said(address, users[0], known)
    said(address, users[1], known[:300])
    queries = [f'"{piece}"' for piece in pieces(known, 110)]
    queries += [f'"{piece}"' for piece in pieces(odd, 40, seed=6)]
    queries += [f"{first} {second}" for first, second in pairwise(pieces(known, 30, seed=5))]
    queries += [
        "running",
        "ran",
        "went",
        "go ไป",
        "children went",
        "writing",
        "body",
        "gpu ราคา",
        "qz",
        "ฌฬฒ",
        "absent",
        "ไม่มีคำนี้แน่นอนจริงๆ",
    ]
    folded = {message_id: fold(text) for message_id, text in mine.items()}
    async with straight(address) as history:
        await index_everything(history)
        for way, limits in WAYS.items():
            for text in queries:
                terms = terms_of(text)
                if not terms:
                    continue
                expected = {id_ for id_, one in folded.items() if has_in_any_form(terms, one)}
                literal = {id_ for id_ in expected if has_literally(terms, folded[id_])}
                with pytest.MonkeyPatch.context() as patch:
                    for name, value in zip(_LIMITS, limits, strict=True):
                        patch.setattr(search_places, name, value)
                    limit = 90 if len(expected) < 300 else 1_000
                    found = await all_found(history, SearchQuery(user_id=users[0], terms=terms, limit=limit))
                assert len(found) == len(set(found)), (way, text)
                assert set(found) == expected, (way, text)
                assert set(found[: len(literal)]) == literal, (way, text)


@pytest.mark.parametrize("way", WAYS)
async def test_filters_hold_in_every_way_of_searching(
    way: str, history: PostgresStores, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = new_user()
    known = [f"แกงส้ม {number % 7} {'พิเศษ' if number % 50 == 1 else ''}" for number in range(400)]
    mine = list(said(address, user, known))
    await index_everything(history)
    for name, value in zip(_LIMITS, WAYS[way], strict=True):
        monkeypatch.setattr(search_places, name, value)

    async def found(text: str, **filters: Any) -> list[int]:
        wanted = SearchQuery(user_id=user, terms=terms_of(text), limit=30, filters=SearchFilters(**filters))
        return [mine.index(message_id) for message_id in await all_found(history, wanted)]

    newest_first = range(399, -1, -1)
    assert await found("แกงส้ม") == list(newest_first)
    assert await found("ส้ม", role=Role.USER) == [n for n in newest_first if n % 2 == 0]
    assert await found("ส้ม", model="typhoon") == [n for n in newest_first if n % 4 == 1]
    assert await found("พิเศษ", model="llama") == [n for n in newest_first if n % 4 == 3 and n % 50 == 1]
    step = timedelta(days=730) / 400
    since, before = DATES + 100 * step, DATES + 200 * step
    assert await found("3", since=since, until=before) == [n for n in range(199, 99, -1) if n % 7 == 3]


@pytest.mark.parametrize("way", WAYS)
async def test_everybody_is_searched_for_an_administrator(
    way: str, history: PostgresStores, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [f"แกงส้ม {number}" for number in range(90)]
    said_by_all = [id_ for user in (new_user(), new_user()) for id_ in said(address, user, known)]
    await index_everything(history)
    for name, value in zip(_LIMITS, WAYS[way], strict=True):
        monkeypatch.setattr(search_places, name, value)
    wanted = SearchQuery(user_id=None, terms=terms_of("แกงส้ม"), limit=25)
    assert sorted(await all_found(history, wanted)) == sorted(said_by_all)
    assert len(await all_found(history, replace(wanted, terms=terms_of("ส้ม 77")))) == 2


def test_the_server_makes_the_keys_that_are_asked_for(postgres: PostgresServer, own_database: str) -> None:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    statement = "SELECT chat_search_keys('u', 'user', NULL, NULL, %s, %s)"
    for text in texts(150, seed=11):
        ((stored,),) = postgres.query(statement, at, packed(fold(text)), database=own_database)
        assert isinstance(stored, list)
        for piece in pieces([text], 10):
            # Cut from the text as it was written, a piece may be spelled otherwise than where it stands.
            strings = [packed(term.text) for term in terms_of(f'"{piece}"') if term.text in fold(text)]
            keys = keys_of([[string] for string in strings])
            assert set(keys.all_of) <= set(stored)
            assert all(set(one_of) & set(stored) for one_of in keys.any_of)
        step = int(at.timestamp()) >> 20
        for oldest, newest in ((step, step), (step - 100, step + 3), (step - 40, step)):
            assert set(time_keys(oldest, newest)) & set(stored)
        assert not set(time_keys(step + 1, step + 200)) & set(stored)
        assert not set(time_keys(step - 200, step - 1)) & set(stored)
