"""The operations assistant's API (design 2): its example questions and its routes, against a page that runs."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.api.conftest import Chat
from thai_chat import texts
from thai_chat.texts.welcome import WELCOME

EXAMPLE_QUESTIONS = [
    "What's most urgent today?",
    "Show me all my deadlines",
    "Who do I need to follow up with?",
    "What can I delegate?",
    "When is the manager schedule due?",
    "Help me plan my next 2 hours",
]


async def test_the_example_questions_are_answered_in_one_session(chat: Chat) -> None:
    session_id = None
    for question in EXAMPLE_QUESTIONS:
        answer = await chat.http.post("/api/operations-chat", json={"message": question, "session_id": session_id})
        assert answer.status_code == 200
        body = answer.json()
        assert (body["response"], body["model_used"]) == (chat.standin.script.text, "thai-model")
        assert body["tokens_used"] > 0
        session_id = body["session_id"]
    messages = (await chat.http.get(f"/api/operations-chat/history/{session_id}")).json()["messages"]
    assert [message["content"] for message in messages if message["role"] == "user"] == EXAMPLE_QUESTIONS
    question, reply = messages[-2:]
    assert (question["model_used"], question["tokens_used"], question["context_used"]) == (None, None, {})
    assert (reply["id"], reply["model_used"], reply["tokens_used"]) == (
        body["message_id"],
        "thai-model",
        body["tokens_used"],
    )
    assert reply["context_used"] == body["context_used"]
    assert reply["context_used"]["messages_sent"] == 10
    assert reply["created_at"] >= question["created_at"]


async def test_a_question_may_be_called_query(chat: Chat) -> None:
    body = (await chat.http.post("/api/operations-chat", json={"query": "What can I delegate?"})).json()
    history = (await chat.http.get(f"/chat/history/{body['session_id']}")).json()["history"]
    assert history[0]["content"] == "What can I delegate?"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "bad_input"),
        ({"message": "a", "query": "b"}, 400, "bad_input"),
        ({"message": " "}, 400, "empty_question"),
        ({"message": "a", "session_id": "x"}, 400, "invalid_identifier"),
        ({"message": "a", "context": {}}, 400, "bad_input"),
    ],
    ids=["nothing", "both", "empty", "no id", "unknown"],
)
async def test_a_question_that_is_none_is_refused(chat: Chat, body: object, status: int, code: str) -> None:
    answer = await chat.http.post("/api/operations-chat", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "JSON object" not in answer.json()["error"]["message"]


async def test_the_sessions_come_newest_first_with_what_is_known_of_them(chat: Chat) -> None:
    old, new = [
        (await chat.http.post("/api/operations-chat", json={"message": question})).json()
        for question in EXAMPLE_QUESTIONS[:2]
    ]
    sessions = (await chat.http.get("/api/operations-chat/sessions")).json()["sessions"]
    assert [session["id"] for session in sessions] == [new["session_id"], old["session_id"]]
    session = sessions[0]
    assert (session["title"], session["message_count"], session["is_active"]) == ("Show me all my deadlines", 2, True)
    assert session["started_at"] <= session["last_message_at"]
    assert session["context_snapshot"] == {}
    few = (await chat.http.get("/api/operations-chat/sessions", params={"limit": 1})).json()["sessions"]
    assert [one["id"] for one in few] == [new["session_id"]]


async def test_a_history_comes_in_pages_back_from_its_end(chat: Chat) -> None:
    session_id = str(uuid4())
    for question in EXAMPLE_QUESTIONS[:2]:
        await chat.http.post("/api/operations-chat", json={"message": question, "session_id": session_id})
    address = f"/api/operations-chat/history/{session_id}"
    last = (await chat.http.get(address, params={"limit": 3})).json()
    assert (len(last["messages"]), last["total"], last["has_earlier"]) == (3, 4, True)
    first = (await chat.http.get(address, params={"before": last["messages"][0]["id"]})).json()
    assert ([one["content"] for one in first["messages"]], first["has_earlier"]) == (EXAMPLE_QUESTIONS[:1], False)
    missing = await chat.http.get(f"/api/operations-chat/history/{uuid4()}")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "session_not_found")


@pytest.mark.parametrize("route", ["/api/suggestions", "/api/operations-chat/suggestions"], ids=["page", "operations"])
@pytest.mark.parametrize("language", texts.LANGUAGES)
async def test_the_suggestions_are_those_of_the_page_in_the_readers_language(
    chat: Chat, route: str, language: texts.Language
) -> None:
    answer = await chat.http.get(route, headers={"Accept-Language": language})
    at = texts.LANGUAGES.index(language)
    assert answer.json()["suggestions"] == [WELCOME[f"suggestion_thai_{number}"][at] for number in (1, 2, 3, 4)]


async def test_the_suggestions_suit_the_model_that_is_named(chat: Chat) -> None:
    named = {"backend": "vllm", "model": "other-model"}
    answer = await chat.http.get("/api/suggestions", params=named, headers={"Accept-Language": "en"})
    assert answer.json()["suggestions"][0] == WELCOME["suggestion_any_1"][1]
    unknown = {"model": "no-such-model"}
    again = await chat.http.get("/api/suggestions", params=unknown, headers={"Accept-Language": "en"})
    assert again.json() == answer.json()
