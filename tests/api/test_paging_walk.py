"""Every list in pages is walked to its end: a cursor is given when at least one more follows, and never else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.accounts import Team, team
from tests.postgres_servers import PostgresServer
from tests.standins.openai_server import OpenAIStandin
from thai_chat.domain.people import PersonRole

TOLD = {"next", "has_more", "has_earlier", "has_later"}
"""Fields that say whether more follows."""
COUNT = 6
WORD = "ข้าวซอย"


@dataclass(frozen=True, slots=True)
class World:
    people: Team
    http: httpx.AsyncClient
    session_id: str

    async def get(self, path: str, **query: object) -> dict[str, Any]:
        answer = await self.http.get(path, params={name: str(value) for name, value in query.items()})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


@pytest.fixture
async def world(
    postgres: PostgresServer, own_database: str, tmp_path: Path, standin: OpenAIStandin
) -> AsyncIterator[World]:
    """Yield an administrator with six sessions, of which one has six messages, and six entries in the audit log."""
    async with team(postgres.address(own_database), tmp_path, vllm=standin.base_url) as people:
        boss = await people.account(role=PersonRole.ADMINISTRATOR)
        async with people.signed_in(boss) as http:
            made = []
            for number in range(COUNT):
                body = {"title": f"{WORD} {number}", "dept_id": "hr", "metadata": {"n": number}}
                answer = await http.post("/api/sessions", json=body)
                assert answer.status_code == 201, answer.text
                made.append(answer.json()["session_id"])
                body = {"role": "assistant", "content": f"{WORD} {number}"}
                assert (await http.post(f"/api/sessions/{made[-1]}/messages", json=body)).status_code == 201
            for number in range(1, COUNT):
                body = {"role": ("assistant", "user")[number % 2], "reply": False, "content": f"อื่น {number}"}
                assert (await http.post(f"/api/sessions/{made[0]}/messages", json=body)).status_code == 201
            for number in range(COUNT):
                answer = await http.post("/api/keys", json={"name": f"k{number}", "scopes": ["read"]})
                assert answer.status_code == 201, answer.text
            await people.accounts.audit.flush()
            yield World(people, http, made[0])


@dataclass(frozen=True, slots=True)
class Listed:
    path: str
    items: str
    query: Mapping[str, object]
    onward: Callable[[dict[str, Any], list[dict[str, Any]]], dict[str, object] | None]
    """Returns what asks for the next page, None where the answer says that there is none."""


def by_cursor(body: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, object] | None:
    return {"cursor": body["next"]} if body["next"] else None


def back(told: str, name: str, field: str) -> Callable[[dict[str, Any], list[dict[str, Any]]], Any]:
    return lambda body, items: {name: items[0][field]} if body[told] else None


def forth(told: str, name: str, field: str) -> Callable[[dict[str, Any], list[dict[str, Any]]], Any]:
    return lambda body, items: {name: items[-1][field]} if body[told] else None


SESSIONS = [
    Listed(path, "sessions", query, by_cursor)
    for path in ("/api/sessions", "/api/conversations", "/conversations")
    for query in ({}, {"order": "created"}, {"dept_id": "hr"})
]
SEARCHES = [
    Listed("/api/search", items, {"q": WORD, **query}, by_cursor)
    for items, query in (("results", {}), ("results", {"order": "relevance"}), ("sessions", {"only": "sessions"}))
]
MESSAGES = [
    Listed(f"{path}/{{session_id}}/messages", "history", query, onward)
    for path in ("/api/sessions", "/api/conversations", "/conversations")
    for query, onward in (
        ({}, back("has_earlier", "before_order", "message_order")),
        ({}, back("has_more", "before", "message_id")),
        ({"after_order": 0}, forth("has_later", "after_order", "message_order")),
        ({"after_order": 0}, forth("has_more", "after", "message_id")),
    )
]
LISTS = [
    *SESSIONS,
    *SEARCHES,
    *MESSAGES,
    Listed("/api/chat/{session_id}/history", "history", {}, back("has_more", "before", "message_id")),
    Listed("/chat/history/{session_id}", "history", {}, back("has_earlier", "before", "message_id")),
    Listed("/api/operations-chat/history/{session_id}", "messages", {}, back("has_earlier", "before", "id")),
    Listed("/api/statistics/messages", "messages", {"role": "assistant"}, by_cursor),
    Listed("/api/statistics/sessions", "sessions", {}, by_cursor),
    Listed("/api/audit", "entries", {"action": "key_made"}, by_cursor),
]


async def test_a_page_that_follows_is_never_empty_and_nothing_is_left_out(world: World) -> None:
    for listed in LISTS:
        path = listed.path.replace("{session_id}", world.session_id)
        whole = await world.get(path, **listed.query, limit=50)
        wanted = sorted(str(item) for item in whole[listed.items])
        assert len(wanted) >= COUNT, listed
        for limit in (1, 2, 3, len(wanted) - 1, len(wanted), len(wanted) + 1):
            found: list[str] = []
            onward: dict[str, object] | None = {}
            while onward is not None:
                query = {name: value for name, value in listed.query.items() if name != "after_order" or not onward}
                body = await world.get(path, **{**query, **onward}, limit=limit)
                items = body[listed.items]
                assert items, (listed, limit)
                found += [str(item) for item in items]
                assert len(found) <= len(wanted), (listed, limit)
                onward = listed.onward(body, items)
            assert sorted(found) == wanted, (listed, limit)


async def test_what_was_deleted_is_nothing_that_follows(world: World) -> None:
    address = f"/api/sessions/{world.session_id}/messages"
    history = (await world.get(address, limit=50))["history"]
    assert len(history) >= COUNT
    gone = [history[0], history[1], history[-1]]
    for message in gone:
        assert (await world.http.delete(f"{address}/{message['message_id']}")).status_code == 204
    left = history[2:-1]
    first, last = left[0]["message_order"], left[-1]["message_order"]

    def told(body: dict[str, Any]) -> tuple[int, bool, bool]:
        return len(body["history"]), body["has_earlier"], body["has_later"]

    assert told(await world.get(address, limit=50)) == (len(left), False, False)
    assert told(await world.get(address, limit=len(left))) == (len(left), False, False)
    assert told(await world.get(address, limit=1)) == (1, True, False)
    assert told(await world.get(address, limit=len(left), after_order=0)) == (len(left), False, False)
    assert told(await world.get(address, limit=1, after_order=last - 1)) == (1, True, False)
    assert told(await world.get(address, limit=1, before_order=first + 1)) == (1, False, True)
    assert told(await world.get(address, limit=5, before_order=first)) == (0, False, True)
    assert told(await world.get(address, limit=5, after_order=last)) == (0, True, False)
    middle = left[1]["message_id"]
    assert told(await world.get(address, limit=50, around=middle)) == (len(left), False, False)
    assert told(await world.get(address, limit=1, around=left[0]["message_id"])) == (1, False, True)
    assert told(await world.get(address, limit=1, around=left[-1]["message_id"])) == (1, True, False)
    for message in left:
        assert (await world.http.delete(f"{address}/{message['message_id']}")).status_code == 204
    for query in ({}, {"after_order": 0}, {"before_order": last}):
        assert told(await world.get(address, limit=5, **query)) == (0, False, False)


async def test_lists_without_pages_are_whole(world: World) -> None:
    for _ in range(COUNT):
        assert (await world.http.post(f"/api/sessions/{world.session_id}/share", json={})).status_code == 201
        assert (await world.http.post("/api/invitations", json={"role": "user"})).status_code == 201
        await world.people.account()
    for path, items, count in (
        ("/api/shares", "shares", COUNT),
        ("/api/keys", "keys", COUNT),
        ("/api/invitations", "invitations", COUNT),
        ("/api/people", "people", COUNT + 1),
    ):
        body = await world.get(path)
        assert len(body[items]) == count
        assert not TOLD & set(body)
    for body in (
        await world.get("/api/statistics/messages", session_id=uuid4()),
        await world.get("/api/search", q="หมู"),
    ):
        assert body["next"] is None


async def test_every_answer_that_tells_whether_more_follows_is_walked_here(world: World) -> None:
    described = await world.get("/openapi.json")

    def fields(schema: Any) -> set[str]:
        if "$ref" in schema:
            return fields(described["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        return set(schema.get("properties", {})).union(*(fields(one) for one in schema.get("allOf", ())))

    telling = {
        path
        for path, operations in described["paths"].items()
        if (answers := operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {}))
        and TOLD & fields(answers.get("application/json", {}).get("schema", {}))
    }
    # All of a session's messages at once: `has_earlier` is false but in an outage.
    whole = {f"{path}/{{session_id}}" for path in ("/api/sessions", "/api/conversations", "/conversations")}
    assert telling - whole == {listed.path for listed in LISTS} & set(described["paths"])
