"""`GET /api/search` over real sockets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.api.conftest import Chat
from tests.history_writes import begin, finish, update
from thai_chat.chat.search import searches
from thai_chat.domain.messages import Choice
from thai_chat.domain.people import LOCAL
from thai_chat.domain.reads import ReadMessage

_NOW = "2026-11-21T04:00:00+00:00"


async def say(chat: Chat, question: str, reply: str = "", **fields: Any) -> str:
    """Say something in a new session and return the session's id."""
    write = begin(LOCAL.user_id, question=question, **{"session_name": "แชท", **fields})
    await chat.history.write(write)
    await chat.history.write(finish(write, reply))
    return str(write.session_id)


async def search(chat: Chat, q: str, **params: Any) -> Any:
    answer = await chat.http.get("/api/search", params={"q": q, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_result_says_where_it_stands_and_shows_the_hit(chat: Chat) -> None:
    session_id = await say(chat, "น\u0e4d\u0e49\u0e32จิ้ม 👩🏽‍🍳 ทำอย่างไร", "ตำขิง")
    found = await search(chat, "น้ำจิ้ม")
    (result,) = found["results"]
    assert (result["session_id"], result["role"], result["message_order"]) == (session_id, "user", 1)
    assert (result["session_name"], result["match"], result["status"]) == ("แชท", "literal", "complete")
    assert result["snippet"] == "น\u0e4d\u0e49\u0e32จิ้ม 👩🏽‍🍳 ทำอย่างไร"
    assert [result["snippet"][start:end] for start, end in result["hits"]] == ["น\u0e4d\u0e49\u0e32จิ้ม"]
    assert datetime.fromisoformat(result["created_at"]).utcoffset() == timedelta()
    assert (found["next"], found["complete"], found["unindexed"], found["suggestion"]) == (None, True, 0, None)
    message = await chat.history.read(ReadMessage(UUID(result["message_id"]), LOCAL.user_id))
    assert message.content == result["snippet"]


async def test_pages_are_followed_by_their_cursor(chat: Chat) -> None:
    for number in range(5):
        await say(chat, f"แกงส้ม {number}")
    first = await search(chat, "แกงส้ม", limit=3)
    second = await search(chat, "แกงส้ม", limit=3, cursor=first["next"])
    texts = [result["snippet"] for result in first["results"] + second["results"]]
    assert texts == [f"แกงส้ม {number}" for number in (4, 3, 2, 1, 0)]
    assert second["next"] is None


async def test_by_relevance_a_whole_word_is_before_a_part_of_one(chat: Chat) -> None:
    await say(chat, "กินยาก่อนนอน")
    await say(chat, "ถนนยาวมากและไกล")
    await say(chat, "ซื้อยาที่ร้านยา กินยา")
    newest = await search(chat, "ยา")
    assert [result["snippet"][:4] for result in newest["results"]] == ["ซื้อ", "ถนนย", "กินย"]
    best = await search(chat, "ยา", order="relevance")
    assert [result["snippet"][:4] for result in best["results"]] == ["ซื้อ", "กินย", "ถนนย"]


async def test_pages_by_relevance_show_everything_once(chat: Chat) -> None:
    for number in range(7):
        await say(chat, f"{'running' if number % 2 else 'run'} {'ก' * number}")
    seen: list[str] = []
    cursor = None
    while True:
        page = await search(chat, "running", order="relevance", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [result["match"] for result in page["results"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["literal"] * 3 + ["form"] * 4


async def test_sessions_are_found_by_name_on_the_first_page_only(chat: Chat) -> None:
    for number in range(3):
        await say(chat, "ถาม", session_name=f"แกงส้ม {number}")
        await say(chat, f"แกงส้ม {number}")
    found = await search(chat, "แกงส้ม", limit=2)
    assert [session["session_name"] for session in found["sessions"]] == ["แกงส้ม 2", "แกงส้ม 1"]
    assert found["sessions"][0]["hits"] == [[0, 6]]
    assert (await search(chat, "แกงส้ม", limit=2, cursor=found["next"]))["sessions"] == []
    names = await search(chat, "แกงส้ม", limit=2, only="sessions")
    rest = await search(chat, "แกงส้ม", limit=2, only="sessions", cursor=names["next"])
    assert [s["session_name"] for s in rest["sessions"]] == ["แกงส้ม 0"]
    assert (rest["results"], rest["next"]) == ([], None)


async def test_the_wrong_keyboard_layout_is_noticed_in_both_directions(chat: Chat) -> None:
    await say(chat, "สวัสดี hello")
    assert (await search(chat, "l;ylfu"))["suggestion"] == "สวัสดี"
    assert (await search(chat, "้ำสสน"))["suggestion"] == "hello"
    assert (await search(chat, "hello"))["suggestion"] is None
    assert (await search(chat, "สวัสดี"))["suggestion"] is None
    assert (await search(chat, "nonsense"))["suggestion"] is None


async def test_a_suggestion_is_offered_where_nothing_was_said_yet(chat: Chat) -> None:
    assert (await search(chat, "l;ylfu"))["suggestion"] == "สวัสดี"


async def test_filters_narrow_what_is_found(chat: Chat) -> None:
    choices = (Choice("ollama", "llama"), Choice("openai", "gpt"))
    sessions = [await say(chat, "ถามแกง", "ตอบแกง", choice=choice) for choice in choices]

    async def found(**params: Any) -> list[tuple[str, str]]:
        results = (await search(chat, "แกง", **params))["results"]
        return [(result["session_id"], result["role"]) for result in results]

    assert await found(model="gpt") == [(sessions[1], "assistant")]
    assert await found(backend="ollama") == [(sessions[0], "assistant")]
    assert await found(role="user") == [(sessions[1], "user"), (sessions[0], "user")]
    assert await found(session_id=sessions[0], role="user") == [(sessions[0], "user")]
    assert await found(pinned="true") == []
    today = datetime.now(UTC).date()
    assert len(await found(**{"from": today.isoformat(), "until": today.isoformat()})) == 4
    assert await found(until=(today - timedelta(days=1)).isoformat(), timezone="Asia/Bangkok") == []


async def test_the_trash_is_not_searched(chat: Chat) -> None:
    write = begin(LOCAL.user_id, question="ความลับ")
    turn = await chat.history.write(write)
    await chat.history.write(finish(write))
    await chat.history.write(update(turn, deleted=True))
    assert (await search(chat, "ความลับ"))["results"] == []


async def test_somebody_elses_messages_are_not_found(chat: Chat) -> None:
    await chat.history.write(begin("somebody-else", question="ความลับ", session_name="ความลับ"))
    found = await search(chat, "ความลับ")
    assert (found["results"], found["sessions"]) == ([], [])


@pytest.mark.parametrize("q", ["", "   ", "\u200b"])
async def test_nothing_to_look_for_finds_nothing(chat: Chat, q: str) -> None:
    await say(chat, "อะไรก็ได้")
    assert (await search(chat, q))["results"] == []


async def test_the_answer_says_when_only_memory_was_searched(chat: Chat) -> None:
    await say(chat, "แกง")
    assert (await search(chat, "แกง"))["memory"] is True


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"q": "ก" * 1001}, "bad_input"),
        ({}, "bad_input"),
        ({"q": "ก", "limit": 0}, "bad_input"),
        ({"q": "ก", "order": "random"}, "bad_input"),
        ({"q": "ก", "from": "เมื่อวาน"}, "bad_input"),
        ({"q": "ก", "timezone": "Mars/Olympus"}, "bad_input"),
        ({"q": "ก", "session_id": "x"}, "invalid_identifier"),
        ({"q": "ก", "cursor": "x"}, "invalid_cursor"),
        ({"q": "ก", "cursor": "literal~2026-11-21~x"}, "invalid_cursor"),
        ({"q": "ก", "order": "relevance", "cursor": "ranked~x~y"}, "invalid_cursor"),
        ({"q": "ก", "cursor": f"literal~9999-12-31T23:59:59-14:00~{UUID(int=1)}"}, "invalid_cursor"),
        ({"q": "ก", "order": "relevance", "cursor": f"ranked~{_NOW}~1~x~{_NOW}~{UUID(int=1)}"}, "invalid_cursor"),
        ({"q": "ก", "order": "relevance", "cursor": f"ranked~{_NOW}~2~1.0~{_NOW}~{UUID(int=1)}"}, "invalid_cursor"),
        ({"q": "ก\0"}, "unreadable_text"),
    ],
)
async def test_bad_input_is_named(chat: Chat, params: dict[str, Any], code: str) -> None:
    answer = await chat.http.get("/api/search", params=params)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize("year", ["2026", "2569"])
async def test_a_day_is_one_of_the_readers_zone_and_calendar(chat: Chat, year: str) -> None:
    # Half past midnight in Bangkok, the evening before in London.
    await say(chat, "แกงส้ม", at=datetime(2026, 1, 2, 17, 30, tzinfo=UTC))

    async def count(**params: str) -> int:
        return len((await search(chat, "แกงส้ม", **params))["results"])

    bangkok = {"timezone": "Asia/Bangkok"}
    assert await count(**{"from": f"{year}-01-03"}, until=f"{year}-01-03", **bangkok) == 1
    assert await count(until=f"{year}-01-02", **bangkok) == 0
    assert await count(**{"from": f"{year}-01-03"}) == 0
    assert await count(**{"from": f"{year}-01-02"}, until=f"{year}-01-02") == 1
    assert await count(**{"from": f"{year}-01-03T00:30"}, until=f"{year}-01-03T00:30:01", **bangkok) == 1
    assert await count(until=f"{year}-01-03T00:30", **bangkok) == 0


@pytest.mark.parametrize("order", ["newest", "relevance"])
async def test_what_is_said_between_two_pages_moves_nothing(chat: Chat, order: str) -> None:
    said = [await say(chat, f"แกงส้ม {number}", "-") for number in range(7)]
    first = await search(chat, "แกงส้ม", limit=3, order=order)
    await say(chat, "แกงส้ม แกงส้ม แกงส้ม", "แกงส้ม")
    second = await search(chat, "แกงส้ม", limit=9, order=order, cursor=first["next"])
    found = [result["session_id"] for page in (first, second) for result in page["results"]]
    assert sorted(found) == sorted(said)


@pytest.mark.parametrize("order", ["newest", "relevance"])
async def test_what_is_deleted_between_two_pages_hides_nothing_else(chat: Chat, order: str) -> None:
    said = [await say(chat, f"แกงส้ม {'ก' * number}", "-") for number in range(9)]
    first = await search(chat, "แกงส้ม", limit=3, order=order)
    shown = [result["session_id"] for result in first["results"]]
    await chat.http.delete(f"/api/sessions/{shown[0]}")
    second = await search(chat, "แกงส้ม", limit=3, order=order, cursor=first["next"])
    shown += [result["session_id"] for result in second["results"]]
    gone = next(session_id for session_id in said if session_id not in shown)
    await chat.http.delete(f"/api/sessions/{gone}")
    third = await search(chat, "แกงส้ม", limit=3, order=order, cursor=second["next"])
    shown += [result["session_id"] for result in third["results"]]
    assert sorted(shown) == sorted(set(said) - {gone})
    assert third["next"] is None


async def test_what_is_dated_in_the_future_is_found_by_relevance_too(chat: Chat) -> None:
    for number in range(3):
        await say(chat, "แกงส้ม", "-", at=datetime.now(UTC) + timedelta(days=number))
    first = await search(chat, "แกงส้ม", limit=2, order="relevance")
    second = await search(chat, "แกงส้ม", limit=2, order="relevance", cursor=first["next"])
    assert len({result["session_id"] for page in (first, second) for result in page["results"]}) == 3


async def test_ranked_pages_go_on_where_the_ranked_hits_end(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "RANKED", 5)
    said = [await say(chat, f"{'running' if number % 3 else 'run'} {'ก' * (number % 4)}", "-") for number in range(13)]
    shown: list[str] = []
    cursor = None
    while cursor is not None or not shown:
        page = await search(chat, "running", order="relevance", limit=2, **({"cursor": cursor} if cursor else {}))
        if len(shown) == 2:
            await chat.http.delete(f"/api/sessions/{shown[0]}")
        shown += [result["session_id"] for result in page["results"]]
        cursor = page["next"]
    assert len(shown) == len(set(shown))
    assert sorted(shown) == sorted(said)


@pytest.mark.parametrize("q", ['"', "“", '""'])
async def test_quotation_marks_alone_are_looked_for(chat: Chat, q: str) -> None:
    await say(chat, "ไม่มี")
    await say(chat, f"ก่อน{q}หลัง")
    assert [result["snippet"] for result in (await search(chat, q))["results"]] == [f"ก่อน{q}หลัง"]


@pytest.mark.parametrize(
    "q",
    [
        "\u0e49",
        "\u0e31\u0e49",
        "%",
        "_",
        "\\",
        "'",
        '"',
        '"ก',
        "(a|b)*",
        "👩\u200d👩\u200d👧",
        "ก" * 1000,
        "a " * 500,
        '"' * 1000,
    ],
)
async def test_odd_things_are_looked_for_as_they_stand(chat: Chat, q: str) -> None:
    await say(chat, f"ก่อน {q} หลัง")
    await say(chat, "ไม่มี")
    found = await search(chat, q)
    assert len(found["results"]) == 1
    for result in found["results"]:
        assert all(0 <= start < end <= len(result["snippet"]) for start, end in result["hits"])
        assert result["snippet"].startswith(("ก่อน", "…"))


@pytest.mark.parametrize(
    ("bad", "told"), [({"limit": 999}, "limit (≤ 100)"), ({"from": "31/12/2568"}, "from (ISO 8601: 2026-11-21)")]
)
async def test_a_bad_parameter_is_named_with_what_it_may_be(chat: Chat, bad: dict[str, Any], told: str) -> None:
    answer = await chat.http.get("/api/search", params={"q": "น้ำ", **bad})
    assert answer.status_code == 400
    assert told in answer.json()["error"]["message"]
    assert "31/12/2568" not in answer.text
