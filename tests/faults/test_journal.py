"""Writes that wait for PostgreSQL survive the process, the disk and other processes."""

from __future__ import annotations

import asyncio
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from uuid_utils.compat import uuid7

from tests.histories import is_stored, opened, stored, straight, until
from tests.history_writes import begin, finish, grow, new_user, whole_turn
from tests.postgres_servers import PostgresServer, Proxy
from thai_chat.__main__ import main
from thai_chat.domain.messages import Status, Turn
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.domain.reads import ReadMessage, ReadMessages, ReadSessions
from thai_chat.domain.writes import Checkpoints

ROOT = Path(__file__).parents[2]


def journals(folder: Path) -> list[Path]:
    return sorted((folder / "journal").glob("*.journal"))


async def left_behind(folder: Path, user: str, *, turns: int) -> list[Turn]:
    """Leave turns in the journal of a process that has gone."""
    async with opened(None, folder) as history:
        return [await whole_turn(history, user, question=f"คำถามที่ {number}") for number in range(turns)]


async def test_a_torn_last_record_costs_only_itself(database_url: str, user: str, tmp_path: Path) -> None:
    turns = await left_behind(tmp_path, user, turns=3)
    (journal,) = journals(tmp_path)
    journal.write_bytes(journal.read_bytes()[:-7])
    async with opened(database_url, tmp_path) as history:
        assert await is_stored(history)
    found = [await stored(database_url, turn.session.session_id, user) for turn in turns]
    assert [status for messages in found for _, status, _ in messages][:-1] == [Status.COMPLETE] * 5
    assert found[2][0][2] == "คำถามที่ 2"
    assert not journals(tmp_path)


