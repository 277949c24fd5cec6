"""Searching: what every history promises of it, whichever store is behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.histories import Stores, searched
from tests.history_writes import begin, finish, grow, new_user, purge, update, whole_turn
from thai_chat.domain.errors import HistoryRefused
from thai_chat.domain.messages import Choice, Message, Role, Status
from thai_chat.domain.reads import ReadMessage
from thai_chat.domain.searching import SearchFilters, SearchPage, SearchQuery, terms_of
from thai_chat.domain.writes import Checkpoints


def query(user_id: str | None, text: str, *, limit: int = 50, **filters: Any) -> SearchQuery:
    return SearchQuery(user_id=user_id, terms=terms_of(text), limit=limit, filters=SearchFilters(**filters))


async def found(history: Stores, user_id: str, text: str, **filters: Any) -> list[str]:
    page = await searched(history, query(user_id, text, **filters))
    return [hit.message.content for hit in page.hits]


async def say(history: Stores, user_id: str, *texts: str, **fields: Any) -> list[Message]:
    """Say each text in a session of its own, as a question with an empty reply."""
    questions = []
    for text in texts:
        write = begin(user_id, question=text, session_name="-", **fields)
        turn = await history.write(write)
        await history.write(finish(write, ""))
        questions.append(turn.question)
    return questions


SPELLINGS = {
    "sara am, as it is typed": ("น้ำ", "น\u0e49\u0e33"),
    "sara am in two parts": ("น้ำ", "น\u0e49\u0e4d\u0e32"),
    "nikhahit before the tone": ("น้ำ", "น\u0e4d\u0e49\u0e32"),
    "the tone behind sara am": ("น้ำ", "น\u0e33\u0e49"),
    "two sara e for sara ae": ("แม่", "เเม่"),
    "the tone before the vowel": ("ที่", "ท\u0e48\u0e35"),
    "the tone before the vowel below": ("ผู้", "ผ\u0e49\u0e39"),
    "a vowel typed twice": ("ดี", "ด\u0e35\u0e35"),
    "Thai digits": ("พ.ศ. 2569", "พ.ศ. ๒๕๖๙"),
    "case": ("postgresql", "PostgreSQL"),
    "case of other scripts": ("straße привет", "STRASSE ПРИВЕТ"),
    "an accent of its own": ("café", "cafe\u0301"),
    "a zero-width space": ("ข้าวมันไก่", "ข้าว\u200bมัน\u200bไก่"),
    "a word joiner": ("ข้าวมันไก่", "ข้าว\u2060มันไก่"),
    "a byte order mark": ("ข้าว", "\ufeffข้าว"),
    "an emoji with and without its selector": ("❤", "❤\ufe0f"),
    "white space of other kinds": ("ข้าว มัน", "ข้าว\u00a0\n\tมัน"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_what_looks_alike_is_found_from_either_side(history: Stores, user: str, spelling: str) -> None:
    one, other = SPELLINGS[spelling]
    texts = [f"ก่อน {one} หลัง", f"ก่อน {other} หลัง"]
    await say(history, user, *texts, "ไม่ใช่")
    for text in (one, other):
        assert sorted(await found(history, user, f'"{text}"')) == sorted(texts)


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("ก", {0, 1}),
        ("ย", {0, 1, 3}),
        ("ยา", {0, 1}),
        ("ปลอดภัย", {0}),
        ("ความปลอดภัย", {0}),
        ("nobody", {2}),
        ("body", {2}),
        ("x", {3}),
        ("GPU ราคา", {3}),
        ("ราคา gpu", {3}),
        ('"gpu ราคา"', set()),
        ('"ราคา gpu"', {3}),
        ('"ราคา gpu', {3}),
        ("“ราคา gpu”", {3}),
        ("c++", {2}),
        ("100%_", {2}),
        ("\\", {2}),
        ("🦄", {1}),
        ("ฑ", set()),
        ("qz", set()),
        ("ไม่มีที่ใดในนี้", set()),
        ("ยา ไม่มี", set()),
    ],
)
async def test_a_message_is_found_by_every_part_of_it(history: Stores, user: str, text: str, finds: set[int]) -> None:
    texts = ["ความปลอดภัยของกินยาก", "ยากที่ 🦄 จะเกิด", "Nobody knows C++ 100%_ \\ of it", "ราคา GPU RTX ยังแพง"]
    await say(history, user, *texts)
    assert set(await found(history, user, text)) == {texts[number] for number in finds}


async def test_english_is_found_in_other_forms_behind_the_literal(history: Stores, user: str) -> None:
    texts = ["A server is running", "I run it", "it runs ใช้runทุกวัน", "he studied", "runway trunk", "Running late"]
    await say(history, user, *texts)
    assert await found(history, user, "running") == ["Running late", "A server is running", texts[2], "I run it"]
    assert await found(history, user, "studies") == ["he studied"]
    assert await found(history, user, "running servers") == ["A server is running"]
    assert await found(history, user, '"studies"') == []
    page = await history.search.messages(query(user, "running"))
    assert [hit.is_literal for hit in page.hits] == [True, True, False, False]


async def test_questions_and_replies_are_found_newest_first(history: Stores, user: str) -> None:
    start = datetime.now(UTC) - timedelta(days=30)
    turns = [await whole_turn(history, user, at=start + timedelta(days=number)) for number in range(3)]
    assert await found(history, user, "ขิง") == [
        (await history.read(ReadMessage(turn.reply.message_id, user))).content for turn in reversed(turns)
    ]
    page = await history.search.messages(query(user, "ข้าวมันไก่"))
    assert [hit.message for hit in page.hits] == [turn.question for turn in reversed(turns)]
    assert [hit.session.session_id for hit in page.hits] == [turn.session.session_id for turn in reversed(turns)]


async def test_nobody_finds_what_somebody_else_said(history: Stores, user: str) -> None:
    other = new_user()
    mine = await say(history, user, "ความลับของฉัน")
    theirs = await say(history, other, "ความลับของเขา")
    assert await found(history, user, "ความลับ") == [mine[0].content]
    everybody = await history.search.messages(query(None, "ความลับ"))
    assert {mine[0].message_id, theirs[0].message_id} <= {hit.message.message_id for hit in everybody.hits}


async def test_the_trash_is_not_searched_and_the_archive_is(history: Stores, user: str) -> None:
    turns = [await whole_turn(history, user, question=f"แกงส้ม {number}", session_name="แกงส้ม") for number in range(4)]
    await history.write(update(turns[0], deleted=True))
    await history.write(update(turns[1], archived=True))
    await history.write(purge(turns[2]))
    assert await found(history, user, "แกงส้ม") == ["แกงส้ม 3", "แกงส้ม 1"]
    assert len((await history.search.names(query(user, "แกงส้ม"))).sessions) == 2
    await history.write(update(turns[0], deleted=False))
    assert await found(history, user, "แกงส้ม") == ["แกงส้ม 3", "แกงส้ม 1", "แกงส้ม 0"]


async def test_a_reply_is_found_when_it_no_longer_grows(history: Stores, user: str) -> None:
    write = begin(user)
    await history.write(write)
    await history.write(Checkpoints([grow(write, "ตำขิงกับกระเทียม")]))
    assert await found(history, user, "ขิง") == []
    await history.write(finish(write, "ตำขิงกับกระเทียมให้ละเอียด", status=Status.STOPPED))
    assert await found(history, user, "ขิง") == ["ตำขิงกับกระเทียมให้ละเอียด"]


async def test_the_last_text_of_a_reply_is_what_counts(history: Stores, user: str) -> None:
    write = begin(user)
    await history.write(write)
    await history.write(finish(write, "หนึ่ง"))
    assert await found(history, user, "หนึ่ง") == ["หนึ่ง"]
    await history.write(finish(write, "สอง"))
    assert await found(history, user, "สอง") == []


async def test_every_filter_narrows_what_is_found(history: Stores, user: str) -> None:
    start = datetime.now(UTC) - timedelta(days=10)
    cheap, dear = Choice("ollama", "llama"), Choice("openai", "gpt")
    turns = [
        await whole_turn(history, user, question="กล้วย?", choice=choice, at=start + timedelta(days=number))
        for number, choice in enumerate((cheap, dear, cheap))
    ]
    replies = await history.search.messages(query(user, "ขิง", limit=9))
    assert [hit.message.model for hit in replies.hits] == ["llama", "gpt", "llama"]

    async def numbers(text: str = "ขิง", **filters: Any) -> list[int]:
        page = await history.search.messages(query(user, text, **filters))
        sessions = [turn.session.session_id for turn in turns]
        return [sessions.index(hit.session.session_id) for hit in page.hits]

    assert await numbers(backend="ollama") == [2, 0]
    assert await numbers(model="gpt") == [1]
    assert await numbers(backend="openai", model="llama") == []
    assert await numbers(role=Role.USER) == []
    assert await numbers("กล้วย", role=Role.USER) == [2, 1, 0]
    assert await numbers(session_id=turns[1].session.session_id) == [1]
    assert await numbers(since=start + timedelta(days=1)) == [2, 1]
    assert await numbers(until=start + timedelta(days=1)) == [0]
    assert await numbers(pinned=True) == []
    await history.write(update(turns[2], pinned=True))
    assert await numbers(pinned=True) == [2]
    assert await numbers(pinned=False) == [1, 0]
    assert await numbers("running", pinned=True) == []


async def pages(history: Stores, whole: SearchQuery) -> list[SearchPage]:
    found = [await history.search.messages(whole)]
    while found[-1].next:
        found.append(await history.search.messages(replace(whole, after=found[-1].next)))
    return found


async def test_pages_follow_each_other_without_gap_or_repetition(history: Stores, user: str) -> None:
    moment = datetime.now(UTC)
    texts = [f"running {number}" if number % 3 else f"run {number}" for number in range(11)]
    # All of one moment: the cursor must tell them apart, also where the literal ones end.
    said = await say(history, user, *texts, at=moment)
    got = await pages(history, query(user, "running", limit=3))
    assert [len(page.hits) for page in got] == [3, 3, 3, 2]
    ids = [hit.message.message_id for page in got for hit in page.hits]
    assert ids == _newest([m for m in said if "running" in m.content]) + _newest(
        [m for m in said if "run " in m.content]
    )


def _newest(messages: Sequence[Message]) -> list[UUID]:
    return sorted((message.message_id for message in messages), reverse=True)


async def test_a_session_is_found_by_its_name_and_by_its_new_name(history: Stores, user: str) -> None:
    first = await whole_turn(history, user, session_name="น\u0e4d\u0e49\u0e32พริก ๒๕๖๙")
    await whole_turn(history, user, session_name="อื่น ๆ")

    async def names(text: str, **filters: Any) -> list[str]:
        return [session.session_name for session in (await history.search.names(query(user, text, **filters))).sessions]

    assert await names("น้ำพริก 2569") == [first.session.session_name]
    await history.write(update(first, session_name="Learning ไทย"))
    assert await names("น้ำพริก") == []
    assert await names("learn") == ["Learning ไทย"]
    assert await names("learned") == ["Learning ไทย"]
    assert await names("learn", pinned=True) == []
    assert (await history.search.names(query(new_user(), "learn"))).sessions == []


async def test_names_come_in_pages(history: Stores, user: str) -> None:
    for _ in range(5):
        await whole_turn(history, user, session_name="แกง")
    first = await history.search.names(query(user, "แกง", limit=3))
    assert first.next
    second = await history.search.names(replace(query(user, "แกง", limit=3), after=first.next))
    assert (len(first.sessions), len(second.sessions), second.next) == (3, 2, None)
    assert len({session.session_id for session in (*first.sessions, *second.sessions)}) == 5


async def test_a_query_that_no_text_can_contain_is_refused(history: Stores, user: str) -> None:
    with pytest.raises(HistoryRefused):
        await history.search.messages(query(user, "ก\ud800"))
    with pytest.raises(HistoryRefused):
        await history.search.names(query(user, "\ud800"))
