"""PostgreSQL comes back without what it had acknowledged, or another server in its place."""

from __future__ import annotations

import asyncio
from pathlib import Path

from uuid_utils.compat import uuid7

from tests.histories import is_stored, opened, stored, straight, until
from tests.history_writes import begin, finish, grow, update, whole_turn
from tests.postgres_servers import PostgresServer, Proxy, replicas
from thai_chat.domain.messages import Status
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.domain.reads import ReadSessions
from thai_chat.domain.writes import Checkpoints


async def questions(address: str, session_id: object, user: str) -> list[str]:
    """Return the questions in order, once it is sure that each has one whole reply."""
    found = await stored(address, session_id, user)  # type: ignore[arg-type]
    assert [order for order, _, _ in found] == list(range(1, len(found) + 1))
    assert {status for _, status, _ in found} == {Status.COMPLETE}
    return [content for order, _, content in found if order % 2]


async def test_a_database_that_was_made_anew_gets_the_last_minute_and_all_that_waits(
    postgres: PostgresServer, proxy: Proxy, own_database: str, user: str, tmp_path: Path
) -> None:
    old, new = uuid7(), uuid7()
    async with opened(postgres.address(own_database, port=proxy.port), tmp_path) as history:
        await whole_turn(history, user, old, question="ก่อน")
        running = begin(user, old, question="ระหว่าง")
        await history.write(running)
        proxy.refuse()
        await whole_turn(history, user, new, question="ใหม่")
        await history.write(finish(running))
        await whole_turn(history, user, old, question="ต่อ")
        postgres.query(f"DROP DATABASE {own_database} WITH (FORCE)")
        proxy.resume()
        postgres.query(f"CREATE DATABASE {own_database} OWNER chat TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
        await until(lambda: is_stored(history))
        await whole_turn(history, user, old, question="หลัง")
        assert (await history.state()).refused_writes == 0
    address = postgres.address(own_database)
    assert await questions(address, old, user) == ["ก่อน", "ระหว่าง", "ต่อ", "หลัง"]
    assert await questions(address, new, user) == ["ใหม่"]


async def test_a_standby_that_was_behind_gets_what_the_primary_had_acknowledged(user: str, tmp_path: Path) -> None:
    session_id = uuid7()
    with replicas(synchronous=False) as (primary, standby):
        name = primary.new_database()
        address = (
            f"postgresql://chat@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/{name}"
            "?target_session_attrs=read-write"
        )
        async with opened(address, tmp_path) as history:
            await whole_turn(history, user, session_id, question="ทั้งสองมี")
            await until(lambda: has(standby, name))
            standby.configure("primary_conninfo", "")
            await until(lambda: is_alone(primary))
            await whole_turn(history, user, session_id, question="ตัวหลักมีตัวเดียว")
            running = begin(user, session_id, question="กำลังตอบ")
            await history.write(running)
            primary.crash()
            await history.write(Checkpoints([grow(running)]))
            await asyncio.to_thread(standby.promote)
            await until(lambda: is_stored(history))
            await history.write(finish(running))
            await whole_turn(history, user, session_id, question="หลัง")
        found = await questions(standby.address(name), session_id, user)
        assert found == ["ทั้งสองมี", "ตัวหลักมีตัวเดียว", "กำลังตอบ", "หลัง"]


async def has(standby: PostgresServer, name: str) -> bool:
    """Tell whether the standby has a finished reply."""
    if not standby.query("SELECT 1 FROM pg_database WHERE datname = %s", name):
        return False
    if standby.query("SELECT to_regclass('chat_messages')", database=name) == [(None,)]:
        return False
    finished = "SELECT 1 FROM chat_messages WHERE role = 'assistant' AND status = 'complete'"
    return len(standby.query(finished, database=name)) == 1


async def is_alone(primary: PostgresServer) -> bool:
    return primary.query("SELECT count(*) FROM pg_stat_replication") == [(0,)]


async def test_a_restart_of_the_same_server_changes_nothing_that_others_changed_since(
    postgres: PostgresServer, proxy: Proxy, own_database: str, user: str, tmp_path: Path
) -> None:
    async with (
        opened(postgres.address(own_database, port=proxy.port), tmp_path) as history,
        straight(postgres.address(own_database)) as other,
    ):
        turn = await whole_turn(history, user)
        await history.write(update(turn, session_name="ชื่อแรก"))
        await other.write(update(turn, session_name="ชื่อหลัง"))
        gone = await whole_turn(history, user)
        postgres.query(
            "DELETE FROM chat_sessions WHERE session_id = %s", str(gone.session.session_id), database=own_database
        )
        proxy.refuse()
        await whole_turn(history, user)
        proxy.resume()
        await until(lambda: is_stored(history))
        found = await other.read(ReadSessions(user, limit=10))
        assert gone.session.session_id not in {session.session_id for session in found}
        assert [s.session_name for s in found if s.session_id == turn.session.session_id] == ["ชื่อหลัง"]


async def test_a_synchronous_standby_that_is_gone_holds_up_no_turn(user: str, tmp_path: Path) -> None:
    """Its primary reads as ever and answers no commit."""
    session_id = uuid7()
    with replicas() as (primary, standby):
        address = primary.address(primary.new_database())
        async with opened(address, tmp_path) as history:
            await whole_turn(history, user, session_id, question="ก่อน")
            standby.stop()
            async with asyncio.timeout(8):
                await whole_turn(history, user, session_id, question="ตอนรอ")
            async with asyncio.timeout(8):  # five that were held up like the first would take more
                for number in range(5):
                    await whole_turn(history, user, session_id, question=str(number))
            assert (await history.state()).database is DatabaseState.MEMORY
            standby.start()
            await until(lambda: is_stored(history))
        assert await questions(address, session_id, user) == ["ก่อน", "ตอนรอ", "0", "1", "2", "3", "4"]
