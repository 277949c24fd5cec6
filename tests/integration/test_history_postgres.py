"""The duties that only the history in PostgreSQL has: bounded work, exact sums, every kind of address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from tests.histories import PostgresStores, straight
from tests.history_writes import again, begin, finish, grow, update, whole_turn
from tests.people import as_person
from tests.ports import free_port
from tests.postgres_servers import PostgresServer, Proxy, installations, serving, wait_for
from thai_chat.chat.changes import Changes
from thai_chat.chat.replies.runner import Replies
from thai_chat.chat.sessions import Sessions
from thai_chat.chat.windows import Windows
from thai_chat.domain.errors import HistoryRefused, HistoryUnavailable
from thai_chat.domain.messages import Message, Status, Turn
from thai_chat.domain.reads import (
    ReadMessage,
    ReadMessages,
    ReadSession,
    ReadSessions,
    ReadVersions,
    SessionFilter,
    Shelf,
)
from thai_chat.domain.writes import Checkpoints
from thai_chat.history.postgres import schema
from thai_chat.history.postgres.connections import Database


@pytest.fixture
async def history(database_url: str) -> AsyncIterator[PostgresStores]:
    history = PostgresStores(Database(database_url))
    yield history
    await history.close()


async def test_checkpoints_and_the_finish_write_no_index(
    postgres: PostgresServer, own_database: str, user: str
) -> None:
    history = PostgresStores(Database(postgres.address(own_database)))
    write = begin(user)
    await history.write(write)
    for length in range(1, 20):
        await history.write(Checkpoints([grow(write, "ก" * length)]))
    await history.write(finish(write))
    await history.close()
    sums = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'chat_messages'"
    wait_for(lambda: postgres.query(sums, database=own_database)[0][0] == 20)
    assert postgres.query(sums, database=own_database) == [(20, 20)]


async def test_a_checkpoint_survives_the_power_cut_that_follows_it(user: str) -> None:
    with serving(next(iter(installations().values())), fsync="on", wal_writer_delay="10s") as postgres:
        database = postgres.new_database()
        connections = Database(postgres.address(database))
        schema.migrate(connections.engine)
        history = PostgresStores(connections)
        await history.write(write := begin(user))
        await history.write(Checkpoints([grow(write, "ยังพูดไม่จบ")]))
        postgres.crash()
        await history.close()
        postgres.start()
        kept = "SELECT content FROM chat_messages WHERE status = 'streaming'"
        assert postgres.query(kept, database=database) == [("ยังพูดไม่จบ",)]


@pytest.mark.parametrize("bounds", [{}, {"before_order": 700}, {"after_order": 300}], ids=str)
@pytest.mark.parametrize("branched", [False, True], ids=["one line", "with a branch"])
async def test_a_window_reads_no_more_of_a_session_than_it_shows(
    postgres: PostgresServer, own_database: str, user: str, branched: bool, bounds: dict[str, int]
) -> None:
    session_id = uuid7()
    writes = [begin(user, session_id) for _ in range(600)]
    async with straight(postgres.address(own_database)) as history:
        for number in range(0, len(writes), 200):
            await history.apply([write for begun in writes[number : number + 200] for write in (begun, finish(begun))])
        if branched:
            await whole_turn(history, user, session_id, parent_id=writes[-2].reply_id)
    postgres.query("ANALYZE", database=own_database)
    before = rows_read(postgres, own_database)
    async with straight(postgres.address(own_database)) as history:
        assert len(await history.read(ReadMessages(session_id, user, limit=50, **bounds))) == 50
    assert 50 <= rows_read(postgres, own_database) - before <= 60


# A session of 10,000 messages, or two such halves that stand beside each other below the first message.
LONG_SESSION = """
INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model, message_count, leaf_id, has_branches)
VALUES (md5('s')::uuid, %(user)s, 'n', 'b', 'm', 10000, md5('10000')::uuid, %(branched)s);
INSERT INTO chat_messages (message_id, session_id, parent_id, parent_order, role, content, message_order, status)
SELECT md5(o::text)::uuid, md5('s')::uuid,
    CASE WHEN %(branched)s AND o = 5002 THEN md5('1')::uuid WHEN o > 1 THEN md5((o - 1)::text)::uuid END,
    CASE WHEN %(branched)s AND o = 5002 THEN 1 END,
    CASE o % 2 WHEN 1 THEN 'user' ELSE 'assistant' END, 'น้ำท่วม', o, 'complete'
