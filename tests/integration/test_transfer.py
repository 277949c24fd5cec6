"""History leaves and comes back as it was; whatever goes wrong on the way leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from uuid_utils.compat import uuid7

from tests.contract.test_history_presets import preset
from tests.foreign_exports import Json, as_file, chatgpt_conversation, chatgpt_with_tools, openwebui_chat
from tests.histories import MemoryStores, PostgresStores, opened, straight, until
from tests.history_writes import begin, delete, finish, new_user, prefer, rate, update, whole_reply, whole_turn
from tests.messages_in_parts import PARTS
from tests.people import as_person
from tests.postgres_servers import PostgresServer, Proxy
from tests.uploads import upload
from thai_chat.api.exports import words_in
from thai_chat.chat.transfer import service
from thai_chat.chat.transfer.exports import PAGE_MESSAGES, Format
from thai_chat.chat.transfer.imports import ImportProgress
from thai_chat.chat.transfer.service import Transfers
from thai_chat.domain.errors import HistoryUnavailable, ImportRefused, ImportStopped, SessionNotFound
from thai_chat.domain.messages import Figures, Status
from thai_chat.domain.parts import AttachmentPart, TextPart
from thai_chat.domain.reads import ReadMessage, ReadMessages, ReadSessions, ReadVersions
from thai_chat.domain.transfer import Imported
from thai_chat.history.postgres.bulk import inserting

BANGKOK = ZoneInfo("Asia/Bangkok")
TABLES = {
    "chat_sessions": "SELECT * FROM chat_sessions ORDER BY session_id",
    "chat_messages": "SELECT * FROM chat_messages ORDER BY message_id",
    "message_contexts": "SELECT * FROM message_contexts ORDER BY id",
    "chat_presets": "SELECT * FROM chat_presets ORDER BY preset_id",
}


@pytest.fixture
async def history(postgres: PostgresServer, own_database: str) -> AsyncIterator[PostgresStores]:
    async with straight(postgres.address(own_database)) as history:
        yield history


async def exported(
    history: PostgresStores, user: str, format_: Format = Format.JSON, chosen: Sequence[UUID] | None = None
) -> bytes:
    made = await Transfers(history.transfer, history.presets).export(
        as_person(user), format_, chosen=chosen, words=words_in("th"), timezone=BANGKOK
    )
    return b"".join([piece async for piece in made.pieces])


async def imported(history: PostgresStores, user: str, *contents: bytes) -> Imported:
    """Import files and return the counts of it."""
    whole = await Transfers(history.transfer, history.presets).begin_import(as_person(user), upload(*contents)).task
    return replace(whole, programs={}, left_out=())


def rows(postgres: PostgresServer, database: str) -> dict[str, list[tuple[object, ...]]]:
    return {table: postgres.query(statement, database=database) for table, statement in TABLES.items()}


async def lived_in(history: PostgresStores, user: str, postgres: PostgresServer, database: str) -> None:
    """Store everything that a history can hold."""
    first = await whole_turn(history, user)
    edited = await whole_turn(history, user, first.session.session_id, is_first=True)
    await whole_turn(history, user, first.session.session_id, parent_id=first.reply.message_id)
    await whole_reply(history, first)
    await history.write(update(edited, leaf_id=first.reply.message_id))
    plain = await whole_turn(history, user, idempotency_key="กุญแจ", metadata={"จาก": "api", "n": [1, 2.5, None]})
    await history.write(
        update(
            plain, tags=("อาหาร", 'a"b,{c}'), folder="ครัว", options={"system_prompt": "สุภาพ", "top_p": 0.9}, pinned=True
        )
    )
    await history.write(rate(plain, -1, reason="ปีผิด 🙏", tags=("wrong",)))
    await history.write(prefer(first, edited.reply.message_id, reason="สั้นกว่า"))
    await history.write(delete(plain, plain.question.message_id))
    archived = await whole_turn(history, user, at=datetime.now(UTC) - timedelta(days=400))
    await history.write(update(archived, archived=True))
    trash = await whole_turn(history, user)
    await history.write(update(trash, deleted=True))
    question = 'ขึ้นบรรทัด\nใหม่ \\ "x" \t\u200b🇹🇭'
    stopped = begin(user, question=question, parts=[TextPart(question), AttachmentPart(file_id="แผนที่", size_bytes=7)])
    await history.write(stopped)
    figures = Figures(
        prompt_tokens=3,
        completion_tokens=0,
        reasoning_tokens=2,
        first_token_ms=5,
        latency_ms=9,
        cost_usd=Decimal("0.000000001"),
    )
    parts = [part for part in PARTS if not isinstance(part, TextPart)]
    await history.write(finish(stopped, status=Status.STOPPED, content="", figures=figures, parts=parts))
    document = (str(uuid7()), plain.reply.message_id.hex, "เอกสาร", "เนื้อหา", 0.125, json.dumps({"หน้า": 1}))
    postgres.query("INSERT INTO message_contexts VALUES (%s, %s, %s, %s, %s, %s)", *document, database=database)
    snapshot = (
        "UPDATE chat_sessions SET context_snapshot = '{\"k\": [true]}', branched_from_id = %s WHERE session_id = %s"
    )
    ids = (plain.session.session_id.hex, archived.session.session_id.hex)
    postgres.query(snapshot, *ids, database=database)
    for name, more in (("กวี 🪷", {"is_default": True, "is_shared": True}), ("กวี 🪷", {}), ("กวี 🪷 (2)", {})):
        await history.presets.save(preset(user, name, backend="vllm", model=f"typhoon {len(more)}", **more))


async def test_export_then_import_into_an_empty_database_gives_the_same_history(
    history: PostgresStores, user: str, postgres: PostgresServer, own_database: str, database_name: str
) -> None:
    await lived_in(history, user, postgres, own_database)
    content = await exported(history, user)
    before = rows(postgres, own_database)
    assert {table: len(found) for table, found in before.items()} == {
        "chat_sessions": 5,
        "chat_messages": 15,
        "message_contexts": 1,
        "chat_presets": 3,
    }
    empty = postgres.new_database()
    async with opened(postgres.address(empty), Path(tempfile.mkdtemp())) as other:
        run = Transfers(other.transfer, other.presets).begin_import(as_person(user), upload(content))
        assert replace(await run.task, programs={}) == Imported(sessions=5, messages=15, presets=3, former_defaults=1)
        # A default is chosen here and nowhere else.
        postgres.query("UPDATE chat_presets SET is_default = false", database=own_database)
        assert rows(postgres, empty) == rows(postgres, own_database)
        async with straight(postgres.address(empty)) as straight_in:
            assert json.loads(await exported(straight_in, user))["sessions"] == json.loads(content)["sessions"]


async def test_what_is_there_already_is_left_as_it_is(
    history: PostgresStores, user: str, postgres: PostgresServer, own_database: str
) -> None:
    await lived_in(history, user, postgres, own_database)
    content = await exported(history, user)
    turn = await whole_turn(history, user, UUID(json.loads(content)["sessions"][0]["session_id"]))
    await history.write(update(turn, session_name="ชื่อใหม่"))
    before = rows(postgres, own_database)
    assert await imported(history, user, content) == Imported(skipped=5)
    assert rows(postgres, own_database) == before


async def test_somebody_elses_sessions_come_in_under_new_ids_and_only_once(
    history: PostgresStores, user: str, postgres: PostgresServer, own_database: str
) -> None:
    await lived_in(history, user, postgres, own_database)
    before = rows(postgres, own_database)
    content = await exported(history, user)
    other = new_user()
    assert await imported(history, other, content) == Imported(sessions=5, messages=15, presets=3, former_defaults=1)
    assert await imported(history, other, content) == Imported(skipped=5)
    owners = postgres.query("SELECT user_id, count(*) FROM chat_sessions GROUP BY 1 ORDER BY 1", database=own_database)
    assert dict(owners) == {user: 5, other: 5}
    mine = {row[0]: row for row in rows(postgres, own_database)["chat_sessions"] if row[1] == user}
    assert list(mine.values()) == before["chat_sessions"]
    assert comparable(await exported(history, other)) == comparable(content)


def comparable(content: bytes) -> list[Json]:
    """Return an export without ids, which differ, but with what they refer to."""
    sessions = json.loads(content)["sessions"]
    ids = {session["session_id"]: f"session {number}" for number, session in enumerate(sessions)}
    for session in sessions:
        for message in session["messages"]:
            ids[message["message_id"]] = f"{ids[session['session_id']]} message {message['message_order']}"
            ids.update({document["id"]: "document" for document in message["contexts"]})
    text = json.dumps(sessions)
    for an_id, name in ids.items():
        text = text.replace(an_id, name)
    found: list[Json] = json.loads(text)
    return found


async def test_a_message_id_that_is_taken_moves_its_session(history: PostgresStores, user: str) -> None:
    turn = await whole_turn(history, user)
    value = json.loads(await exported(history, user))
    value["sessions"][0]["session_id"] = str(uuid7())
    assert await imported(history, user, as_file(value)) == Imported(sessions=1, messages=2)
    assert await history.read(ReadMessage(turn.question.message_id, user)) == turn.question
    assert len(await history.read(ReadSessions(user, limit=10))) == 2


async def test_the_same_session_twice_in_a_file_comes_in_once(history: PostgresStores, user: str) -> None:
    conversation = chatgpt_conversation()
    found = await imported(history, user, as_file([conversation, conversation]), as_file(conversation))
    assert found == Imported(sessions=1, messages=5, skipped=2)


async def test_an_imported_session_goes_on_like_any_other(history: PostgresStores, user: str) -> None:
    await imported(history, user, as_file([chatgpt_conversation()]))
    (session,) = await history.read(ReadSessions(user, limit=10))
    shown = await history.read(ReadMessages(session.session_id, user, limit=10))
    assert [message.message_order for message in shown] == [1, 3, 4, 5]
    turn = await whole_turn(history, user, session.session_id)
    assert (turn.question.message_order, turn.question.parent_id) == (6, shown[-1].message_id)
    siblings = await history.read(ReadVersions(session.session_id, user, [shown[1].message_id]))
    assert len(siblings[shown[1].message_id]) == 2
    assert len(await history.read(ReadMessages(session.session_id, user, limit=10))) == 6


async def test_nothing_is_half_imported_when_a_file_is_damaged_further_on(
    history: PostgresStores, user: str, postgres: PostgresServer, own_database: str
) -> None:
    conversations = [{**chatgpt_conversation(), "conversation_id": str(number)} for number in range(800)]
    with pytest.raises(ImportRefused) as caught:
        await imported(history, user, as_file(conversations)[:-1] + b',{"title" "x"}]')
    assert caught.value.params["why"] == "import_broken"
    assert rows(postgres, own_database) == {table: [] for table in TABLES}


async def test_a_cancelled_import_leaves_nothing(
    history: PostgresStores, user: str, postgres: PostgresServer, own_database: str
) -> None:
    conversations = [{**chatgpt_conversation(), "conversation_id": str(number)} for number in range(3000)]
    run = Transfers(history.transfer, history.presets).begin_import(as_person(user), upload(as_file(conversations)))
    events = run.follow()
    async for event in events:
        if isinstance(event, ImportProgress) and 0 < event.done < event.total:
            break
    await events.aclose()
    with pytest.raises(ImportStopped):
        await run.task
    assert rows(postgres, own_database) == {table: [] for table in TABLES}


async def test_a_stop_of_the_server_takes_a_long_import_back(
    history: PostgresStores, user: str, postgres: PostgresServer, own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "GRACE_S", 0.1)
    conversations = [{**chatgpt_conversation(), "conversation_id": str(number)} for number in range(4000)]
    transfers = Transfers(history.transfer, history.presets)
    run = transfers.begin_import(as_person(user), upload(as_file(conversations)))
    events = run.follow()
    while not (isinstance(event := await anext(events), ImportProgress) and event.done):
        pass
    await transfers.close()
    with pytest.raises(ImportStopped):
        async for _ in events:
            pass
    assert rows(postgres, own_database) == {table: [] for table in TABLES}


async def test_progress_is_told_up_to_the_end(history: PostgresStores, user: str) -> None:
    conversations = [{**chatgpt_conversation(), "conversation_id": str(number)} for number in range(2000)]
    run = Transfers(history.transfer, history.presets).begin_import(as_person(user), upload(as_file(conversations)))
    events = [event async for event in run.follow()]
    done = [event.done for event in events if isinstance(event, ImportProgress)]
    assert done == sorted(done)
    last = events[-1]
    assert isinstance(last, Imported)
    assert replace(last, programs={}) == Imported(sessions=2000, messages=10_000)


async def test_an_import_is_refused_while_postgresql_is_away(
    postgres: PostgresServer, own_database: str, proxy: Proxy, tmp_path: Path, user: str
) -> None:
    async with opened(postgres.address(own_database, port=proxy.port), tmp_path) as history:
        proxy.refuse()
        with pytest.raises(HistoryUnavailable):
            await history.transfer().session_ids(user)

        async def is_away() -> bool:
            await history.read(ReadSessions(user, limit=1))
            return (await history.state()).database.value == "memory"

        await until(is_away)
        given = upload(as_file([chatgpt_conversation()]))
        with pytest.raises(HistoryUnavailable):
            Transfers(history.transfer, history.presets).begin_import(as_person(user), given)
        assert given.file.closed
        with pytest.raises(HistoryUnavailable):
            await Transfers(history.transfer, history.presets).export(
                as_person(user), Format.JSON, chosen=None, words=words_in("th"), timezone=BANGKOK
            )


async def test_an_import_that_loses_its_server_leaves_nothing(
    postgres: PostgresServer, own_database: str, proxy: Proxy, user: str
) -> None:
    conversations = [{**chatgpt_conversation(), "conversation_id": str(number)} for number in range(3000)]
    async with straight(postgres.address(own_database, port=proxy.port)) as history:
        await history.ping()
        run = Transfers(history.transfer, history.presets).begin_import(as_person(user), upload(as_file(conversations)))
        events = run.follow()
        while not (isinstance(event := await anext(events), ImportProgress) and event.done):
            pass
        proxy.refuse()
        with pytest.raises(HistoryUnavailable):
            await run.task
        await events.aclose()
    assert rows(postgres, own_database) == {table: [] for table in TABLES}


async def test_memory_gives_no_part_for_the_whole(user: str) -> None:
    with pytest.raises(HistoryUnavailable):
        MemoryStores().transfer()


async def test_only_what_is_mine_leaves(history: PostgresStores, user: str) -> None:
    mine = await whole_turn(history, user)
    theirs = await whole_turn(history, new_user())
    value = json.loads(await exported(history, user))
    assert [session["session_id"] for session in value["sessions"]] == [str(mine.session.session_id)]
    with pytest.raises(SessionNotFound):
        await exported(history, user, chosen=[mine.session.session_id, theirs.session.session_id])


async def test_the_trash_leaves_in_json_alone_unless_it_is_chosen(history: PostgresStores, user: str) -> None:
    trash = await whole_turn(history, user)
    await history.write(update(trash, deleted=True))
    assert len(json.loads(await exported(history, user))["sessions"]) == 1
    assert await exported(history, user, Format.MARKDOWN) == b""
    assert await exported(history, user, Format.TRAINING) == b""
    assert b"# " in await exported(history, user, Format.MARKDOWN, [trash.session.session_id])


@pytest.mark.parametrize("turns", [3, PAGE_MESSAGES])
async def test_the_shown_branch_leaves_for_readers_whatever_its_length(
    history: PostgresStores, user: str, turns: int
) -> None:
    first = await whole_turn(history, user, question="ข้อแรก")
    session_id = first.session.session_id
    await history.leave(begin(user, session_id, question="ถูกแก้"))
    writes = [begin(user, session_id, question=f"ข้อ {number}") for number in range(turns)]
    writes[0] = begin(user, session_id, question="ข้อ 0", parent_id=first.reply.message_id)
    await history.apply([part for write in writes for part in (write, finish(write, content=f"ตอบ {write.question}"))])
    text = (await exported(history, user, Format.MARKDOWN)).decode()
    assert text.count("## คุณ") == turns + 1
    assert "ถูกแก้" not in text
    (line,) = (await exported(history, user, Format.TRAINING)).decode().splitlines()
    said = [message["content"] for message in json.loads(line)["messages"] if message["role"] == "user"]
    assert said == ["ข้อแรก", *(f"ข้อ {number}" for number in range(turns))]
    assert (await exported(history, user, Format.CSV)).count(b"\r\n") >= 2 * turns + 5


async def test_imports_follow_each_other(history: PostgresStores, user: str) -> None:
    transfers = Transfers(history.transfer, history.presets)
    content = as_file([chatgpt_conversation(), chatgpt_with_tools()])
    runs = [transfers.begin_import(as_person(user), upload(content)) for _ in range(3)]
    found = await asyncio.gather(*(run.task for run in runs))
    assert sorted((one.sessions, one.skipped) for one in found) == [(0, 2), (0, 2), (2, 0)]


async def test_two_processes_that_import_the_same_file_store_it_once(
    history: PostgresStores, user: str, postgres: PostgresServer, own_database: str
) -> None:
    content = as_file([{**chatgpt_conversation(), "conversation_id": str(number)} for number in range(300)])
    async with straight(postgres.address(own_database)) as other:
        found = await asyncio.gather(imported(history, user, content), imported(other, user, content))
    assert sorted((one.sessions, one.skipped) for one in found) == [(0, 300), (300, 0)]


async def test_open_webuis_chats_arrive_with_their_labels(history: PostgresStores, user: str) -> None:
    await imported(history, user, as_file([openwebui_chat(archived=False)]))
    (session,) = await history.read(ReadSessions(user, limit=10))
    assert (session.session_name, session.tags, session.message_count) == ("ราคาทอง", ("การเงิน", "ทอง"), 4)


async def test_the_export_knows_every_column(postgres: PostgresServer, own_database: str) -> None:
    """A column that is added and forgotten here would be lost on the way."""
    columns = postgres.query(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_name = ANY (%s)",
        list(TABLES),
        database=own_database,
    )
    known = {("chat_sessions", name) for name in inserting.SESSION_COLUMNS}
    known |= {("chat_messages", name) for name in inserting.MESSAGE_COLUMNS}
    known |= {("message_contexts", name) for name in inserting.DOCUMENT_COLUMNS}
    known |= {("chat_presets", name) for name in inserting.PRESET_COLUMNS}
    # A reply that is stored as a whole has no process that still writes it.
    assert set(columns) - known == {("chat_messages", "checkpointed_at")}
