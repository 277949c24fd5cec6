"""The API and the page's events know the same person: the one that the gate resolved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.types import Scope

from tests.chats import Chat
from thai_chat.api.app import build_app
from thai_chat.domain.people import LOCAL, Person
from thai_chat.gate.gate import Gate
from thai_chat.ui.page import mount_page


async def person_in(scope: Scope) -> Person:
    return replace(LOCAL, user_id=Headers(scope=scope).get("x-who", ""))


@pytest.fixture
async def served(chat: Chat) -> AsyncIterator[httpx.AsyncClient]:
    app = Gate(mount_page(build_app(chat.service), chat.service), who=person_in)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http


async def shown(http: httpx.AsyncClient, session_id: str, who: str) -> httpx.Response:
    """Open a session on the page, as its script does."""
    return await http.get(f"/api/sessions/{session_id}/messages", headers={"x-who": who})


async def test_what_one_person_said_is_nobody_elses_by_any_door(served: httpx.AsyncClient) -> None:
    told = await served.post("/chat", json={"query": "ความลับของมะลิ"}, headers={"x-who": "mali"})
    session_id = told.json()["session_id"]
    for who, status in (("mali", 200), ("somchai", 404)):
        assert (await served.get(f"/api/sessions/{session_id}", headers={"x-who": who})).status_code == status
        listed = (await served.get("/api/sessions", headers={"x-who": who})).json()["sessions"]
        assert [one["session_id"] for one in listed] == ([session_id] if status == 200 else [])
        assert ("ความลับของมะลิ" in (await shown(served, session_id, who)).text) == (status == 200)


async def test_where_nobody_signs_in_there_is_no_signing_in(chat: Chat) -> None:
    app = Gate(build_app(chat.service))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        me = (await http.get("/api/me")).json()
        assert (me["user_id"], me["has_accounts"], me["entrance"]) == ("local", False, "open")
        body = {"name": "mali", "password": "12345678"}
        for answer in (
            await http.get("/api/sign-in"),
            await http.post("/api/sign-in", json=body),
            await http.post("/api/sign-out"),
            await http.patch("/api/me", json={"display_name": "mali"}),
            await http.get("/api/me/sign-ins"),
            await http.delete("/api/me/sign-ins"),
            await http.post("/api/me/password", json={"new": "12345678"}),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_accounts")
