"""Sessions that are made and messages that are added in an outage are the same in PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from tests.histories import is_stored, opened, straight, until
from tests.history_writes import create, say, update, whole_turn
from tests.postgres_servers import PostgresServer, Proxy
from thai_chat.domain.messages import Role
from thai_chat.domain.reads import ReadMessages, ReadSession, ReadSessions


async def test_what_is_made_in_an_outage_is_the_same_in_postgresql(
    database_url: str, user: str, tmp_path: Path
) -> None:
    async with opened(None, tmp_path) as history:
        session = await history.write(create(user, metadata={"dept_id": "hr"}, options={"temperature": 0.1}))
        await history.write(say(session, "ระบบ", role=Role.SYSTEM, idempotency_key="k1"))
        turn = await whole_turn(history, user, session.session_id)
        await history.write(say(session, "ต่อ", metadata={"function_calls": [1]}))
        await history.write(update(turn, dept_id="ฝ่ายขาย"))
        empty = await history.write(create(user))
        before = await history.read(ReadSession(session.session_id, user))
        shown = await history.read(ReadMessages(session.session_id, user, limit=9))
    async with opened(database_url, tmp_path) as history:
        assert await is_stored(history)
        assert (await history.state()).refused_writes == 0
    async with straight(database_url) as direct:
        assert await direct.read(ReadSession(session.session_id, user)) == before
        assert await direct.read(ReadMessages(session.session_id, user, limit=9)) == shown
        assert await direct.read(ReadSession(empty.session_id, user)) == empty
        repeated = await direct.write(say(session, "ระบบ", role=Role.SYSTEM, idempotency_key="k1"))
        assert (repeated.repeated, repeated.message) == (True, shown[0])


async def test_a_message_of_an_outage_goes_behind_what_somebody_else_said_meanwhile(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        session = await history.write(create(user))
        proxy.refuse()
        said = await history.write(say(session, "ระหว่างนั้น"))
        listed = await history.read(ReadSessions(user, limit=5))
        assert [(one.session_id, one.message_count) for one in listed] == [(session.session_id, 1)]
        async with straight(postgres.address(database_name)) as direct:
            other = await whole_turn(direct, user, session.session_id)
        proxy.resume()
        await until(lambda: is_stored(history))
        assert (await history.state()).refused_writes == 0
    async with straight(postgres.address(database_name)) as direct:
        shown = await direct.read(ReadMessages(session.session_id, user, limit=9))
    ids = [other.question.message_id, other.reply.message_id, said.message.message_id]
    assert [message.message_id for message in shown] == ids
