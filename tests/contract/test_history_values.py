"""The values that every history keeps exactly, refuses and counts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.histories import Stores
from tests.history_writes import (
    again,
    begin,
    finish,
    grow,
    purge,
    update,
    whole_turn,
)
from tests.messages_in_parts import CONTENT, PARTS
from thai_chat.domain.errors import (
    HistoryRefused,
)
from thai_chat.domain.messages import Choice, Figures
from thai_chat.domain.parts import (
    MOST_PARTS,
    NAME_CHARS,
    AttachmentPart,
    NoticePart,
    Part,
    ReasoningPart,
    TextPart,
    UnknownPart,
)
from thai_chat.domain.reads import ReadMessage, ReadMessages, ReadSession, ReadSessions, SessionFilter
from thai_chat.domain.writes import Checkpoints


@pytest.mark.parametrize("text", ["ก\0ข", "\ud800", "ข้าว\udfff"], ids=["NUL", "surrogate", "Thai and surrogate"])
async def test_text_that_no_store_can_keep_is_refused(history: Stores, user: str, text: str) -> None:
    turn = await whole_turn(history, user)
    write = begin(user, turn.session.session_id)
    for attempt in (
        history.write(begin(user, question=text)),
        history.write(begin(user, session_name=text)),
        history.write(begin(user, metadata={"x": [text]})),
        history.write(begin(user, idempotency_key=text)),
        history.write(Checkpoints([grow(write, text)])),
        history.write(finish(write, text)),
        history.write(again(turn, content=text)),
        history.write(again(turn, metadata={text: 1})),
        history.write(update(turn, session_name=text)),
        history.write(update(turn, tags=["ดี", text])),
        history.write(update(turn, folder=text)),
        history.write(update(turn, options={"system_prompt": text})),
        history.write(purge(turn, user_id=text)),
        history.read(ReadSessions(text, limit=1)),
        history.read(ReadSessions(user, limit=1, filter=SessionFilter(tag=text))),
    ):
        with pytest.raises(HistoryRefused):
            await attempt
    assert len(await history.read(ReadMessages(turn.session.session_id, user, limit=10))) == 2


@pytest.mark.parametrize(
    "fields",
    [{"session_name": "ก" * 256}, {"choice": Choice("vllm", "m" * 101)}, {"idempotency_key": "k" * 101}],
    ids=["name", "model", "key"],
)
async def test_what_is_too_long_for_its_column_is_refused(history: Stores, user: str, fields: dict[str, Any]) -> None:
    with pytest.raises(HistoryRefused):
        await history.write(begin(user, **fields))


async def test_a_folder_that_is_too_long_is_refused(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    with pytest.raises(HistoryRefused):
        await history.write(update(turn, folder="ก" * 256))


@pytest.mark.parametrize(
    ("cost", "kept"),
    [
        ("0.000000001", "0.000000001"),
        ("0.0000000005", "0.000000001"),
        ("12.3456789014", "12.345678901"),
        ("0", "0"),
        ("999999", "999999"),
    ],
)
async def test_a_price_is_kept_to_nine_places(history: Stores, user: str, cost: str, kept: str) -> None:
    write = begin(user)
    await history.write(write)
    figures = Figures(completion_tokens=9, reasoning_tokens=7, cost_usd=Decimal(cost))
    reply = await history.write(finish(write, figures=figures))
    assert reply.figures == replace(figures, cost_usd=Decimal(kept))
    assert reply == await history.read(ReadMessage(write.reply_id, user))


@pytest.mark.parametrize("cost", ["1000000", "NaN", "-Infinity"])
async def test_what_is_no_price_is_refused(history: Stores, user: str, cost: str) -> None:
    write = begin(user)
    await history.write(write)
    with pytest.raises(HistoryRefused):
        await history.write(finish(write, figures=Figures(cost_usd=Decimal(cost))))


async def test_parts_are_kept_as_they_were_given(history: Stores, user: str) -> None:
    write = begin(user, question=CONTENT, parts=PARTS)
    turn = await history.write(write)
    assert (turn.question.parts, turn.reply.parts) == (PARTS, ())
    grown = ReasoningPart("คิด"), TextPart("ตำ")
    await history.write(Checkpoints([grow(write, "ตำ", parts=grown)]))
    assert (await history.read(ReadMessage(write.reply_id, user))).parts == grown
    reply = await history.write(finish(write, CONTENT, parts=PARTS))
    assert reply.parts == PARTS
    question, stored = await history.read(ReadMessages(write.session_id, user, limit=10))
    assert (question.parts, stored.parts, stored.content) == (PARTS, PARTS, CONTENT)


async def test_plain_text_has_no_parts(history: Stores, user: str) -> None:
    write = begin(user)
    await history.write(write)
    await history.write(Checkpoints([grow(write, "ตำ", parts=[TextPart("ตำ")])]))
    assert (await history.write(finish(write))).parts == ()
    assert [message.parts for message in await history.read(ReadMessages(write.session_id, user, limit=10))] == [(), ()]


@pytest.mark.parametrize(
    "parts",
    [
        [TextPart("อื่น")],
        [TextPart(CONTENT), *[NoticePart(code="x")] * MOST_PARTS],
        [TextPart(CONTENT), AttachmentPart(file_id="f" * (NAME_CHARS + 1))],
        [TextPart(CONTENT), ReasoningPart("ก\0ข")],
        [TextPart(CONTENT), UnknownPart({"type": "x", "y": "\ud800"})],
    ],
    ids=["other text", "many", "long", "NUL", "surrogate"],
)
async def test_parts_that_no_store_can_keep_are_refused(history: Stores, user: str, parts: list[Part]) -> None:
    write = begin(user)
    await history.write(write)
    for attempt in (
        history.write(begin(user, question=CONTENT, parts=parts)),
        history.write(Checkpoints([grow(write, CONTENT, parts=parts)])),
        history.write(finish(write, CONTENT, parts=parts)),
    ):
        with pytest.raises(HistoryRefused):
            await attempt


async def test_the_longest_that_fits_is_kept_whole(history: Stores, user: str) -> None:
    write = begin(user, session_name="ที่" * 85, question="ก" * 200_000, choice=Choice("b" * 50, "m" * 100))
    await history.write(write)
    assert (await history.read(ReadSession(write.session_id, user))).session_name == "ที่" * 85
    assert (await history.read(ReadMessage(write.question_id, user))).content == "ก" * 200_000


async def test_an_escaped_escape_is_no_nul(history: Stores, user: str) -> None:
    write = begin(user, metadata={"code": "\\u0000"}, question="'; DROP TABLE chat_messages; -- %s %(x)s :y \\")
    await history.write(write)
    question = await history.read(ReadMessage(write.question_id, user))
    assert (question.metadata, question.content) == (write.metadata, write.question)
