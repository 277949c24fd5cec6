"""Turns: what every history promises of them, whichever store is behind it."""

from __future__ import annotations

import asyncio

import pytest
from uuid_utils.compat import uuid7

from tests.histories import Stores
from tests.history_writes import (
    ANSWER,
    LONG_AGO,
    QUESTION,
    UNKNOWN,
    begin,
    finish,
    grow,
    new_user,
    update,
    whole_turn,
)
from thai_chat.domain.errors import (
    MessageNotFound,
    ReplyRunning,
    SessionNotFound,
)
from thai_chat.domain.messages import Choice, Figures, Role, Status
from thai_chat.domain.reads import ReadMessage, ReadMessages, ReadSession, ReadSessions
from thai_chat.domain.writes import Checkpoints


async def test_the_first_turn_makes_the_session(history: Stores, user: str) -> None:
    write = begin(user)
    turn = await history.write(write)
    session = await history.read(ReadSession(write.session_id, user))
    assert session == turn.session
    assert (session.session_name, session.message_count, session.leaf_id) == (write.session_name, 2, write.reply_id)
    assert (session.backend, session.model, session.is_active) == (write.choice.backend, write.choice.model, True)
    assert session.created_at == session.updated_at == write.at


async def test_a_turn_is_a_question_and_a_reply_that_streams(history: Stores, user: str) -> None:
    write = begin(user, metadata={"ไฟล์": ["เสียง.wav"]})
    turn = await history.write(write)
    assert [turn.question, turn.reply] == await history.read(ReadMessages(write.session_id, user, limit=10))
    assert (turn.question.role, turn.question.status, turn.question.content) == (Role.USER, Status.COMPLETE, QUESTION)
    assert turn.question.metadata == {"ไฟล์": ["เสียง.wav"]}
    assert (turn.reply.role, turn.reply.status, turn.reply.content) == (Role.ASSISTANT, Status.STREAMING, "")
    assert turn.reply.parent_id == turn.question.message_id
    assert (turn.question.message_order, turn.reply.message_order) == (1, 2)


async def test_a_reply_grows_with_its_checkpoints(history: Stores, user: str) -> None:
    write = begin(user)
    await history.write(write)
    await history.write(Checkpoints([grow(write, "ตำ", metadata={"a": 1}), grow(write, "ตำขิง", metadata={"b": 2})]))
    reply = await history.read(ReadMessage(write.reply_id, user))
    assert reply.status is Status.STREAMING
    await history.write(Checkpoints([grow(write, "ตำขิง กระเทียม", metadata={"c": 3})]))
    reply = await history.read(ReadMessage(write.reply_id, user))
    assert (reply.content, reply.metadata["c"]) == ("ตำขิง กระเทียม", 3)


async def test_a_checkpoint_says_who_answers(history: Stores, user: str) -> None:
    write, other = begin(user), Choice("ollama", "qwen3:8b")
    await history.write(write)
    await history.write(Checkpoints([grow(write, "ตำ", choice=other)]))
    await history.write(Checkpoints([grow(write, "ตำขิง")]))
    reply = await history.read(ReadMessage(write.reply_id, user))
    assert (reply.content, Choice(reply.backend, reply.model)) == ("ตำขิง", other)


async def test_checkpoints_of_many_replies_go_together(history: Stores, user: str) -> None:
    writes = [begin(user) for _ in range(5)]
    for write in writes:
        await history.write(write)
    await history.write(Checkpoints([grow(write, f"คำตอบที่ {number}") for number, write in enumerate(writes)]))
    texts = [(await history.read(ReadMessage(write.reply_id, user))).content for write in writes]
    assert texts == [f"คำตอบที่ {number}" for number in range(5)]


async def test_no_checkpoints_are_no_work(history: Stores) -> None:
    await history.write(Checkpoints([]))


async def test_a_finished_reply_has_its_text_status_model_and_figures(history: Stores, user: str) -> None:
    write = begin(user)
    await history.write(write)
    await history.write(Checkpoints([grow(write, metadata={"kept": True})]))
    figures = Figures(prompt_tokens=12, completion_tokens=None, first_token_ms=40, latency_ms=900)
    end = finish(write, choice=Choice("ollama", "qwen3"), figures=figures, metadata={"finish_reason": "stop"})
    reply = await history.write(end)
    assert reply == await history.read(ReadMessage(write.reply_id, user))
    assert (reply.content, reply.status, reply.backend, reply.model) == (ANSWER, Status.COMPLETE, "ollama", "qwen3")
    assert (reply.figures, reply.metadata) == (figures, {"kept": True, "finish_reason": "stop"})


