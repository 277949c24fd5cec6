"""The search index in PostgreSQL keeps itself up to date, whatever happens."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2
import pytest

from tests.histories import PostgresStores, opened, straight, until
from tests.history_writes import begin, finish, grow, new_user, whole_turn
from tests.postgres_servers import PostgresServer
from tests.searched import all_found, index_everything, migrated, said
from thai_chat.domain.messages import STALE_AFTER
from thai_chat.domain.searching import SearchQuery, has_in_any_form, terms_of
from thai_chat.domain.spelling import fold
from thai_chat.domain.writes import Checkpoints
from thai_chat.history.postgres import schema
from thai_chat.history.postgres.backup import archive, restoring
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.search import indexing
from thai_chat.history.postgres.search import pages as search


async def test_a_text_of_any_size_and_script_is_indexed(history: PostgresStores, address: str) -> None:
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
    history: PostgresStores, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "STEP_BYTES", 10_000)
    monkeypatch.setattr(indexing, "SEARCHED_CHARS", 8_000)
    user = new_user()
    mine = list(said(address, user, [f"{'ข้าว ' * 1_500}จบ {number}" for number in range(5)] + ["x" * 8_000 + "สุดท้าย"]))
    assert await history.index.index_noted(100)
    assert (await history.index_progress()).waiting == 6
    wanted = SearchQuery(user_id=user, terms=terms_of("จบ"), limit=9)
    assert (await history.search.messages(wanted)).unindexed == 5
    await index_everything(history)
    assert await all_found(history, wanted) == mine[4::-1]
    # The end of a text without end is not searched; its beginning is.
    assert await all_found(history, replace(wanted, terms=terms_of("สุดท้าย"))) == []
    assert await all_found(history, replace(wanted, terms=terms_of("xx"))) == mine[5:]


async def test_a_page_of_long_texts_holds_the_beginning_of_each(
    history: PostgresStores, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = new_user()
    said(address, user, ["ข้าวเหนียว", *("ข้าว " * 1_000 for _ in range(3))])
    await index_everything(history)

    async def lengths(limit: int) -> list[int]:
        page = await history.search.messages(SearchQuery(user_id=user, terms=terms_of("ข้าว"), limit=limit))
        return [len(hit.message.content) for hit in page.hits]

    monkeypatch.setattr(search, "_PAGE_BYTES", 30_000)
    assert await lengths(1) == [5_000]
    monkeypatch.setattr(search, "_SHARE_CHARS", 2_000)
    assert await lengths(9) == [2_000, 2_000, 2_000, len("ข้าวเหนียว")]


@pytest.mark.parametrize(
    ("text", "sought", "chars"),
    [
        ("คำ " * 3_000 + "พบแล้ว" + "คำ " * 3_000, "พบแล้ว", 2_000),
        ("คำ " * 3_000 + "NEEDLE and needles" + "คำ " * 3_000, "needle and", 2_000),
        ("คำ " * 3_000 + "she ran" + "คำ " * 3_000, "running", len("คำ " * 6_000 + "she ran")),  # another form
        ("one " + "คำ " * 6_000 + "two", "one two", len("one " + "คำ " * 6_000 + "two")),  # too far from each other
        ("ค\u200b\u200b\u200bำ " * 3_000 + "พบแล้ว", "พบแล้ว", len("ค\u200b\u200b\u200bำ " * 3_000 + "พบแล้ว")),
        ("needle" + "คำ " * 3_000, "needle", 2_000),
    ],
)
async def test_a_long_text_is_read_around_its_hit_or_from_the_beginning(
    history: PostgresStores, address: str, monkeypatch: pytest.MonkeyPatch, text: str, sought: str, chars: int
) -> None:
    user, terms = new_user(), terms_of(sought)
    said(address, user, ["ข้าว", text])
    await index_everything(history)
    monkeypatch.setattr(search, "_SHARE_CHARS", 2_000)
    (hit,) = (await history.search.messages(SearchQuery(user_id=user, terms=terms, limit=9))).hits
    assert len(hit.message.content) == chars
    assert has_in_any_form(terms, fold(hit.message.content))
    assert hit.message.content in text


async def test_of_a_long_text_no_more_is_read_than_is_searched(
    history: PostgresStores, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = new_user()
    said(address, user, ["ข้าว", "one " + "คำ " * 6_000 + "two"])
    await index_everything(history)
    monkeypatch.setattr(search, "_SHARE_CHARS", 2_000)
    monkeypatch.setattr(search, "SEARCHED_CHARS", 10_000)
    (hit,) = (await history.search.messages(SearchQuery(user_id=user, terms=terms_of("one two"), limit=9))).hits
    assert len(hit.message.content) == 10_000


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
        assert await history.index.index_old(100)
        assert (await history.index_progress()).done == 1
        await index_everything(history)
        progress = await history.index_progress()
        assert (progress.done, progress.is_complete) == (5, True)


async def test_a_search_does_not_take_the_server_for_lost_while_somebody_indexes_a_long_text(
    history: PostgresStores, address: str
) -> None:
    user = new_user()
    said(address, user, ["แกงส้ม"])
    await index_everything(history)
    said(address, user, ["แกงส้มใหม่"])
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT number FROM chat_search_queue FOR UPDATE")
        page = await history.search.messages(SearchQuery(user_id=user, terms=terms_of("แกงส้ม"), limit=9))
    assert [hit.message.content for hit in page.hits] == ["แกงส้ม"]
    assert page.unindexed == 2, "the message and its session's name"


async def test_a_reply_whose_process_is_gone_is_found(history: PostgresStores, address: str) -> None:
    user = new_user()
    write = begin(user)
    await history.write(write)
    await history.write(Checkpoints([grow(write, "ตำขิงกับกระเทียม")]))
    wanted = SearchQuery(user_id=user, terms=terms_of("ขิง"), limit=9)
    await index_everything(history)
    assert await all_found(history, wanted) == []
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("UPDATE chat_messages SET checkpointed_at = now() - %s - interval '1 s'", (STALE_AFTER,))
    assert await all_found(history, wanted) == [write.reply_id]
    # Its process was only slow: what it says in the end is what counts.
    await history.write(finish(write, "ตำกระเทียม"))
    assert await all_found(history, wanted) == []
    assert await all_found(history, replace(wanted, terms=terms_of("กระเทียม"))) == [write.reply_id]


async def test_the_note_of_a_growing_reply_is_kept_until_it_ends(history: PostgresStores) -> None:
    write = begin(new_user())
    await history.write(write)
    await index_everything(history)
    progress = await history.index_progress()
    assert (progress.waiting, progress.is_complete) == (0, True)
    await history.write(finish(write))
    assert (await history.index_progress()).waiting == 2
    await index_everything(history)
    assert not await history.index.index_noted(10)
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
        assert await history.index.index_old(100)
        progress = await history.index_progress()
        assert (progress.done, progress.is_complete) == (100, False)
        page = await history.search.messages(wanted)
        assert (len(page.hits), page.unindexed) == (100, 150)
        # The newest come first.
        assert page.hits[0].message.content == "แกงส้ม 249"
        new = await whole_turn(history, user, question="แกงส้มใหม่")
        while await history.index.index_old(100):
            pass
        page = await history.search.messages(wanted)
        assert (len(page.hits), page.unindexed) == (251, 0)
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
        while await history.index.index_old(50):
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

    async def index(history: PostgresStores) -> None:
        while (await history.index.index_noted(20)) + (await history.index.index_old(20)):
            pass

    async with straight(address) as one, straight(address) as other:
        await asyncio.gather(*(index(history) for history in (one, other) for _ in range(2)))
        await index_everything(one)
        found = await all_found(one, SearchQuery(user_id=user, terms=terms_of("แกง"), limit=1000))
        assert sorted(found) == sorted([*old, *new])


async def test_the_later_of_two_notes_of_a_message_counts(history: PostgresStores, address: str) -> None:
    """An indexer that has read a reply before its end may store it after one that has read the end."""
    user = new_user()
    write = begin(user)
    await history.write(write)
    await history.write(finish(write, "ตอนจบ"))
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
        await history.write(write)
        with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
            # An indexer that stands still in the middle of its step.
            cursor.execute("SELECT number FROM chat_search_queue FOR UPDATE")
            cursor.execute(
                "SELECT FROM chat_messages m WHERE m.session_id = %s FOR KEY SHARE", (str(write.session_id),)
            )
            await history.write(Checkpoints([grow(write)]))
            await history.write(finish(write))
            await whole_turn(history, user, write.session_id)


async def test_what_goes_for_good_goes_from_the_index_too(history: PostgresStores, address: str) -> None:
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


async def test_a_restored_backup_is_indexed_anew(history: PostgresStores, address: str, tmp_path: Path) -> None:
    user = new_user()
    await whole_turn(history, user, question="แกงส้ม", session_name="แกงเขียวหวาน")
    await index_everything(history)
    archive.save(address, tmp_path / "chats.zip")
    restoring.restore(address, tmp_path / "chats.zip", replace=True)
    assert (await history.index_progress()).done == 0
    await index_everything(history)
    assert (await history.index_progress()).is_complete
    wanted = SearchQuery(user_id=user, terms=terms_of("แกง"), limit=9)
    assert len(await all_found(history, wanted)) == 1
    assert len((await history.search.names(wanted)).sessions) == 1
