"""Turns of other chats are not stored into those that a restore put in their place."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.faults.test_journal import journals, left_behind
from tests.histories import is_stored, opened, stored, until
from tests.history_writes import whole_turn
from tests.postgres_servers import PostgresServer, Proxy
from thai_chat.__main__ import main
from thai_chat.domain.messages import Turn
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.history.outage.generation import UNKNOWN
from thai_chat.history.outage.journal import count_waiting
from thai_chat.history.postgres.backup import archive, kept, restoring
from thai_chat.history.postgres.generation import ORIGINAL


@pytest.fixture
def address(postgres: PostgresServer, own_database: str) -> str:
    return postgres.address(own_database)


async def an_outage_after_a_backup(address: str, folder: Path, user: str) -> Turn:
    """Put one turn into the backup and the database; the one that is returned waits in the journal alone."""
    async with opened(address, folder) as history:
        first = await whole_turn(history, user)
    archive.save(address, folder / "chats.zip")
    async with opened(None, folder) as history:
        return await whole_turn(history, user, first.session.session_id)


async def orders(address: str, turn: Turn, user: str) -> list[int]:
    return [order for order, *_ in await stored(address, turn.session.session_id, user)]


@pytest.fixture
def configured(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", address)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("OLLAMA_HOST", "")


async def test_a_later_journal_is_not_stored_into_an_older_backup_and_comes_back_with_what_it_was_for(
    address: str, tmp_path: Path, user: str
) -> None:
    later = await an_outage_after_a_backup(address, tmp_path, user)
    restoring.restore(address, tmp_path / "chats.zip", replace=True)
    async with opened(address, tmp_path) as history:
        assert await is_stored(history)
        assert (await history.state()).refused_writes == 0
    assert await orders(address, later, user) == [1, 2]
    assert len(journals(tmp_path)) == 1
    kept.undo(address)
    async with opened(address, tmp_path) as history:
        await until(lambda: is_stored(history))
    assert await orders(address, later, user) == [1, 2, 3, 4]
    assert not journals(tmp_path)


@pytest.mark.usefixtures("configured")
async def test_the_commands_say_what_waits_and_take_it_over_when_that_is_said(
    address: str, tmp_path: Path, user: str, capsys: pytest.CaptureFixture[str]
) -> None:
    later = await an_outage_after_a_backup(address, tmp_path, user)
    main(["status"])
    assert "2 writes to be stored in the database" in capsys.readouterr().out
    assert main(["backup", str(tmp_path / "again.zip")]) == 0
    assert "Not in it: 2 writes" in capsys.readouterr().out
    assert main(["restore", str(tmp_path / "chats.zip"), "--replace"]) == 0
    assert "2 writes of an outage in" in capsys.readouterr().out
    main(["status"])
    assert "Set aside:    2 writes" in capsys.readouterr().out
    assert main(["restore", "--take-journal"]) == 0
    async with opened(address, tmp_path) as history:
        await until(lambda: is_stored(history))
    assert await orders(address, later, user) == [1, 2, 3, 4]


@pytest.mark.usefixtures("configured")
async def test_what_waits_since_before_the_first_connection_is_for_the_chats_that_a_restore_finds(
    address: str, tmp_path: Path, user: str
) -> None:
    archive.save(address, tmp_path / "chats.zip")
    await left_behind(tmp_path, user, turns=1)
    as_an_earlier_version(journals(tmp_path)[0])
    assert set(count_waiting(tmp_path / "journal")) == {UNKNOWN}
    assert main(["restore", str(tmp_path / "chats.zip"), "--replace"]) == 0
    assert count_waiting(tmp_path / "journal") == {ORIGINAL: 2}


def as_an_earlier_version(journal: Path) -> None:
    records = journal.read_bytes()[32:]
    journal.write_bytes(struct.pack("<8sQ", b"TCWRITE1", 16) + records)


async def test_a_journal_of_an_earlier_version_is_stored(database_url: str, tmp_path: Path, user: str) -> None:
    (turn,) = await left_behind(tmp_path, user, turns=1)
    as_an_earlier_version(journals(tmp_path)[0])
    async with opened(database_url, tmp_path) as history:
        await until(lambda: is_stored(history))
    assert await orders(database_url, turn, user) == [1, 2]


async def test_a_process_that_was_away_while_another_restored_goes_on_with_the_restored_chats(
    postgres: PostgresServer, own_database: str, proxy: Proxy, tmp_path: Path, user: str
) -> None:
    address = postgres.address(own_database)
    async with opened(postgres.address(own_database, port=proxy.port), tmp_path) as history:
        first = await whole_turn(history, user)
        archive.save(address, tmp_path / "chats.zip")
        proxy.refuse()
        await whole_turn(history, user, first.session.session_id)
        assert (await history.state()).waiting_turns == 1
        restoring.restore(address, tmp_path / "chats.zip", replace=True)
        proxy.resume()
        await until(lambda: is_stored(history))
        assert await orders(address, first, user) == [1, 2]
        assert (await history.state()).database is DatabaseState.POSTGRESQL
        await whole_turn(history, user, first.session.session_id, question="หลังกู้คืน")
    assert (await stored(address, first.session.session_id, user))[2][2] == "หลังกู้คืน"
    assert count_waiting(tmp_path / "journal").total() == 2
