"""Files for fine-tuning leave with their filters, and it is told beforehand how many examples they have."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api.test_transfer import history, http
from tests.histories import PostgresStores
from tests.history_writes import ANSWER, QUESTION, delete, prefer, rate, update, whole_reply, whole_turn
from thai_chat.chat.transfer import exports
from thai_chat.domain.people import LOCAL

__all__ = ["history", "http"]  # fixtures

USER = LOCAL.user_id


def lines(answer: httpx.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/jsonl")
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_examples_to_imitate_leave_by_rating_and_label(http: httpx.AsyncClient, history: PostgresStores) -> None:
    good = await whole_turn(history, USER)
    await history.write(rate(good, 1))
    await history.write(update(good, tags=["อาหาร"], options={"system_prompt": "สุภาพ"}))
    bad = await whole_turn(history, USER)
    await history.write(rate(bad, -1))
    await whole_turn(history, USER)
    for params, count in (
        ({}, 3),
        ({"rating": "not_down"}, 2),
        ({"rating": "up"}, 1),
        ({"tag": "อาหาร"}, 1),
        ({"model": "typhoon-8b", "backend": "vllm"}, 3),
        ({"model": "gpt"}, 0),
        ({"until": "2020-01-01"}, 0),
    ):
        asked = {"format": "sft", **params}
        assert len(lines(await http.get("/api/export", params=asked))) == count
        assert (await http.get("/api/export/examples", params=asked)).json() == {"examples": count}
    (line,) = lines(await http.get("/api/export", params={"format": "sft", "rating": "up"}))
    assert [said["role"] for said in line["messages"]] == ["system", "user", "assistant"]
    assert [said["content"] for said in line["messages"]] == ["สุภาพ", QUESTION, ANSWER]


async def test_pairs_leave_from_votes_and_ratings(http: httpx.AsyncClient, history: PostgresStores) -> None:
    first = await whole_turn(history, USER)
    second = await whole_reply(history, first, "สั้นกว่า")
    address = f"/api/sessions/{first.session.session_id}/export"
    asked = {"format": "dpo"}
    assert lines(await http.get(address, params=asked)) == []
    await history.write(prefer(second, first.reply.message_id))
    expected = {
        "prompt": [{"role": "user", "content": QUESTION}],
        "chosen": [{"role": "assistant", "content": "สั้นกว่า"}],
        "rejected": [{"role": "assistant", "content": ANSWER}],
    }
    assert lines(await http.get(address, params=asked)) == [expected]
    await history.write(rate(second, 1))
    await history.write(rate(first, -1))
    assert lines(await http.get("/api/export", params=asked)) == [expected]
    assert lines(await http.post("/api/export", json=asked)) == [expected]
    assert (await http.get(f"{address}/examples", params=asked)).json() == {"examples": 1}
    await history.write(delete(first, first.reply.message_id))
    assert lines(await http.get(address, params=asked)) == []


async def test_a_deleted_message_is_in_no_file_but_the_complete_one(
    http: httpx.AsyncClient, history: PostgresStores
) -> None:
    turn = await whole_turn(history, USER, question="ความลับ")
    later = await whole_turn(history, USER, turn.session.session_id, question="ต่อไป")
    await history.write(delete(turn, turn.question.message_id))
    await history.write(delete(turn, turn.reply.message_id))
    for format_ in ("md", "csv", "sft", "jsonl"):
        text = (await http.get("/api/export", params={"format": format_})).text
        assert "ต่อไป" in text
        assert "ความลับ" not in text
    rows = (await http.get("/api/export", params={"format": "csv"})).text.splitlines()
    assert str(turn.reply.message_id) not in rows[1]
    assert str(later.question.message_id) in rows[2]
    whole = (await http.get("/api/export")).json()["sessions"][0]["messages"]
    assert [message["deleted_at"] is None for message in whole] == [False, False, True, True]


@pytest.mark.parametrize("page", [1, 400], ids=["page by page", "at once"])
async def test_a_file_of_chosen_sessions_has_no_deleted_message_and_comes_back(
    http: httpx.AsyncClient, history: PostgresStores, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(exports, "PAGE_MESSAGES", page)
    turn = await whole_turn(history, USER, question="ถาม")
    session_id = turn.session.session_id
    later = await whole_turn(history, USER, session_id, question="ความลับ")
    await whole_reply(history, turn, "สาขา")
    await history.write(update(turn, leaf_id=later.reply.message_id))
    for message in (later.question, later.reply):
        await history.write(delete(later, message.message_id))
    answer = await http.get(f"/api/sessions/{session_id}/export", params={"format": "json"})
    assert "ความลับ" not in answer.text
    [session] = answer.json()["sessions"]
    assert [message["content"] for message in session["messages"]] == ["ถาม", ANSWER, "สาขา"]
    assert session["leaf_id"] == str(turn.reply.message_id)
    assert "ความลับ" not in (await http.get("/api/export", params={"session_id": [str(session_id)]})).text
    await http.delete(f"/api/sessions/{session_id}", params={"permanent": "true"})
    imported = await http.post("/api/import", files=[("file", ("a.json", answer.content, "application/json"))])
    assert (imported.status_code, imported.json()["messages"]) == (200, 3)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/api/export", {"format": "json", "rating": "up"}),
        ("/api/export", {"format": "md", "model": "x"}),
        ("/api/export", {"format": "sft", "rating": "best"}),
        ("/api/export", {"format": "sft", "since": "tomorrow"}),
        ("/api/export", {"format": "sft", "raiting": "up"}),
        ("/api/export/examples", {"format": "json"}),
        ("/api/export", {"format": "gguf"}),
    ],
    ids=str,
)
async def test_a_filter_that_can_t_count_is_refused(http: httpx.AsyncClient, path: str, params: dict[str, str]) -> None:
    answer = await http.get(path, params=params)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input")


async def test_a_filter_that_is_sent_as_it_is_anyway_is_none(http: httpx.AsyncClient) -> None:
    params = {"format": "csv", "rating": "any", "with_reasoning": "false"}
    assert (await http.get("/api/export", params=params)).status_code == 200
