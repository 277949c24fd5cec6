"""Ratings, votes and deleted messages wait for PostgreSQL as turns do."""

from __future__ import annotations

from pathlib import Path

from tests.histories import is_stored, opened, straight, until
from tests.history_writes import begin, delete, finish, new_user, prefer, purge_message, rate, whole_reply, whole_turn
from tests.postgres_servers import PostgresServer, Proxy
from thai_chat.domain.facts import facts_of
from thai_chat.domain.reads import ReadDeleted, ReadMessage, ReadMessages


async def test_what_is_marked_in_an_outage_reaches_postgresql_in_its_place(
    postgres: PostgresServer, proxy: Proxy, database_name: str, tmp_path: Path
) -> None:
    user = new_user()
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        first = await whole_turn(history, user)
        session_id = first.session.session_id
        second = await whole_reply(history, first, "สั้นกว่า")
        gone = await whole_turn(history, user, session_id, question="ความลับ")
        proxy.refuse()
        write = begin(user, session_id)
        begun = await history.write(write)
        await history.write(rate(begun, -1, reason="ปีผิด", tags=("wrong",)))
        await history.write(finish(write, metadata={"finish_reason": "stop"}))
        await history.write(prefer(second, first.reply.message_id, reason="กระชับ"))
        await history.write(delete(gone, gone.question.message_id))
        await history.write(purge_message(gone, gone.question.message_id))
        await history.write(delete(gone, gone.reply.message_id))
        await history.write(rate(first, 1))
        await history.write(rate(first, None))
        read = ReadMessages(session_id, user, limit=10)
        before, deleted = await history.read(read), await history.read(ReadDeleted(session_id, user))
        proxy.resume()
        await until(lambda: is_stored(history))
        assert (await history.state()).refused_writes == 0
        assert await history.read(read) == before
    async with straight(postgres.address(database_name)) as direct:
        assert await direct.read(read) == before
        assert await direct.read(ReadDeleted(session_id, user)) == deleted
        wiped = await direct.read(ReadMessage(gone.question.message_id, user))
    assert [message.message_order for message in before] == [1, 3, 6, 7]
    assert facts_of(before[-1]).rating is not None
    assert facts_of(before[1]).vote is not None
    assert "rating" not in before[0].metadata
    assert [message.message_id for message in deleted] == [gone.reply.message_id]
    assert (wiped.content, facts_of(wiped).purged) == ("", True)


async def test_a_session_with_deleted_messages_is_whole_in_an_outage(
    postgres: PostgresServer, proxy: Proxy, database_name: str, tmp_path: Path
) -> None:
    user = new_user()
    address = postgres.address(database_name, port=proxy.port)
    async with straight(postgres.address(database_name)) as direct:
        turn = await whole_turn(direct, user)
        session_id = turn.session.session_id
        middle = await whole_turn(direct, user, session_id)
        await whole_turn(direct, user, session_id)
        await direct.write(delete(middle, middle.question.message_id))
        await direct.write(delete(middle, middle.reply.message_id))
    async with opened(address, tmp_path) as history:
        read = ReadMessages(session_id, user, limit=10)
        await whole_turn(history, user, session_id)
        before = await history.read(read)
        proxy.refuse()
        later = await whole_turn(history, user, session_id)
        shown = await history.read(read)
    assert [message.message_order for message in before] == [1, 2, 5, 6, 7, 8]
    assert [*before, later.question.message_id] == [*shown[:6], shown[6].message_id]
