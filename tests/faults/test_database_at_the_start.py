"""PostgreSQL is away when the process starts, comes later, or is none that can be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from uuid_utils.compat import uuid7

from tests.histories import OpenStores, is_away, is_stored, opened, stored, until
from tests.history_writes import begin, grow, whole_turn
from tests.ports import free_port
from tests.postgres_servers import PostgresServer, Proxy
from thai_chat.domain.errors import SessionNotFound, StartError
from thai_chat.domain.reads import ReadMessage, ReadMessages, ReadSession
from thai_chat.domain.writes import Checkpoints
from thai_chat.history.postgres import schema
from thai_chat.history.postgres.connections import Database


async def test_a_database_that_comes_later_gets_its_schema_and_everything(
    postgres: PostgresServer, proxy: Proxy, user: str, tmp_path: Path
) -> None:
    name = postgres.new_database()
    proxy.refuse()
    async with opened(postgres.address(name, port=proxy.port), tmp_path) as history:
        assert await is_away(history)
        turn = await whole_turn(history, user)
        proxy.resume()
        await until(lambda: is_stored(history))
    assert len(await stored(postgres.address(name), turn.session.session_id, user)) == 2


async def test_without_a_database_the_journal_keeps_all_for_the_next_process(
    postgres: PostgresServer, database_name: str, user: str, tmp_path: Path
) -> None:
    async with opened(None, tmp_path) as history:
        turn = await whole_turn(history, user)
        unfinished = begin(user)
        await history.write(unfinished)
        await history.write(Checkpoints([grow(unfinished, "ครึ่ง")]))
        with pytest.raises(SessionNotFound):
            await history.read(ReadSession(uuid7(), user))
        assert (await history.state()).waiting_turns == 2
    async with opened(postgres.address(database_name), tmp_path) as history:
        assert await is_stored(history)
        assert len(await history.read(ReadMessages(turn.session.session_id, user, limit=10))) == 2
        await history.read(ReadMessage(unfinished.reply_id, user))


async def test_an_address_that_is_found_late_is_used(
    postgres: PostgresServer, database_name: str, user: str, tmp_path: Path
) -> None:
    addresses = [f"postgresql://chat@127.0.0.1:{free_port()}/chat", postgres.address(database_name)]

    def find() -> str:
        return addresses.pop(0) if len(addresses) > 1 else addresses[0]

    async with opened(find, tmp_path) as history:
        turn = await whole_turn(history, user)
        await until(lambda: is_stored(history))
    assert len(await stored(postgres.address(database_name), turn.session.session_id, user)) == 2


async def test_a_database_of_a_newer_version_stops_the_start(postgres: PostgresServer, tmp_path: Path) -> None:
    name = postgres.new_database()
    database = Database(postgres.address(name))
    schema.migrate(database.engine)
    database.engine.dispose()
    postgres.query("UPDATE alembic_version SET version_num = '9999'", database=name)
    history = OpenStores(postgres.address(name), tmp_path)
    with pytest.raises(StartError, match="newer"):
        await history.start()
    await history.close()


async def test_an_address_that_is_none_stops_the_start_without_telling_the_password(tmp_path: Path) -> None:
    history = OpenStores("postgresql://chat:s3cret@[::1/chat", tmp_path)
    with pytest.raises(StartError) as caught:
        await history.start()
    assert "s3cret" not in str(caught.value)
    await history.close()
