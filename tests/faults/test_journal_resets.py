"""A session that begins anew in an outage does so in PostgreSQL too."""

from __future__ import annotations

from pathlib import Path

from tests.histories import is_stored, opened, straight, until
from tests.history_writes import reset, update, whole_turn
from tests.postgres_servers import PostgresServer, Proxy
from thai_chat.domain.reads import ReadMessages, ReadSession


async def test_a_reset_of_an_outage_is_the_same_in_postgresql(database_url: str, user: str, tmp_path: Path) -> None:
    async with opened(None, tmp_path) as history:
        old = await whole_turn(history, user)
        session_id = old.session.session_id
        await history.write(reset(old))
        new = await whole_turn(history, user, session_id)
        await history.write(reset(new))
        before = await history.read(ReadSession(session_id, user))
    async with opened(database_url, tmp_path) as history:
        assert await is_stored(history)
        assert (await history.state()).refused_writes == 0
    async with straight(database_url) as direct:
        assert await direct.read(ReadSession(session_id, user)) == before
        assert await direct.read(ReadMessages(session_id, user, limit=9)) == []
        await direct.write(update(old, leaf_id=old.question.message_id))
        shown = await direct.read(ReadMessages(session_id, user, limit=9))
        assert [message.message_id for message in shown] == [old.question.message_id, old.reply.message_id]


async def test_a_question_after_a_reset_stays_a_first_one_where_somebody_else_went_on_meanwhile(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        old = await whole_turn(history, user)
        session_id = old.session.session_id
        proxy.refuse()
        await history.write(reset(old))
        async with straight(postgres.address(database_name)) as direct:
            other = await whole_turn(direct, user, session_id)
        new = await whole_turn(history, user, session_id)
        proxy.resume()
        await until(lambda: is_stored(history))
        assert (await history.state()).refused_writes == 0
    async with straight(postgres.address(database_name)) as direct:
        shown = await direct.read(ReadMessages(session_id, user, limit=9))
        assert [message.message_id for message in shown] == [new.question.message_id, new.reply.message_id]
        assert shown[0].parent_id is None
        await direct.write(update(old, leaf_id=other.reply.message_id))
        assert len(await direct.read(ReadMessages(session_id, user, limit=9))) == 4
