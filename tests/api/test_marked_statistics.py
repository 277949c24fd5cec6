"""Ratings are counted for each model; deleted messages are not shown behind any figure."""

from __future__ import annotations

import httpx
import pytest

from tests.api.test_transfer import history, http
from tests.histories import PostgresStores
from tests.history_writes import delete, rate, whole_reply, whole_turn
from thai_chat.domain.messages import Choice
from thai_chat.domain.people import LOCAL

__all__ = ["history", "http"]  # fixtures

OTHER = Choice("ollama", "qwen3:8b")


async def test_ratings_are_counted_for_each_model(http: httpx.AsyncClient, history: PostgresStores) -> None:
    turn = await whole_turn(history, LOCAL.user_id)
    bad = await whole_reply(history, turn, "แย่", choice=OTHER)
    also_bad = await whole_reply(history, turn, "แย่กว่า", choice=OTHER)
    await whole_turn(history, LOCAL.user_id)
    for reply, value in ((turn, 1), (bad, -1), (also_bad, -1)):
        await history.write(rate(reply, value))
    found = (await http.get("/api/statistics")).json()
    for group in ("by_model", "by_backend"):
        counted = {usage["backend"]: (usage["rated_up"], usage["rated_down"]) for usage in found[group]}
        assert counted == {"vllm": (1, 0), "ollama": (0, 2)}
    assert (found["total"]["rated_up"], found["total"]["rated_down"]) == (1, 2)
    page = (await http.get("/api/statistics/messages", params={"rating": "-1", "backend": "ollama"})).json()
    listed = [message["message_id"] for message in page["messages"]]
    assert listed == [str(also_bad.reply.message_id), str(bad.reply.message_id)]
    await history.write(rate(bad, None))
    page = (await http.get("/api/statistics/messages", params={"rating": "-1"})).json()
    assert len(page["messages"]) == 1


@pytest.mark.parametrize("rating", ["0", "2", "up"])
async def test_a_rating_that_there_is_not_is_refused(http: httpx.AsyncClient, rating: str) -> None:
    assert (await http.get("/api/statistics/messages", params={"rating": rating})).status_code == 400


async def test_a_deleted_question_is_no_common_one(http: httpx.AsyncClient, history: PostgresStores) -> None:
    turns = [await whole_turn(history, LOCAL.user_id, question="สูตรน้ำจิ้มข้าวมันไก่") for _ in range(3)]
    await history.write(delete(turns[0], turns[0].question.message_id))
    (group,) = (await http.get("/api/statistics/questions")).json()["questions"]
    assert group["count"] == 2
    page = (await http.get("/api/statistics/messages", params={"role": "user"})).json()
    assert len(page["messages"]) == 2
    sessions = (await http.get("/api/statistics/sessions", params={"role": "user"})).json()
    assert len(sessions["sessions"]) == 2
    await history.write(delete(turns[1], turns[1].question.message_id))
    assert (await http.get("/api/statistics/questions")).json()["questions"] == []