async def test_what_can_not_be_read_is_kept_for_a_person(database_url: str, user: str, tmp_path: Path) -> None:
    turns = await left_behind(tmp_path, user, turns=3)
    (journal,) = journals(tmp_path)
    content = bytearray(journal.read_bytes())
    content[len(content) // 2] ^= 0xFF
    journal.write_bytes(content)
    async with opened(database_url, tmp_path):
        pass
    assert len(await stored(database_url, turns[0].session.session_id, user)) == 2
    (damaged,) = (tmp_path / "journal").iterdir()
    assert (damaged.suffix, damaged.read_bytes()[16:]) == (".damaged", bytes(content[16:]))


async def test_a_file_of_another_format_is_left_alone(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    foreign = tmp_path / "journal" / "foreign.journal"
    foreign.write_bytes("ไม่ใช่ของเรา".encode() * 10)
    async with opened(database_url, tmp_path) as history:
        assert await is_stored(history)
    assert foreign.read_bytes() == "ไม่ใช่ของเรา".encode() * 10


async def test_only_the_owner_may_read_the_journal(user: str, tmp_path: Path) -> None:
    await left_behind(tmp_path / "data", user, turns=1)
    folder = tmp_path / "data" / "journal"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600]


async def test_without_a_place_for_the_journal_memory_goes_on(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    (tmp_path / "journal").write_text("a file where the folder should be")
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        proxy.refuse()
        turn = await whole_turn(history, user)
        state = await history.state()
        assert (state.database, state.journal, state.waiting_turns) == (DatabaseState.MEMORY, False, 1)
        assert len(await history.read(ReadMessages(turn.session.session_id, user, limit=10))) == 2
        proxy.resume()
        await until(lambda: is_stored(history))
    assert len(await stored(postgres.address(database_name), turn.session.session_id, user)) == 2


CHILD = """
import asyncio, resource, sys
from pathlib import Path
from tests.histories import opened
from tests.history_writes import begin, finish, grow
from thai_chat.domain.writes import Checkpoints

def allow(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def main(folder, user):
    async with opened(None, Path(folder)) as history:
        {body}

asyncio.run(main(*sys.argv[1:]))
"""


def child(body: str, folder: Path, user: str) -> subprocess.Popen[str]:
    indented = "\n        ".join(body.strip().splitlines())
    command = [sys.executable, "-c", CHILD.format(body=indented), str(folder), user]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


async def test_a_full_disk_is_said_and_costs_nothing_when_it_has_room_again(
    database_url: str, user: str, tmp_path: Path
) -> None:
    body = """
allow(6000)
full_at = None
for number in range(40):
    write = begin(user, question=str(number))
    await history.write(write)
    await history.write(finish(write))
    if full_at is None and not (await history.state()).journal:
        full_at = number
assert full_at and full_at < 30, full_at
assert (await history.state()).waiting_turns == 40
allow(resource.RLIM_INFINITY)
while not (await history.state()).journal:
    await asyncio.sleep(0.1)
    await history.write(Checkpoints([grow(write)]))
"""
    with child(body, tmp_path, user) as process:
        assert await asyncio.to_thread(process.wait, 60) == 0
    async with opened(database_url, tmp_path) as history:
        assert await is_stored(history)
        assert len(await history.read(ReadSessions(user, limit=100))) == 40


async def test_kill_9_in_an_outage_loses_no_acknowledged_write(database_url: str, user: str, tmp_path: Path) -> None:
    body = """
session_id = None
for number in range(10_000):
    write = begin(user, session_id, question=str(number))
    session_id = write.session_id
    await history.write(write)
    print(session_id, "question", number, flush=True)
    await history.write(Checkpoints([grow(write, "ครึ่ง")]))
    await history.write(finish(write, f"ตอบ {number}"))
    print(session_id, "reply", number, flush=True)
"""
    with child(body, tmp_path, user) as process:
        assert process.stdout
        lines = [await asyncio.to_thread(process.stdout.readline) for _ in range(151)]
        process.kill()
        lines += process.stdout.readlines()
    acknowledged = [line.split() for line in lines if line.endswith("\n")]
    async with opened(database_url, tmp_path) as history:
        assert await is_stored(history)
    found = await stored(database_url, UUID(acknowledged[0][0]), user)
    questions = [content for order, _, content in found if order % 2]
    assert questions == [str(number) for number in range(len(questions))]
    assert len(questions) >= sum(kind == "question" for _, kind, _ in acknowledged)
    replies = [content for order, _, content in found if order % 2 == 0]
    finished = sum(kind == "reply" for _, kind, _ in acknowledged)
    assert replies[:finished] == [f"ตอบ {number}" for number in range(finished)]
    assert [order for order, _, _ in found] == list(range(1, len(found) + 1))


async def test_a_process_that_dies_while_it_replays_is_replayed_to_the_end(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    turns = await left_behind(tmp_path, user, turns=30)
    copy = journals(tmp_path)[0].read_bytes()
    async with opened(postgres.address(database_name), tmp_path) as history:
        assert await is_stored(history)
    # It is as if the process had died after the commit and before it noted how far it was.
    journals_folder = tmp_path / "journal"
    (journals_folder / f"{uuid7()}.journal").write_bytes(copy)
    async with opened(postgres.address(database_name), tmp_path) as history:
        assert await is_stored(history)
        assert (await history.state()).refused_writes == 0
    for turn in turns:
        assert len(await stored(postgres.address(database_name), turn.session.session_id, user)) == 2


async def test_an_unfinished_reply_of_a_dead_process_comes_as_interrupted(
    database_url: str, user: str, tmp_path: Path
) -> None:
    async with opened(None, tmp_path) as history:
        first = begin(user)
        await history.write(first)
        await history.write(Checkpoints([grow(first, "ครึ่งแรก")]))
    async with opened(None, tmp_path) as history:
        second = begin(user, first.session_id)
        await history.write(second)
        await history.write(finish(second))
    async with opened(database_url, tmp_path):
        pass
    found = await stored(database_url, first.session_id, user)
    assert found[1] == (2, Status.INTERRUPTED, "ครึ่งแรก")
    assert found[3][1] is Status.COMPLETE


async def test_two_processes_on_one_folder_have_a_journal_each(database_url: str, user: str, tmp_path: Path) -> None:
    body = """
write = begin(user, question="ของลูก")
await history.write(write)
await history.write(finish(write))
print(write.session_id, flush=True)
sys.stdin.readline()
"""
    async with opened(None, tmp_path) as history:
        mine = await whole_turn(history, user, question="ของฉัน")
        with child(body, tmp_path, user) as process:
            assert process.stdout
            theirs = UUID((await asyncio.to_thread(process.stdout.readline)).strip())
            assert len(journals(tmp_path)) == 2
            # A third takes nothing from the living.
            async with opened(database_url, tmp_path) as third:
                assert await is_stored(third)
                assert await third.read(ReadSessions(user, limit=10)) == []
            assert len(journals(tmp_path)) == 2
            process.kill()
    async with opened(database_url, tmp_path) as history:
        assert await is_stored(history)
    assert len(await stored(database_url, mine.session.session_id, user)) == 2
    assert len(await stored(database_url, theirs, user)) == 2
    assert not journals(tmp_path)


async def test_a_write_that_postgresql_refuses_is_set_aside_and_stops_no_other(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    address = postgres.address(database_name)
    async with straight(address) as direct:
        taken = await whole_turn(direct, user)
        foreign = await whole_turn(direct, new_user())
    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        proxy.refuse()
        before = await whole_turn(history, user)
        # Ids that another session has: memory can't know, PostgreSQL does.
        doubled = begin(user, question_id=taken.question.message_id)
        await history.write(doubled)
        await history.write(Checkpoints([grow(doubled, "ข้อความที่ต้องไม่หาย")]))
        stolen = await whole_turn(history, user, foreign.session.session_id, question="ไม่ใช่ของฉัน")
        after = await whole_turn(history, user)
        proxy.resume()
        await until(lambda: is_stored(history))
        assert (await history.state()).refused_writes == 4
    for turn in (before, after):
        assert len(await stored(address, turn.session.session_id, user)) == 2
    assert stolen.session.session_id == foreign.session.session_id
    assert len(await stored(address, foreign.session.session_id, foreign.session.user_id)) == 2
    refused = tmp_path / "refused" / "refused.jsonl"
    assert stat.S_IMODE(refused.stat().st_mode) == 0o600
    lines = [orjson.loads(line) for line in refused.read_bytes().splitlines()]
    assert [line["write"]["kind"] for line in lines] == ["begin_turn", "checkpoint", "begin_turn", "finish_reply"]
    assert lines[1]["write"]["content"] == "ข้อความที่ต้องไม่หาย"
    async with opened(address, tmp_path) as history:
        assert (await history.state()).refused_writes == 4


async def test_a_record_of_a_later_version_is_set_aside(database_url: str, user: str, tmp_path: Path) -> None:
    turns = await left_behind(tmp_path, user, turns=2)
    from thai_chat.history.outage.journal import Journal

    (journal,) = Journal.adopt(tmp_path / "journal")
    journal.append([b'{"kind": "from_the_future"}', b"\xff"])
    journal.close()
    async with opened(database_url, tmp_path) as history:
        assert await is_stored(history)
        assert (await history.state()).refused_writes == 2
    assert len(await stored(database_url, turns[1].session.session_id, user)) == 2


async def test_long_replies_in_an_outage_keep_only_their_last_checkpoint_waiting(
    database_url: str, user: str, tmp_path: Path
) -> None:
    async with opened(None, tmp_path) as history:
        write = begin(user)
        await history.write(write)
        for length in range(1, 50):
            await history.write(Checkpoints([grow(write, "ก" * length)]))
        assert (await history.state()).waiting_turns == 1
    async with opened(database_url, tmp_path) as history:
        assert (await history.read(ReadMessage(write.reply_id, user))).content == "ก" * 49


@pytest.mark.parametrize("what", ["file", "folder"])
async def test_a_journal_that_somebody_deletes_in_an_outage_is_written_anew_with_all_that_waits(
    database_url: str, user: str, tmp_path: Path, what: str
) -> None:
    async with opened(None, tmp_path) as history:
        turns = [await whole_turn(history, user) for _ in range(3)]
        (journal,) = journals(tmp_path)
        shutil.rmtree(journal.parent) if what == "folder" else journal.unlink()
        turns.append(await whole_turn(history, user))
        assert (await history.state()).journal
    async with opened(database_url, tmp_path) as history:
        assert await is_stored(history)
    for turn in turns:
        assert len(await stored(database_url, turn.session.session_id, user)) == 2


async def test_a_clock_that_was_set_back_between_two_processes_changes_no_order(
    database_url: str, user: str, tmp_path: Path
) -> None:
    async with opened(None, tmp_path) as history:
        first = await whole_turn(history, user, question="ก่อนปรับนาฬิกา")
    (journal,) = journals(tmp_path)
    journal.rename(journal.with_stem(f"{UUID(int=uuid7().int + (10**9 << 80))}"))
    for number in range(2):
        async with opened(None, tmp_path) as history:
            await whole_turn(history, user, first.session.session_id, question=f"หลังปรับ {number}")
    async with opened(database_url, tmp_path) as history:
        assert await is_stored(history)
    found = await stored(database_url, first.session.session_id, user)
    assert [content for order, _, content in found if order % 2] == ["ก่อนปรับนาฬิกา", "หลังปรับ 0", "หลังปรับ 1"]


async def test_status_reports_what_was_refused_and_what_waits(
    database_url: str, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with straight(database_url) as direct:
        taken = await whole_turn(direct, user)
    async with opened(None, tmp_path) as history:
        poisoned = begin(user, question_id=taken.question.message_id)
        await history.write(poisoned)
        await history.write(finish(poisoned))
    async with opened(database_url, tmp_path) as history:
        assert await is_stored(history)
    await left_behind(tmp_path, user, turns=3)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert await asyncio.to_thread(main, ["status"]) == 0
    told = capsys.readouterr().out
    assert "6 writes to be stored in the database" in told
    assert "2 writes refused by the database" in told
    assert str(tmp_path / "refused" / "refused.jsonl") in told


async def test_growing_texts_are_on_the_disk_while_postgresql_hangs_and_only_then(
    postgres: PostgresServer, proxy: Proxy, database_name: str, user: str, tmp_path: Path
) -> None:
    async def is_on_disk(text: str) -> bool:
        return any(text.encode() in path.read_bytes() for path in journals(tmp_path))

    async def is_gone() -> bool:
        return not journals(tmp_path)

    async with opened(postgres.address(database_name, port=proxy.port), tmp_path) as history:
        write = begin(user)
        await history.write(write)
        await history.write(Checkpoints([grow(write, "ตอบทันที")]))
        assert await is_gone()
        proxy.delay(0.3)
        growing = [asyncio.create_task(history.write(Checkpoints([grow(write, "ตอบช้า")])))]
        await until(lambda: is_on_disk("ตอบช้า"))
        growing.append(asyncio.create_task(history.write(Checkpoints([grow(write, "ตอบช้า แล้วยาวขึ้น")]))))
        await until(lambda: is_on_disk("ยาวขึ้น"))
        await asyncio.gather(*growing)
        await until(is_gone)
        assert (await history.state()).database is DatabaseState.POSTGRESQL
        assert (await history.read(ReadMessage(write.reply_id, user))).content == "ตอบช้า แล้วยาวขึ้น"