@pytest.mark.parametrize("status", [Status.STOPPED, Status.FAILED, Status.INTERRUPTED])
async def test_a_reply_that_did_not_end_well_keeps_its_text(history: Stores, user: str, status: Status) -> None:
    write = begin(user)
    await history.write(write)
    await history.write(finish(write, "ตำขิง", status=status))
    reply = (await history.read(ReadMessages(write.session_id, user, limit=1)))[0]
    assert (reply.content, reply.status) == ("ตำขิง", status)


async def test_the_first_finish_wins(history: Stores, user: str) -> None:
    write = begin(user)
    await history.write(write)
    first = await history.write(finish(write, "หนึ่ง", status=Status.INTERRUPTED))
    assert await history.write(finish(write, "สอง")) == first
    await history.write(Checkpoints([grow(write, "สาม")]))
    assert await history.read(ReadMessage(write.reply_id, user)) == first


async def test_finishing_an_unknown_reply_finds_no_message(history: Stores, user: str) -> None:
    with pytest.raises(MessageNotFound):
        await history.write(finish(begin(user)))


async def test_turns_follow_each_other_below_the_leaf(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    second = await whole_turn(history, user, first.session.session_id)
    third = await whole_turn(history, user, first.session.session_id)
    found = await history.read(ReadMessages(first.session.session_id, user, limit=10))
    assert [message.message_order for message in found] == [1, 2, 3, 4, 5, 6]
    assert [message.parent_id for message in found] == [None, *(message.message_id for message in found[:-1])]
    assert second.question.parent_id == first.reply.message_id
    assert third.session.message_count == 6


async def test_a_turn_takes_the_session_to_its_model(history: Stores, user: str) -> None:
    first = await whole_turn(history, user)
    later = await whole_turn(history, user, first.session.session_id, choice=Choice("openai", "gpt-5"))
    assert (later.session.backend, later.session.model) == ("openai", "gpt-5")
    assert (await history.read(ReadMessage(first.reply.message_id, user))).backend == "vllm"


async def test_a_second_question_is_refused_while_a_reply_runs(history: Stores, user: str) -> None:
    write = begin(user)
    await history.write(write)
    with pytest.raises(ReplyRunning):
        await history.write(begin(user, write.session_id))
    await history.write(finish(write))
    await history.write(begin(user, write.session_id))


async def test_the_same_idempotency_key_gives_the_earlier_turn(history: Stores, user: str) -> None:
    write = begin(user, idempotency_key="ครั้งเดียว")
    first = await history.write(write)
    again = await history.write(begin(user, write.session_id, idempotency_key="ครั้งเดียว", question="อื่น"))
    assert (again.repeated, first.repeated) == (True, False)
    assert (again.question, again.reply.message_id) == (first.question, first.reply.message_id)
    assert len(await history.read(ReadMessages(write.session_id, user, limit=10))) == 2


async def test_the_earlier_turn_comes_with_its_finished_reply(history: Stores, user: str) -> None:
    write = begin(user, idempotency_key="k")
    await history.write(write)
    await history.write(finish(write))
    again = await history.write(begin(user, write.session_id, idempotency_key="k"))
    assert (again.repeated, again.reply.content, again.reply.status) == (True, ANSWER, Status.COMPLETE)


async def test_a_key_belongs_to_its_session(history: Stores, user: str) -> None:
    await history.write(begin(user, idempotency_key="k"))
    other = await history.write(begin(user, idempotency_key="k"))
    assert not other.repeated


async def test_a_double_click_makes_one_turn(history: Stores, user: str) -> None:
    session_id = uuid7()
    turns = await asyncio.gather(*(history.write(begin(user, session_id, idempotency_key="click")) for _ in range(5)))
    assert len({turn.question.message_id for turn in turns}) == 1
    assert sorted(turn.repeated for turn in turns) == [False, True, True, True, True]
    assert len(await history.read(ReadMessages(session_id, user, limit=10))) == 2


async def test_only_one_of_two_questions_at_once_begins(history: Stores, user: str) -> None:
    session_id = uuid7()
    results = await asyncio.gather(*(history.write(begin(user, session_id)) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, ReplyRunning) for result in results) == 4
    assert len(await history.read(ReadMessages(session_id, user, limit=10))) == 2


async def test_every_write_can_be_repeated(history: Stores, user: str) -> None:
    write, rename = begin(user), None
    for _ in range(2):
        turn = await history.write(write)
        assert not turn.repeated
        rename = update(turn, session_name="ใหม่", pinned=True)
    assert rename
    for _ in range(2):
        await history.write(Checkpoints([grow(write)]))
    ends = [await history.write(finish(write)) for _ in range(2)]
    sessions = [await history.write(rename) for _ in range(2)]
    assert ends[0] == ends[1]
    assert sessions[0] == sessions[1]
    assert sessions[1].message_count == 2
    assert len(await history.read(ReadMessages(write.session_id, user, limit=10))) == 2


async def test_a_reply_without_a_sign_of_life_comes_as_interrupted(history: Stores, user: str) -> None:
    write = begin(user, at=LONG_AGO)
    await history.leave(write)
    assert (await history.read(ReadMessage(write.reply_id, user))).status is Status.INTERRUPTED
    assert (await history.read(ReadMessages(write.session_id, user, limit=1)))[0].status is Status.INTERRUPTED


async def test_a_sign_of_life_brings_it_back(history: Stores, user: str) -> None:
    write = begin(user, at=LONG_AGO)
    await history.leave(write)
    await history.write(Checkpoints([grow(write)]))
    assert (await history.read(ReadMessage(write.reply_id, user))).status is Status.STREAMING


async def test_a_dead_reply_does_not_stop_the_next_question(history: Stores, user: str) -> None:
    dead = begin(user, at=LONG_AGO)
    await history.leave(dead)
    await history.write(begin(user, dead.session_id))
    await history.write(Checkpoints([grow(dead)]))
    reply = await history.read(ReadMessage(dead.reply_id, user))
    assert (reply.status, reply.content) == (Status.INTERRUPTED, "")


async def test_the_late_end_of_a_reply_wins_over_interrupted(history: Stores, user: str) -> None:
    dead = begin(user, at=LONG_AGO)
    await history.leave(dead)
    await history.write(begin(user, dead.session_id))
    assert (await history.write(finish(dead))).status is Status.COMPLETE
    assert (await history.read(ReadMessage(dead.reply_id, user))).content == ANSWER


async def test_somebody_elses_session_is_not_found(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    session_id, thief = turn.session.session_id, new_user()
    for attempt in (
        history.read(ReadSession(session_id, thief)),
        history.read(ReadMessages(session_id, thief, limit=10)),
        history.write(begin(thief, session_id)),
        history.write(update(turn, user_id=thief, session_name="ของฉัน")),
    ):
        with pytest.raises(SessionNotFound):
            await attempt
    with pytest.raises(UNKNOWN):
        await history.read(ReadMessage(turn.reply.message_id, thief))
    assert await history.read(ReadSessions(thief, limit=10)) == []
    assert (await history.read(ReadSession(session_id, user))).message_count == 2


async def test_what_nobody_has_is_not_found(history: Stores, user: str) -> None:
    for attempt in (
        history.read(ReadSession(uuid7(), user)),
        history.read(ReadMessages(uuid7(), user, limit=10)),
        history.read(ReadMessage(uuid7(), user)),
    ):
        with pytest.raises(UNKNOWN):
            await attempt


async def test_many_turns_at_once_all_arrive(history: Stores, user: str) -> None:
    turns = await asyncio.gather(*(whole_turn(history, user) for _ in range(50)))
    sessions = await history.read(ReadSessions(user, limit=100))
    assert {session.session_id for session in sessions} == {turn.session.session_id for turn in turns}
    replies = [await history.read(ReadMessage(turn.reply.message_id, user)) for turn in turns]
    assert {reply.status for reply in replies} == {Status.COMPLETE}


async def test_closing_twice_is_safe(history: Stores) -> None:
    await history.close()
    await history.close()
