"""The search index in PostgreSQL: everything is found by it, and it keeps itself up to date whatever happens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from psycopg2.extras import execute_values, register_uuid
from uuid_utils.compat import uuid7

from tests.histories import opened, straight, until
from tests.history_writes import begin, finish, grow, new_user, whole_turn
from tests.postgres_servers import PostgresServer, installations, serving
from tests.real_texts import disturbed, pieces, texts
from thai_chat.domain.messages import STALE_AFTER, Role
from thai_chat.domain.searching import SearchFilters, SearchQuery, has_in_any_form, has_literally, terms_of
from thai_chat.domain.spelling import fold
from thai_chat.history import archive, indexing, schema, search, upkeep
from thai_chat.history.connections import Database
from thai_chat.history.postgres import PostgresHistory
from thai_chat.history.search_keys import keys_of, packed, time_keys

_MESSAGES = """
INSERT INTO chat_messages (message_id, session_id, role, content, message_order, status, backend, model, created_at)
VALUES %s"""
_SESSION = """
INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model, message_count)
VALUES (%s, %s, '-', 'vllm', 'typhoon', %s)"""
_DATES = datetime(2024, 1, 1, tzinfo=UTC)


def said(address: str, user_id: str, contents: list[str]) -> dict[UUID, str]:
    """Writes them as messages of one session, over two years, past the history; by id."""
    session_id = uuid7()
    step = timedelta(days=730) / max(1, len(contents))
    rows = []
    for number, content in enumerate(contents):
        role, model = (("user", None), ("assistant", "typhoon" if number % 4 == 1 else "llama"))[number % 2]
        backend = None if model is None else "vllm"
        at = _DATES + number * step
        rows.append((uuid7(), session_id, role, content, number + 1, "complete", backend, model, at))
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        register_uuid(None, connection)
        cursor.execute(_SESSION, (session_id, user_id, len(rows)))
        execute_values(cursor, _MESSAGES, rows, page_size=500)
    return {row[0]: row[3] for row in rows}


async def index_everything(history: PostgresHistory) -> None:
    while await history.index_noted(500) or await history.index_old(500):
        pass


@pytest.fixture(params=installations())
def any_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    with serving(installations()[request.param]) as server:
        yield server


def migrated(server: PostgresServer, revision: str = schema.HEAD) -> str:
    address = server.address(server.new_database())
    database = Database(address)
    schema.migrate(database.engine, revision)
    database.engine.dispose()
    return address


@pytest.fixture
async def history(own_database: str, postgres: PostgresServer) -> AsyncIterator[PostgresHistory]:
    async with straight(postgres.address(own_database)) as history:
        yield history


@pytest.fixture
def address(own_database: str, postgres: PostgresServer) -> str:
    return postgres.address(own_database)


async def all_found(history: PostgresHistory, wanted: SearchQuery) -> list[UUID]:
    found: list[UUID] = []
    while True:
        page = await history.search(wanted)
        found += [hit.message.message_id for hit in page.hits]
        if page.next is None:
            return found
        wanted = replace(wanted, after=page.next)


WAYS = {"one by one": (2_000, 3_000), "by keys": (20, 100_000), "by keys in steps of time": (20, 30)}


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
        for way, (newest, enough) in WAYS.items():
            for text in queries:
                terms = terms_of(text)
                if not terms:
                    continue
                expected = {id_ for id_, one in folded.items() if has_in_any_form(terms, one)}
                literal = {id_ for id_ in expected if has_literally(terms, folded[id_])}
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(search, "_NEWEST", newest)
                    patch.setattr(search, "_ENOUGH", enough)
                    limit = 90 if len(expected) < 300 else 1_000
                    found = await all_found(history, SearchQuery(user_id=users[0], terms=terms, limit=limit))
                assert len(found) == len(set(found)), (way, text)
                assert set(found) == expected, (way, text)
                assert set(found[: len(literal)]) == literal, (way, text)


@pytest.mark.parametrize("way", WAYS)
async def test_filters_hold_in_every_way_of_searching(
    way: str, history: PostgresHistory, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = new_user()
    known = [f"แกงส้ม {number % 7} {'พิเศษ' if number % 50 == 1 else ''}" for number in range(400)]
    mine = list(said(address, user, known))
    await index_everything(history)
    for name, value in zip(("_NEWEST", "_ENOUGH"), WAYS[way], strict=True):
        monkeypatch.setattr(search, name, value)

    async def found(text: str, **filters: Any) -> list[int]:
        wanted = SearchQuery(user_id=user, terms=terms_of(text), limit=30, filters=SearchFilters(**filters))
        return [mine.index(message_id) for message_id in await all_found(history, wanted)]

    newest_first = range(399, -1, -1)
    assert await found("แกงส้ม") == list(newest_first)
    assert await found("ส้ม", role=Role.USER) == [n for n in newest_first if n % 2 == 0]
    assert await found("ส้ม", model="typhoon") == [n for n in newest_first if n % 4 == 1]
    assert await found("พิเศษ", model="llama") == [n for n in newest_first if n % 4 == 3 and n % 50 == 1]
    step = timedelta(days=730) / 400
    since, before = _DATES + 100 * step, _DATES + 200 * step
    assert await found("3", since=since, until=before) == [n for n in range(199, 99, -1) if n % 7 == 3]


@pytest.mark.parametrize("way", WAYS)
async def test_everybody_is_searched_for_an_administrator(
    way: str, history: PostgresHistory, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [f"แกงส้ม {number}" for number in range(90)]
    said_by_all = [id_ for user in (new_user(), new_user()) for id_ in said(address, user, known)]
    await index_everything(history)
    for name, value in zip(("_NEWEST", "_ENOUGH"), WAYS[way], strict=True):
        monkeypatch.setattr(search, name, value)
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


async def test_a_text_of_any_size_and_script_is_indexed(history: PostgresHistory, address: str) -> None:
    user = new_user()
    everything = "".join(chr(code) for code in range(1, 0x3000) if not 0xD800 <= code < 0xE000)
    long = "ข้าวมันไก่ GPU " * 13_000 + "ตอนจบ"
    mine = list(said(address, user, [everything, long, " ", "่", "x"]))
    await index_everything(history)

    async def found(text: str) -> list[UUID]:
        return await all_found(history, SearchQuery(user_id=user, terms=terms_of(text), limit=9))

    assert await found("ตอนจบ") == [mine[1]]
    assert await found("⋐⋑") == [mine[0]]
    assert await found("฿") == [mine[0]]
    assert await found("ไก่") == [mine[1]]
    assert await found("x") == [mine[4], mine[0]]


async def test_long_texts_are_indexed_a_few_at_a_time(
    history: PostgresHistory, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "STEP_BYTES", 10_000)
    monkeypatch.setattr(indexing, "SEARCHED_CHARS", 8_000)
    user = new_user()
    mine = list(said(address, user, [f"{'ข้าว ' * 1_500}จบ {number}" for number in range(5)] + ["x" * 8_000 + "สุดท้าย"]))
    assert await history.index_noted(100)
    assert (await history.index_progress()).waiting == 6
    wanted = SearchQuery(user_id=user, terms=terms_of("จบ"), limit=9)
    assert not (await history.search(wanted)).is_complete
    await index_everything(history)
    assert await all_found(history, wanted) == mine[4::-1]
    # The end of a text without end is not searched; its beginning is.
    assert await all_found(history, replace(wanted, terms=terms_of("สุดท้าย"))) == []
    assert await all_found(history, replace(wanted, terms=terms_of("xx"))) == mine[5:]


async def test_old_long_texts_are_indexed_a_few_at_a_time(
    any_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "STEP_BYTES", 10_000)
    address, user = migrated(any_server, "0003"), new_user()
    said(address, user, [f"{'ข้าว ' * 1_500}จบ {number}" for number in range(5)])
    database = Database(address)
    schema.migrate(database.engine)
    database.engine.dispose()
    async with straight(address) as history:
        assert await history.index_old(100)
        assert (await history.index_progress()).done == 1
        await index_everything(history)
        progress = await history.index_progress()
        assert (progress.done, progress.is_complete) == (5, True)


async def test_a_search_does_not_take_the_server_for_lost_while_somebody_indexes_a_long_text(
    history: PostgresHistory, address: str
) -> None:
    user = new_user()
    said(address, user, ["แกงส้ม"])
    await index_everything(history)
    said(address, user, ["แกงส้มใหม่"])
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT number FROM chat_search_queue FOR UPDATE")
        page = await history.search(SearchQuery(user_id=user, terms=terms_of("แกงส้ม"), limit=9))
    assert [hit.message.content for hit in page.hits] == ["แกงส้ม"]
    assert not page.is_complete


async def test_a_reply_whose_process_is_gone_is_found(history: PostgresHistory, address: str) -> None:
    user = new_user()
    write = begin(user)
    await history.begin_turn(write)
    await history.checkpoint([grow(write, "ตำขิงกับกระเทียม")])
    wanted = SearchQuery(user_id=user, terms=terms_of("ขิง"), limit=9)
    await index_everything(history)
    assert await all_found(history, wanted) == []
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("UPDATE chat_messages SET checkpointed_at = now() - %s - interval '1 s'", (STALE_AFTER,))
    assert await all_found(history, wanted) == [write.reply_id]
    # Its process was only slow: what it says in the end is what counts.
    await history.finish_reply(finish(write, "ตำกระเทียม"))
    assert await all_found(history, wanted) == []
    assert await all_found(history, replace(wanted, terms=terms_of("กระเทียม"))) == [write.reply_id]


async def test_the_note_of_a_growing_reply_is_kept_until_it_ends(history: PostgresHistory) -> None:
    write = begin(new_user())
    await history.begin_turn(write)
    await index_everything(history)
    progress = await history.index_progress()
    assert (progress.waiting, progress.is_complete) == (0, True)
    await history.finish_reply(finish(write))
    assert (await history.index_progress()).waiting == 2
    await index_everything(history)
    assert not await history.index_noted(10)
    assert (await history.index_progress()).waiting == 0


async def test_old_messages_are_indexed_step_by_step_and_the_progress_is_told(any_server: PostgresServer) -> None:
    address, user = migrated(any_server, "0003"), new_user()
    said(address, user, [f"แกงส้ม {number}" for number in range(250)])
    database = Database(address)
    schema.migrate(database.engine)
    database.engine.dispose()
    wanted = SearchQuery(user_id=user, terms=terms_of("แกง"), limit=500)
    async with straight(address) as history:
        assert (await history.index_progress()).total == 250
        assert await history.index_old(100)
        progress = await history.index_progress()
        assert (progress.done, progress.is_complete) == (100, False)
        page = await history.search(wanted)
        assert (len(page.hits), page.is_complete) == (100, False)
        # The newest come first.
        assert page.hits[0].message.content == "แกงส้ม 249"
        new = await whole_turn(history, user, question="แกงส้มใหม่")
        while await history.index_old(100):
            pass
        page = await history.search(wanted)
        assert (len(page.hits), page.is_complete) == (251, True)
        assert page.hits[0].message.message_id == new.question.message_id
        assert (await history.index_progress()).is_complete


async def test_a_step_that_is_killed_half_way_is_done_again(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, user = migrated(postgres, "0003"), new_user()
    mine = said(address, user, [f"แกงส้ม {number}" for number in range(120)])
    database = Database(address)
    schema.migrate(database.engine)
    real, killed = indexing.packed, []

    def packed_until_the_server_kills_it(text: str) -> str:
        if not killed and text.endswith("60"):
            killed.append(text)
            mine_only = "datname = %s AND application_name = 'thai-chat' AND state <> 'idle'"
            name = address.rpartition("/")[2]
            postgres.query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine_only}", name)
        return real(text)

    monkeypatch.setattr(indexing, "packed", packed_until_the_server_kills_it)
    async with straight(address) as history:
        while await history.index_old(50):
            pass
        assert killed
        wanted = SearchQuery(user_id=user, terms=terms_of("แกง"), limit=500)
        assert set(await all_found(history, wanted)) == set(mine)
        assert len(await all_found(history, wanted)) == len(mine)
    database.engine.dispose()


async def test_indexers_side_by_side_leave_nothing_out(postgres: PostgresServer) -> None:
    address, user = migrated(postgres, "0003"), new_user()
    old = said(address, user, [f"แกงส้ม {number}" for number in range(300)])
    database = Database(address)
    schema.migrate(database.engine)
    database.engine.dispose()
    new = said(address, user, [f"แกงเขียวหวาน {number}" for number in range(300)])

    async def index(history: PostgresHistory) -> None:
        while (await history.index_noted(20)) + (await history.index_old(20)):
            pass

    async with straight(address) as one, straight(address) as other:
        await asyncio.gather(*(index(history) for history in (one, other) for _ in range(2)))
        await index_everything(one)
        found = await all_found(one, SearchQuery(user_id=user, terms=terms_of("แกง"), limit=1000))
        assert sorted(found) == sorted([*old, *new])


async def test_the_later_of_two_notes_of_a_message_counts(history: PostgresHistory, address: str) -> None:
    """An indexer that has read a reply before its end may store it after one that has read the end."""
    user = new_user()
    write = begin(user)
    await history.begin_turn(write)
    await history.finish_reply(finish(write, "ตอนจบ"))
    await index_everything(history)
    database = Database(address)
    with database.engine.connect() as connection:
        raw: Any = connection.connection
        with raw.cursor() as cursor:
            row = (write.reply_id, user, "assistant", "vllm", "typhoon", write.at, 1, "ตอนแรก")
            indexing._store(cursor, indexing._STORE_MESSAGES, [row])
    database.engine.dispose()
    wanted = SearchQuery(user_id=user, terms=terms_of("ตอนจบ"), limit=9)
    assert await all_found(history, wanted) == [write.reply_id]


async def test_a_chat_never_waits_for_an_indexer(postgres: PostgresServer, own_database: str) -> None:
    address = postgres.address(own_database)
    async with straight(address) as history:
        user = new_user()
        write = begin(user)
        await history.begin_turn(write)
        with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
            # An indexer that stands still in the middle of its step.
            cursor.execute("SELECT number FROM chat_search_queue FOR UPDATE")
            cursor.execute(
                "SELECT FROM chat_messages m WHERE m.session_id = %s FOR KEY SHARE", (str(write.session_id),)
            )
            await history.checkpoint([grow(write)])
            await history.finish_reply(finish(write))
            await whole_turn(history, user, write.session_id)


async def test_what_goes_for_good_goes_from_the_index_too(history: PostgresHistory, address: str) -> None:
    user = new_user()
    turn = await whole_turn(history, user)
    await index_everything(history)
    await whole_turn(history, user, turn.session.session_id)
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM chat_sessions")
    await index_everything(history)
    tables = ("chat_message_search", "chat_session_search", "chat_search_queue")
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0] == 0


async def test_an_open_history_indexes_by_itself(postgres: PostgresServer, own_database: str, tmp_path: Path) -> None:
    address, user = postgres.address(own_database), new_user()
    async with opened(address, tmp_path) as history, straight(address) as beside:
        await whole_turn(history, user)

        async def is_indexed() -> bool:
            rows = postgres.query("SELECT count(*) FROM chat_message_search", database=own_database)
            return rows == [(2,)]

        await until(is_indexed)
        assert (await beside.index_progress()).is_complete


async def test_a_restored_backup_is_indexed_anew(history: PostgresHistory, address: str, tmp_path: Path) -> None:
    user = new_user()
    await whole_turn(history, user, question="แกงส้ม", session_name="แกงเขียวหวาน")
    await index_everything(history)
    archive.save(address, tmp_path / "chats.zip")
    archive.load(address, tmp_path / "chats.zip", rebuild=lambda revision: upkeep.rebuild(address, revision))
    assert (await history.index_progress()).done == 0
    await index_everything(history)
    assert (await history.index_progress()).is_complete
    wanted = SearchQuery(user_id=user, terms=terms_of("แกง"), limit=9)
    assert len(await all_found(history, wanted)) == 1
    assert len((await history.search_names(wanted)).sessions) == 1