FROM generate_series(1, 10000) o"""


@pytest.mark.parametrize("branched", [False, True], ids=["one line", "with a branch"])
async def test_a_window_around_a_message_reads_no_more_of_a_long_session_than_it_shows(
    postgres: PostgresServer, own_database: str, user: str, branched: bool
) -> None:
    filled = LONG_SESSION.replace("%(user)s", f"'{user}'").replace("%(branched)s", str(branched))
    postgres.query(filled, database=own_database)
    postgres.query("ANALYZE", database=own_database)
    (session_id, message_id), *_ = postgres.query(
        "SELECT session_id, message_id FROM chat_messages WHERE message_order = 7000", database=own_database
    )
    before = rows_read(postgres, own_database)
    async with straight(postgres.address(own_database)) as history:
        conversation, changes = history.storage.conversation, Changes()
        replies = Replies(conversation, cost_of=_price, changes=changes)
        windows = Windows(conversation, replies, Sessions(conversation, replies, {}, changes))
        window = await windows.around(UUID(str(session_id)), as_person(user), UUID(str(message_id)), limit=50)
    orders = [message.message_order for message in window.messages]
    assert (orders, window.has_earlier, window.has_later) == ([*range(6976, 7026)], True, True)
    # Each row once, the message itself, and what tells the shape and the versions.
    assert 50 <= rows_read(postgres, own_database) - before <= (160 if branched else 60)


async def _price(*args: object, **kwargs: object) -> None:
    """Know no price."""


async def test_siblings_read_no_more_of_a_session_than_they_are(
    postgres: PostgresServer, own_database: str, user: str
) -> None:
    session_id = uuid7()
    writes = [begin(user, session_id) for _ in range(600)]
    async with straight(postgres.address(own_database)) as history:
        for number in range(0, len(writes), 200):
            await history.apply([write for begun in writes[number : number + 200] for write in (begun, finish(begun))])
        await whole_turn(history, user, session_id, parent_id=writes[300].reply_id)
        await whole_turn(history, user, session_id, is_first=True)
    postgres.query("ANALYZE", database=own_database)
    before = rows_read(postgres, own_database)
    asked = [write.question_id for write in writes[:50]] + [writes[301].question_id]
    async with straight(postgres.address(own_database)) as history:
        assert set(await history.read(ReadVersions(session_id, user, asked))) == {
            writes[0].question_id,
            writes[301].question_id,
        }
    assert rows_read(postgres, own_database) - before <= 2 * len(asked) + 10


@pytest.mark.parametrize(
    "wanted",
    [
        SessionFilter(),
        SessionFilter(pinned=True),
        SessionFilter(shelf=Shelf.ARCHIVED),
        SessionFilter(shelf=Shelf.TRASH),
        SessionFilter(tag="งาน"),
        SessionFilter(folder="บ้าน"),
    ],
    ids=str,
)
async def test_a_page_of_sessions_reads_no_more_than_its_list(
    postgres: PostgresServer, own_database: str, wanted: SessionFilter
) -> None:
    postgres.query(
        """INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model, updated_at, pinned_at,
            archived_at, deleted_at, tags, folder)
        SELECT gen_random_uuid(), 'u' || n % 2, 'n', 'b', 'm', now() - n * interval '1 s',
            CASE WHEN n % 20 < 2 THEN now() END, CASE WHEN n % 20 IN (2, 3) THEN now() END,
            CASE WHEN n % 20 IN (4, 5) THEN now() END, CASE WHEN n % 20 IN (6, 7) THEN ARRAY['งาน'] ELSE '{}' END,
            CASE WHEN n % 20 IN (8, 9) THEN 'บ้าน' END
        FROM generate_series(1, 10000) n""",
        database=own_database,
    )
    postgres.query("ANALYZE", database=own_database)
    before = rows_read(postgres, own_database, "chat_sessions")
    async with straight(postgres.address(own_database)) as history:
        assert len(await history.read(ReadSessions("u1", limit=50, filter=wanted))) == 50
    # Sessions with tags and sessions in folders share an index: half of them are of the other kind here.
    assert rows_read(postgres, own_database, "chat_sessions") - before <= 120


async def test_a_branch_that_is_shown_while_a_turn_begins_ends_with_the_turn(
    postgres: PostgresServer, history: PostgresStores, database_name: str, user: str
) -> None:
    first = await whole_turn(history, user)
    session_id = first.session.session_id
    locked = f"SELECT FROM chat_sessions WHERE session_id = '{session_id}' FOR UPDATE"
    with held(postgres, database_name, locked):
        turn = asyncio.create_task(whole_turn(history, user, session_id))
        waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
        await asyncio.to_thread(wait_for, lambda: len(postgres.query(waiting, database_name)) == 1)
        shown = asyncio.create_task(history.write(update(first, leaf_id=first.question.message_id)))
        await asyncio.to_thread(wait_for, lambda: len(postgres.query(waiting, database_name)) == 2)
    assert (await shown).leaf_id == (await turn).reply.message_id


def rows_read(postgres: PostgresServer, name: str, table: str = "chat_messages") -> int:
    """Return how many rows were read, counted when those who read have gone."""
    others = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND usename = 'chat'"
    wait_for(lambda: not postgres.query(others, name))
    sums = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = %s"
    return int(str(postgres.query(sums, table, database=name)[0][0]))


async def test_a_branched_session_pages_to_its_beginning(history: PostgresStores, user: str) -> None:
    session_id = uuid7()
    turns = [await whole_turn(history, user, session_id) for _ in range(5)]
    for turn in turns[:-1]:
        await whole_turn(history, user, session_id, parent_id=turn.reply.message_id)
    leaf = turns[-1].reply
    await history.write(update(turns[0], leaf_id=leaf.message_id))
    found: list[Message] = []
    before = None
    while window := await history.read(ReadMessages(session_id, user, limit=3, before_order=before)):
        found[:0] = window
        before = window[0].message_order
    assert [message.message_order for message in found] == list(range(1, 11))


async def test_a_replayed_turn_settles_the_one_before(history: PostgresStores, user: str) -> None:
    first = begin(user)
    await history.write(first)
    second = begin(user, first.session_id)
    (turn,) = await history.apply([second])
    assert isinstance(turn, Turn)
    assert turn.question.parent_id == first.reply_id
    assert (await history.read(ReadMessage(first.reply_id, user))).status is Status.INTERRUPTED


async def test_a_replayed_reply_settles_the_one_before(history: PostgresStores, user: str) -> None:
    write = begin(user)
    turn = await history.write(write)
    await history.apply([again(turn)])
    assert (await history.read(ReadMessage(write.reply_id, user))).status is Status.INTERRUPTED


async def test_a_batch_with_a_refused_write_stores_all_others(history: PostgresStores, user: str) -> None:
    taken = await whole_turn(history, user)
    writes = [begin(user) for _ in range(9)]
    writes[4] = begin(user, question_id=taken.question.message_id)
    outcomes = await history.apply(writes)
    assert [isinstance(outcome, HistoryRefused) for outcome in outcomes] == [number == 4 for number in range(9)]
    assert len(await history.read(ReadSessions(user, limit=20))) == 9


async def test_a_refused_turn_does_not_harm_those_that_share_its_commit(history: PostgresStores, user: str) -> None:
    taken = await whole_turn(history, user)
    writes = [begin(user) for _ in range(20)]
    bad = begin(user, question_id=taken.question.message_id)
    results = await asyncio.gather(*(history.write(write) for write in (*writes, bad)), return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["Turn"] * 20 + ["HistoryRefused"]


async def test_a_batch_may_carry_the_whole_life_of_a_session(history: PostgresStores, user: str) -> None:
    first, second, third = begin(user), begin(user), begin(user)
    second, third = (begin(user, first.session_id) for _ in range(2))
    rename = update(await whole_turn(history, user), session_id=first.session_id, session_name="ใหม่")
    await history.apply(
        [first, grow(first, "หนึ่ง"), finish(first, "หนึ่งจบ"), second, grow(second, "สอง"), rename, third, finish(third)]
    )
    found = await history.read(ReadMessages(first.session_id, user, limit=10))
    assert [message.content for message in found][1::2][:2] == ["หนึ่งจบ", "สอง"]
    statuses = [message.status for message in found][1::2]
    assert statuses == [Status.COMPLETE, Status.INTERRUPTED, Status.COMPLETE]
    assert (await history.read(ReadSession(first.session_id, user))).session_name == "ใหม่"


async def test_two_processes_do_not_begin_two_turns(database_url: str, user: str) -> None:
    replicas = [PostgresStores(Database(database_url)) for _ in range(3)]
    session_id = uuid7()
    for _ in range(10):
        writes = [begin(user, session_id, idempotency_key=str(uuid7())) for _ in replicas]
        results = await asyncio.gather(
            *(replica.write(write) for replica, write in zip(replicas, writes, strict=True)),
            return_exceptions=True,
        )
        winners = [number for number, result in enumerate(results) if not isinstance(result, Exception)]
        assert len(winners) == 1, results
        await replicas[winners[0]].write(finish(writes[winners[0]]))
    found = await replicas[0].read(ReadMessages(session_id, user, limit=100))
    assert [message.message_order for message in found] == list(range(1, 21))
    for replica in replicas:
        await replica.close()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
async def test_both_schemes_are_understood(database_url: str, scheme: str) -> None:
    history = PostgresStores(Database(database_url.replace("postgresql", scheme, 1)))
    await history.ping()
    await history.close()


async def test_of_several_hosts_the_one_that_takes_writes_is_used(postgres: PostgresServer, database_name: str) -> None:
    address = (
        f"postgresql://chat@127.0.0.1:{free_port()},127.0.0.1:{postgres.port}/{database_name}"
        "?target_session_attrs=read-write"
    )
    history = PostgresStores(Database(address))
    await history.ping()
    await history.close()


async def test_a_host_that_is_dead_is_not_asked_first_again(
    postgres: PostgresServer, proxy: Proxy, database_name: str
) -> None:
    proxy.hang()
    database = Database(f"postgresql://chat@127.0.0.1:{proxy.port},127.0.0.1:{postgres.port}/{database_name}")
    assert await database.run(lambda connection: connection.exec_driver_sql("SELECT 1").scalar(), timeout_s=10) == 1
    async with asyncio.timeout(4):  # less than two time-outs of a host
        for _ in range(3):
            database.engine.dispose()
            await database.run(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())
    await database.close()


@contextmanager
def held(postgres: PostgresServer, name: str, statement: str) -> Iterator[None]:
    """Hold the locks of `statement` as somebody else."""
    with Database(postgres.address(name)).engine.connect() as connection:
        connection.execution_options(isolation_level="READ COMMITTED")
        with connection.begin():
            connection.exec_driver_sql(statement)
            yield


async def test_a_lock_that_somebody_holds_delays_nothing_for_long_and_leaves_nothing_behind(
    postgres: PostgresServer, database_name: str, user: str
) -> None:
    history = PostgresStores(Database(postgres.address(database_name)))
    turn = await whole_turn(history, user)
    with held(postgres, database_name, "LOCK TABLE chat_messages IN EXCLUSIVE MODE"), pytest.raises(HistoryUnavailable):
        await whole_turn(history, user, turn.session.session_id)
    # Nor was it carried out when the lock was gone, though nobody waited for it any more.
    again = await whole_turn(history, user, turn.session.session_id)
    assert again.session.message_count == 4
    await history.close()
