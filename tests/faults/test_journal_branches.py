"""Changes of branches and sessions wait for PostgreSQL as turns do."""

from __future__ import annotations

from pathlib import Path

import orjson

from tests.histories import is_stored, opened, stored, straight, until
from tests.history_writes import ANSWER, again, finish, purge, update, whole_reply, whole_turn
from tests.postgres_servers import PostgresServer, Proxy
from thai_chat.domain.reads import ReadMessages, ReadSession, ReadSessions, ReadVersions


async def test_branches_of_an_outage_are_the_same_in_postgresql(database_url: str, user: str, tmp_path: Path) -> None:
    async with opened(None, tmp_path) as history:
        first = await whole_turn(history, user)
        session_id = first.session.session_id
        second = await whole_turn(history, user, session_id)
        edited = await whole_turn(history, user, session_id, parent_id=first.reply.message_id)
        begun = await whole_turn(history, user, session_id, is_first=True)
        retried = await whole_reply(history, second, "อีกครั้ง")
        await history.write(update(first, leaf_id=second.question.message_id, tags=["งาน"], folder="บ้าน"))
        await whole_turn(history, user, session_id)
        asked = [turn.question.message_id for turn in (first, edited, begun)] + [retried.reply.message_id]
        before = await history.read(ReadSession(session_id, user))
        shown = await history.read(ReadMessages(session_id, user, limit=100))
        siblings = await history.read(ReadVersions(session_id, user, asked))
    async with opened(database_url, tmp_path) as history:
        assert await is_stored(history)
        assert (await history.state()).refused_writes == 0
    async with straight(database_url) as direct:
        assert await direct.read(ReadSession(session_id, user)) == before
        assert await direct.read(ReadMessages(session_id, user, limit=100)) == shown
        assert await direct.read(ReadVersions(session_id, user, asked)) == siblings
    assert [message.content for message in shown][3] == "อีกครั้ง"
    assert len(siblings) == 4


async def test_a_purge_in_an_outage_reaches_postgresql_in_its_place(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    address = postgres.address(database_name)
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        old, reborn = await whole_turn(history, user), await whole_turn(history, user)
        proxy.refuse()
        for turn in (old, reborn):
            await whole_turn(history, user, turn.session.session_id)
            await history.write(purge(turn))
        await whole_turn(history, user, reborn.session.session_id, question="เริ่มใหม่")
        proxy.resume()
        await until(lambda: is_stored(history))
        assert (await history.state()).refused_writes == 0
    async with straight(address) as direct:
        assert [session.session_id for session in await direct.read(ReadSessions(user, limit=9))] == [
            reborn.session.session_id
        ]
    found = await stored(address, reborn.session.session_id, user)
    assert [(order, content) for order, _, content in found] == [(1, "เริ่มใหม่"), (2, ANSWER)]


async def test_a_second_reply_that_postgresql_refuses_is_set_aside_with_its_text(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        turn = await whole_turn(history, user)
        proxy.refuse()
        write = again(turn)
        await history.write(write)
        async with straight(postgres.address(database_name)) as direct:
            await direct.write(purge(turn))
        await history.write(finish(write, "ข้อความที่ต้องไม่หาย"))
        proxy.resume()
        await until(lambda: is_stored(history))
        assert (await history.state()).refused_writes == 2
    lines = [orjson.loads(line) for line in (tmp_path / "refused" / "refused.jsonl").read_bytes().splitlines()]
    assert [line["write"]["kind"] for line in lines] == ["begin_reply", "finish_reply"]
    assert lines[1]["write"]["content"] == "ข้อความที่ต้องไม่หาย"


async def test_a_session_in_the_trash_comes_out_by_a_question_of_an_outage(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        turn = await whole_turn(history, user)
        await history.write(update(turn, deleted=True))
        proxy.refuse()
        await whole_turn(history, user, turn.session.session_id)
        proxy.resume()
        await until(lambda: is_stored(history))
    async with straight(postgres.address(database_name)) as direct:
        assert (await direct.read(ReadSession(turn.session.session_id, user))).deleted_at is None
