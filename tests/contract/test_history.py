"""What every history promises, whichever store is behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from tests.history_writes import (
    ANSWER,
    QUESTION,
    begin,
    finish,
    grow,
    new_user,
    update,
    whole_turn,
)
from tests.postgres_servers import free_port
from thai_chat.domain.errors import (
    BadInput,
    HistoryRefused,
    HistoryUnavailable,
    MessageNotFound,
    NotFound,
    ReplyRunning,
    SessionNotFound,
)
from thai_chat.domain.messages import STALE_AFTER, Choice, Figures, Role, Session, Status
from thai_chat.domain.ports import DatabaseState, History, SessionCursor, SessionFilter
from thai_chat.history.connections import Database
from thai_chat.history.memory import MemoryHistory
from thai_chat.history.opening import open_history
from thai_chat.history.postgres import PostgresHistory

LONG_AGO = datetime.now(UTC) - 10 * STALE_AFTER
UNKNOWN = (NotFound, HistoryUnavailable)
"""In an outage memory can't tell what there is not from what it does not hold."""


@pytest.fixture(params=["memory", "postgresql", "resilient", "resilient in an outage"])
async def history(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> AsyncIterator[History]:
    async with AsyncExitStack() as stack:
        store: History
        match request.param:
            case "memory":
                store = MemoryHistory()
            case "postgresql":
                store = PostgresHistory(Database(database_url))
            case "resilient":
                resilient = store = open_history(address=database_url, folder=tmp_path)
                await resilient.start()
                assert (await store.state()).database is DatabaseState.POSTGRESQL
            case _:
                nobody = f"postgresql://chat@127.0.0.1:{free_port()}/chat"
                resilient = store = open_history(address=nobody, folder=tmp_path)
                await resilient.start()
                assert (await store.state()).database is DatabaseState.MEMORY
        stack.push_async_callback(store.close)
        yield store


@pytest.fixture
def user() -> str:
    return new_user()


async def test_the_first_turn_makes_the_session(history: History, user: str) -> None:
    write = begin(user)
    turn = await history.begin_turn(write)
    session = await history.session(write.session_id, user)
    assert session == turn.session
    assert (session.session_name, session.message_count, session.leaf_id) == (write.session_name, 2, write.reply_id)
    assert (session.backend, session.model, session.is_active) == (write.choice.backend, write.choice.model, True)
    assert session.created_at == session.updated_at == write.at


async def test_a_turn_is_a_question_and_a_reply_that_streams(history: History, user: str) -> None:
    write = begin(user, metadata={"ไฟล์": ["เสียง.wav"]})
    turn = await history.begin_turn(write)
    assert [turn.question, turn.reply] == await history.messages(write.session_id, user, limit=10)
    assert (turn.question.role, turn.question.status, turn.question.content) == (Role.USER, Status.COMPLETE, QUESTION)
    assert turn.question.metadata == {"ไฟล์": ["เสียง.wav"]}
    assert (turn.reply.role, turn.reply.status, turn.reply.content) == (Role.ASSISTANT, Status.STREAMING, "")
    assert turn.reply.parent_id == turn.question.message_id
    assert (turn.question.message_order, turn.reply.message_order) == (1, 2)


async def test_a_reply_grows_with_its_checkpoints(history: History, user: str) -> None:
    write = begin(user)
    await history.begin_turn(write)
    await history.checkpoint([grow(write, "ตำ", metadata={"a": 1}), grow(write, "ตำขิง", metadata={"b": 2})])
    reply = await history.message(write.reply_id, user)
    assert reply.status is Status.STREAMING
    await history.checkpoint([grow(write, "ตำขิง กระเทียม", metadata={"c": 3})])
    reply = await history.message(write.reply_id, user)
    assert (reply.content, reply.metadata["c"]) == ("ตำขิง กระเทียม", 3)


async def test_checkpoints_of_many_replies_go_together(history: History, user: str) -> None:
    writes = [begin(user) for _ in range(5)]
    for write in writes:
        await history.begin_turn(write)
    await history.checkpoint([grow(write, f"คำตอบที่ {number}") for number, write in enumerate(writes)])
    texts = [(await history.message(write.reply_id, user)).content for write in writes]
    assert texts == [f"คำตอบที่ {number}" for number in range(5)]


async def test_no_checkpoints_are_no_work(history: History) -> None:
    await history.checkpoint([])


async def test_a_finished_reply_has_its_text_status_model_and_figures(history: History, user: str) -> None:
    write = begin(user)
    await history.begin_turn(write)
    await history.checkpoint([grow(write, metadata={"kept": True})])
    figures = Figures(prompt_tokens=12, completion_tokens=None, first_token_ms=40, latency_ms=900)
    end = finish(write, choice=Choice("ollama", "qwen3"), figures=figures, metadata={"finish_reason": "stop"})
    reply = await history.finish_reply(end)
    assert reply == await history.message(write.reply_id, user)
    assert (reply.content, reply.status, reply.backend, reply.model) == (ANSWER, Status.COMPLETE, "ollama", "qwen3")
    assert (reply.figures, reply.metadata) == (figures, {"kept": True, "finish_reason": "stop"})


@pytest.mark.parametrize("status", [Status.STOPPED, Status.FAILED, Status.INTERRUPTED])
async def test_a_reply_that_did_not_end_well_keeps_its_text(history: History, user: str, status: Status) -> None:
    write = begin(user)
    await history.begin_turn(write)
    await history.finish_reply(finish(write, "ตำขิง", status=status))
    reply = (await history.messages(write.session_id, user, limit=1))[0]
    assert (reply.content, reply.status) == ("ตำขิง", status)


async def test_the_first_finish_wins(history: History, user: str) -> None:
    write = begin(user)
    await history.begin_turn(write)
    first = await history.finish_reply(finish(write, "หนึ่ง", status=Status.INTERRUPTED))
    assert await history.finish_reply(finish(write, "สอง")) == first
    await history.checkpoint([grow(write, "สาม")])
    assert await history.message(write.reply_id, user) == first


async def test_finishing_an_unknown_reply_finds_no_message(history: History, user: str) -> None:
    with pytest.raises(MessageNotFound):
        await history.finish_reply(finish(begin(user)))


async def test_turns_follow_each_other_below_the_leaf(history: History, user: str) -> None:
    first = await whole_turn(history, user)
    second = await whole_turn(history, user, first.session.session_id)
    third = await whole_turn(history, user, first.session.session_id)
    found = await history.messages(first.session.session_id, user, limit=10)
    assert [message.message_order for message in found] == [1, 2, 3, 4, 5, 6]
    assert [message.parent_id for message in found] == [None, *(message.message_id for message in found[:-1])]
    assert second.question.parent_id == first.reply.message_id
    assert third.session.message_count == 6


async def test_a_turn_takes_the_session_to_its_model(history: History, user: str) -> None:
    first = await whole_turn(history, user)
    later = await whole_turn(history, user, first.session.session_id, choice=Choice("openai", "gpt-5"))
    assert (later.session.backend, later.session.model) == ("openai", "gpt-5")
    assert (await history.message(first.reply.message_id, user)).backend == "vllm"


async def test_a_second_question_is_refused_while_a_reply_runs(history: History, user: str) -> None:
    write = begin(user)
    await history.begin_turn(write)
    with pytest.raises(ReplyRunning):
        await history.begin_turn(begin(user, write.session_id))
    await history.finish_reply(finish(write))
    await history.begin_turn(begin(user, write.session_id))


async def test_the_same_idempotency_key_gives_the_earlier_turn(history: History, user: str) -> None:
    write = begin(user, idempotency_key="ครั้งเดียว")
    first = await history.begin_turn(write)
    again = await history.begin_turn(begin(user, write.session_id, idempotency_key="ครั้งเดียว", question="อื่น"))
    assert (again.repeated, first.repeated) == (True, False)
    assert (again.question, again.reply.message_id) == (first.question, first.reply.message_id)
    assert len(await history.messages(write.session_id, user, limit=10)) == 2


async def test_the_earlier_turn_comes_with_its_finished_reply(history: History, user: str) -> None:
    write = begin(user, idempotency_key="k")
    await history.begin_turn(write)
    await history.finish_reply(finish(write))
    again = await history.begin_turn(begin(user, write.session_id, idempotency_key="k"))
    assert (again.repeated, again.reply.content, again.reply.status) == (True, ANSWER, Status.COMPLETE)


async def test_a_key_belongs_to_its_session(history: History, user: str) -> None:
    await history.begin_turn(begin(user, idempotency_key="k"))
    other = await history.begin_turn(begin(user, idempotency_key="k"))
    assert not other.repeated


async def test_a_double_click_makes_one_turn(history: History, user: str) -> None:
    session_id = uuid7()
    turns = await asyncio.gather(
        *(history.begin_turn(begin(user, session_id, idempotency_key="click")) for _ in range(5))
    )
    assert len({turn.question.message_id for turn in turns}) == 1
    assert sorted(turn.repeated for turn in turns) == [False, True, True, True, True]
    assert len(await history.messages(session_id, user, limit=10)) == 2


async def test_only_one_of_two_questions_at_once_begins(history: History, user: str) -> None:
    session_id = uuid7()
    results = await asyncio.gather(
        *(history.begin_turn(begin(user, session_id)) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, ReplyRunning) for result in results) == 4
    assert len(await history.messages(session_id, user, limit=10)) == 2


async def test_every_write_can_be_repeated(history: History, user: str) -> None:
    write, rename = begin(user), None
    for _ in range(2):
        turn = await history.begin_turn(write)
        assert not turn.repeated
        rename = update(turn, session_name="ใหม่", pinned=True)
    assert rename
    for _ in range(2):
        await history.checkpoint([grow(write)])
    ends = [await history.finish_reply(finish(write)) for _ in range(2)]
    sessions = [await history.update_session(rename) for _ in range(2)]
    assert ends[0] == ends[1]
    assert sessions[0] == sessions[1]
    assert sessions[1].message_count == 2
    assert len(await history.messages(write.session_id, user, limit=10)) == 2


async def test_a_reply_without_a_sign_of_life_comes_as_interrupted(history: History, user: str) -> None:
    write = begin(user, at=LONG_AGO)
    await history.begin_turn(write, replay=True)
    assert (await history.message(write.reply_id, user)).status is Status.INTERRUPTED
    assert (await history.messages(write.session_id, user, limit=1))[0].status is Status.INTERRUPTED


async def test_a_sign_of_life_brings_it_back(history: History, user: str) -> None:
    write = begin(user, at=LONG_AGO)
    await history.begin_turn(write, replay=True)
    await history.checkpoint([grow(write)])
    assert (await history.message(write.reply_id, user)).status is Status.STREAMING


async def test_a_dead_reply_does_not_stop_the_next_question(history: History, user: str) -> None:
    dead = begin(user, at=LONG_AGO)
    await history.begin_turn(dead, replay=True)
    await history.begin_turn(begin(user, dead.session_id))
    await history.checkpoint([grow(dead)])
    reply = await history.message(dead.reply_id, user)
    assert (reply.status, reply.content) == (Status.INTERRUPTED, "")


async def test_the_late_end_of_a_reply_wins_over_interrupted(history: History, user: str) -> None:
    dead = begin(user, at=LONG_AGO)
    await history.begin_turn(dead, replay=True)
    await history.begin_turn(begin(user, dead.session_id))
    assert (await history.finish_reply(finish(dead))).status is Status.COMPLETE
    assert (await history.message(dead.reply_id, user)).content == ANSWER


async def test_a_replayed_turn_settles_the_one_before(history: History, user: str) -> None:
    first = begin(user)
    await history.begin_turn(first)
    second = begin(user, first.session_id)
    turn = await history.begin_turn(second, replay=True)
    assert turn.question.parent_id == first.reply_id
    assert (await history.message(first.reply_id, user)).status is Status.INTERRUPTED


async def test_an_edited_question_makes_a_branch_and_keeps_the_old_one(history: History, user: str) -> None:
    first = await whole_turn(history, user)
    session_id = first.session.session_id
    old = await whole_turn(history, user, session_id)
    new = await whole_turn(history, user, session_id, parent_id=first.reply.message_id)
    shown = await history.messages(session_id, user, limit=10)
    assert [message.message_order for message in shown] == [1, 2, 5, 6]
    await history.update_session(update(first, leaf_id=old.reply.message_id))
    shown = await history.messages(session_id, user, limit=10)
    assert [message.message_order for message in shown] == [1, 2, 3, 4]
    later = await whole_turn(history, user, session_id)
    assert (later.question.parent_id, later.question.message_order) == (old.reply.message_id, 7)
    shown = await history.messages(session_id, user, limit=10)
    assert [message.message_order for message in shown] == [1, 2, 3, 4, 7, 8]
    assert (await history.message(new.reply.message_id, user)).content == ANSWER


@pytest.mark.parametrize("branched", [False, True], ids=["one line", "with a branch"])
async def test_messages_come_in_windows(history: History, user: str, branched: bool) -> None:
    session_id = uuid7()
    turns = [await whole_turn(history, user, session_id) for _ in range(4)]
    expected = [1, 2, 3, 4, 5, 6, 7, 8]
    if branched:
        await whole_turn(history, user, session_id, parent_id=turns[2].reply.message_id)
        expected = [1, 2, 3, 4, 5, 6, 9, 10]
    found: list[int] = []
    before = None
    while window := await history.messages(session_id, user, limit=3, before_order=before):
        found[:0] = [message.message_order for message in window]
        before = window[0].message_order
    assert found == expected


async def test_any_message_shows_the_branch_through_it_to_its_newest_end(history: History, user: str) -> None:
    first = await whole_turn(history, user)
    session_id = first.session.session_id
    old = await whole_turn(history, user, session_id)
    older = await whole_turn(history, user, session_id)
    new = await whole_turn(history, user, session_id, parent_id=first.reply.message_id)
    for message, leaf in (
        (old.question, older.reply),
        (first.question, new.reply),
        (older.question, older.reply),
        (new.reply, new.reply),
    ):
        session = await history.update_session(update(first, leaf_id=message.message_id))
        assert session.leaf_id == leaf.message_id
        assert (await history.messages(session_id, user, limit=1))[0].message_id == leaf.message_id


async def test_a_parent_outside_the_session_is_not_found(history: History, user: str) -> None:
    first, other = await whole_turn(history, user), await whole_turn(history, user)
    with pytest.raises(MessageNotFound):
        await history.begin_turn(begin(user, first.session.session_id, parent_id=other.reply.message_id))
    with pytest.raises(UNKNOWN):
        await history.begin_turn(begin(user, parent_id=other.reply.message_id))
    with pytest.raises(MessageNotFound):
        await history.update_session(update(first, leaf_id=other.reply.message_id))


async def test_somebody_elses_session_is_not_found(history: History, user: str) -> None:
    turn = await whole_turn(history, user)
    session_id, thief = turn.session.session_id, new_user()
    for attempt in (
        history.session(session_id, thief),
        history.messages(session_id, thief, limit=10),
        history.begin_turn(begin(thief, session_id)),
        history.update_session(update(turn, user_id=thief, session_name="ของฉัน")),
    ):
        with pytest.raises(SessionNotFound):
            await attempt
    with pytest.raises(UNKNOWN):
        await history.message(turn.reply.message_id, thief)
    assert await history.sessions(thief, limit=10) == []
    assert (await history.session(session_id, user)).message_count == 2


async def test_what_nobody_has_is_not_found(history: History, user: str) -> None:
    for attempt in (
        history.session(uuid7(), user),
        history.messages(uuid7(), user, limit=10),
        history.message(uuid7(), user),
    ):
        with pytest.raises(UNKNOWN):
            await attempt


async def test_a_session_changes_only_in_what_is_named(history: History, user: str) -> None:
    turn = await whole_turn(history, user)
    renamed = await history.update_session(update(turn, session_name="ต้มยำกุ้ง 🦐"))
    assert (renamed.session_name, renamed.pinned_at, renamed.updated_at) == (
        "ต้มยำกุ้ง 🦐",
        None,
        turn.session.updated_at,
    )
    pin = update(turn, pinned=True)
    pinned = await history.update_session(pin)
    assert (pinned.pinned_at, pinned.session_name) == (pin.at, "ต้มยำกุ้ง 🦐")
    chosen = await history.update_session(update(turn, choice=Choice("openai", "gpt-5"), pinned=False))
    assert (chosen.backend, chosen.model, chosen.pinned_at) == ("openai", "gpt-5", None)
    assert await history.session(turn.session.session_id, user) == chosen


async def test_archived_and_deleted_sessions_leave_the_list_and_come_back(history: History, user: str) -> None:
    kept, archived, deleted = [await whole_turn(history, user) for _ in range(3)]
    await history.update_session(update(archived, archived=True))
    gone = await history.update_session(update(deleted, deleted=True))
    assert (gone.is_active, gone.deleted_at is not None) == (False, True)
    listed = await history.sessions(user, limit=10)
    assert [session.session_id for session in listed] == [kept.session.session_id]
    back = await history.update_session(update(deleted, deleted=False))
    assert (back.is_active, back.deleted_at) == (True, None)
    assert len(await history.sessions(user, limit=10)) == 2


async def test_sessions_come_in_pages_newest_first(history: History, user: str) -> None:
    start = datetime.now(UTC) - timedelta(days=1)
    # Three share a moment: the cursor must tell them apart.
    turns = [await whole_turn(history, user, at=start + timedelta(hours=number // 3)) for number in range(7)]
    expected = [turn.session for turn in turns]
    expected.sort(key=lambda session: (session.updated_at, session.session_id), reverse=True)
    found: list[Session] = []
    before = None
    while page := await history.sessions(user, limit=2, before=before):
        found += page
        before = SessionCursor(updated_at=page[-1].updated_at, session_id=page[-1].session_id)
    assert [session.session_id for session in found] == [session.session_id for session in expected]


async def test_a_new_question_takes_its_session_to_the_top(history: History, user: str) -> None:
    start = datetime.now(UTC) - timedelta(days=1)
    old = await whole_turn(history, user, at=start)
    await whole_turn(history, user, at=start + timedelta(hours=1))
    await whole_turn(history, user, old.session.session_id, at=start + timedelta(hours=2))
    assert (await history.sessions(user, limit=1))[0].session_id == old.session.session_id


@pytest.mark.parametrize(
    ("part", "count"), [("ไก่", 1), ("PLAN", 1), ("plan", 1), ("%", 1), ("_", 0), ("ข้าวผัด", 0), ("", 3)]
)
async def test_sessions_are_found_by_a_part_of_their_name(history: History, user: str, part: str, count: int) -> None:
    for name in ("ข้าวมันไก่", "Plan a trip", "ลด 50%"):
        await whole_turn(history, user, session_name=name)
    assert len(await history.sessions(user, limit=10, filter=SessionFilter(name_contains=part))) == count


@pytest.mark.parametrize("text", ["ก\0ข", "\ud800", "ข้าว\udfff"], ids=["NUL", "surrogate", "Thai and surrogate"])
async def test_text_that_no_store_can_keep_is_refused(history: History, user: str, text: str) -> None:
    turn = await whole_turn(history, user)
    write = begin(user, turn.session.session_id)
    for attempt in (
        history.begin_turn(begin(user, question=text)),
        history.begin_turn(begin(user, session_name=text)),
        history.begin_turn(begin(user, metadata={"x": [text]})),
        history.begin_turn(begin(user, idempotency_key=text)),
        history.checkpoint([grow(write, text)]),
        history.finish_reply(finish(write, text)),
        history.update_session(update(turn, session_name=text)),
    ):
        with pytest.raises(HistoryRefused):
            await attempt
    assert len(await history.messages(turn.session.session_id, user, limit=10)) == 2


@pytest.mark.parametrize(
    "fields",
    [{"session_name": "ก" * 256}, {"choice": Choice("vllm", "m" * 101)}, {"idempotency_key": "k" * 101}],
    ids=["name", "model", "key"],
)
async def test_what_is_too_long_for_its_column_is_refused(history: History, user: str, fields: dict[str, Any]) -> None:
    with pytest.raises(HistoryRefused):
        await history.begin_turn(begin(user, **fields))


async def test_the_longest_that_fits_is_kept_whole(history: History, user: str) -> None:
    write = begin(user, session_name="ที่" * 85, question="ก" * 200_000, choice=Choice("b" * 50, "m" * 100))
    await history.begin_turn(write)
    assert (await history.session(write.session_id, user)).session_name == "ที่" * 85
    assert (await history.message(write.question_id, user)).content == "ก" * 200_000


async def test_an_escaped_escape_is_no_nul(history: History, user: str) -> None:
    write = begin(user, metadata={"code": "\\u0000"}, question="'; DROP TABLE chat_messages; -- %s %(x)s :y \\")
    await history.begin_turn(write)
    question = await history.message(write.question_id, user)
    assert (question.metadata, question.content) == (write.metadata, write.question)


async def test_statistics_count_sessions_messages_and_tokens(history: History, user: str) -> None:
    now = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)  # the 22nd in Bangkok
    for number, model in enumerate(["typhoon", "typhoon", "typhoon", "qwen"]):
        write = begin(user, at=now - timedelta(days=number), choice=Choice("vllm", model))
        await history.begin_turn(write)
        figures = Figures(prompt_tokens=10, completion_tokens=number, first_token_ms=100 * (number + 1))
        await history.finish_reply(finish(write, figures=figures))
    trash = await whole_turn(history, user, at=now)
    await history.update_session(update(trash, deleted=True))
    found = await history.statistics(user, timezone="Asia/Bangkok", days=3, now=now)
    assert (found.sessions, found.messages, found.prompt_tokens, found.completion_tokens) == (4, 8, 40, 6)
    models = [(usage.model, usage.replies, usage.prompt_tokens, usage.first_token_ms) for usage in found.by_model]
    assert models == [("typhoon", 3, 30, 200), ("qwen", 1, 10, 400)]
    days = [(day.day, day.messages, day.tokens) for day in found.by_day]
    assert days == [("2026-11-20", 2, 12), ("2026-11-21", 2, 11), ("2026-11-22", 2, 10)]


async def test_days_without_messages_are_there(history: History, user: str) -> None:
    now = datetime.now(UTC)
    found = await history.statistics(user, timezone="UTC", days=30, now=now)
    assert len(found.by_day) == 30
    assert found.by_day[-1].day == now.date().isoformat()
    assert {day.messages for day in found.by_day} == {0}


async def test_a_time_zone_that_there_is_not_is_bad_input(history: History, user: str) -> None:
    with pytest.raises(BadInput):
        await history.statistics(user, timezone="Asia/Atlantis", days=1, now=datetime.now(UTC))


async def test_many_turns_at_once_all_arrive(history: History, user: str) -> None:
    turns = await asyncio.gather(*(whole_turn(history, user) for _ in range(50)))
    sessions = await history.sessions(user, limit=100)
    assert {session.session_id for session in sessions} == {turn.session.session_id for turn in turns}
    replies = [await history.message(turn.reply.message_id, user) for turn in turns]
    assert {reply.status for reply in replies} == {Status.COMPLETE}


async def test_closing_twice_is_safe(history: History) -> None:
    await history.close()
    await history.close()
