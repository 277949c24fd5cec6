"""Temporary sessions: they work as others do, and nothing of them is kept anywhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.conftest import Chat
from tests.app import running_app
from tests.chats import ASYNC, until_stored
from tests.history_writes import begin, finish, grow, new_user
from tests.postgres_servers import PostgresServer, Proxy
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script
from thai_chat.domain.errors import HistoryRefused, SessionNotFound
from thai_chat.domain.reads import ReadMessages, ReadSession, ReadSessions
from thai_chat.domain.writes import Checkpoints, LeaveSession
from thai_chat.history.checked import CheckedConversation
from thai_chat.history.memory.conversation import MemoryConversation
from thai_chat.history.memory.temporary import TemporarySessions

SECRET = "ความลับสุดยอด-qzxv"
KEPT = "เก็บไว้-mnbv"
ANSWER = Script(tokens=("คำตอบลับ", "-wkjp"))


async def ask(http: httpx.AsyncClient, session_id: str, query: str, **more: Any) -> dict[str, Any]:
    answer = await http.post(f"/api/sessions/{session_id}/messages", json={"query": query, "temporary": True, **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_it_goes_on_as_others_do_and_is_in_no_list(chat: Chat) -> None:
    session_id = str(uuid4())
    first = await ask(chat.http, session_id, SECRET)
    await ask(chat.http, session_id, "ต่อ")
    assert chat.standin.seen[-1].body["messages"][0]["content"] == SECRET
    again = await chat.http.post(f"/api/sessions/{session_id}/messages/{first['message_id']}/replies", json={})
    assert again.status_code == 200
    window = (await chat.http.get(f"/api/sessions/{session_id}/messages")).json()
    assert window["session"]["temporary"] is True
    assert len(window["siblings"]) == 1
    assert session_id not in (await chat.http.get("/api/sessions")).text
    assert (await chat.http.get("/api/search", params={"q": SECRET})).json()["results"] == []
    assert (await chat.http.get("/api/sessions", params={"name_contains": "ความลับ"})).json()["sessions"] == []
    await chat.http.delete(f"/api/sessions/{session_id}", params={"permanent": True})
    assert (await chat.http.get(f"/api/sessions/{session_id}/messages")).status_code == 404


async def test_a_stored_session_does_not_become_a_temporary_one(chat: Chat) -> None:
    session_id = str(uuid4())
    place = f"/api/sessions/{session_id}/messages"
    assert (await chat.http.post(place, json={"query": "เก็บไว้"})).status_code == 200
    refused = await chat.http.post(place, json={"query": SECRET, "temporary": True})
    assert refused.json()["error"]["code"] == "already_kept"


async def test_somebody_else_finds_nothing_of_it() -> None:
    sessions = TemporarySessions(CheckedConversation(MemoryConversation()))
    owner, other = new_user(), new_user()
    turn = begin(owner, temporary=True)
    await sessions.write(turn)
    await sessions.write(LeaveSession(session_id=turn.session_id, user_id=other))
    with pytest.raises(SessionNotFound):
        await sessions.read(ReadSession(turn.session_id, other))
    assert await sessions.read(ReadSessions(owner, limit=5)) == []


async def test_it_is_forgotten_when_nobody_uses_it_but_not_while_a_reply_grows() -> None:
    kept = CheckedConversation(MemoryConversation())
    sessions = TemporarySessions(kept, idle_s=0.05, left_s=0.05)
    user = new_user()
    turn = begin(user, temporary=True)
    await sessions.write(turn)
    await asyncio.sleep(0.2)
    assert len(await sessions.read(ReadMessages(turn.session_id, user, limit=5))) == 2
    await sessions.write(finish(turn))
    await until_gone(sessions, turn.session_id, user)
    # A word that comes too late is not kept either.
    await sessions.write(Checkpoints([grow(turn, SECRET)]))
    late = begin(user, turn.session_id)
    await sessions.write(late)
    with pytest.raises(SessionNotFound):
        await kept.read(ReadSession(turn.session_id, user))


async def until_gone(sessions: TemporarySessions, session_id: UUID, user: str) -> None:
    """Wait without using the session, which would keep it."""
    async with asyncio.timeout(5):
        while sessions._held.get(session_id) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    with pytest.raises(SessionNotFound):
        await sessions.read(ReadSession(session_id, user))


async def test_a_page_that_was_closed_leaves_it_for_a_moment_only() -> None:
    sessions = TemporarySessions(CheckedConversation(MemoryConversation()), left_s=0.05)
    user = new_user()
    turn = begin(user, temporary=True)
    await sessions.write(turn)
    await sessions.write(finish(turn))
    await sessions.write(LeaveSession(session_id=turn.session_id, user_id=user))
    await sessions.read(ReadSession(turn.session_id, user))  # it was a reload
    await asyncio.sleep(0.2)
    await sessions.read(ReadSession(turn.session_id, user))
    await sessions.write(LeaveSession(session_id=turn.session_id, user_id=user))
    await until_gone(sessions, turn.session_id, user)


async def test_those_used_longest_ago_are_forgotten_when_they_are_too_large() -> None:
    sessions = TemporarySessions(CheckedConversation(MemoryConversation()), max_bytes=100_000)
    user = new_user()
    turns = [begin(user, temporary=True, question="ก" * 20_000) for _ in range(6)]
    for turn in turns:
        await sessions.write(turn)
        await sessions.write(finish(turn))
    with pytest.raises(SessionNotFound):
        await sessions.read(ReadSession(turns[0].session_id, user))
    await sessions.read(ReadSession(turns[-1].session_id, user))


async def test_no_store_takes_one_by_mistake() -> None:
    with pytest.raises(HistoryRefused):
        await CheckedConversation(MemoryConversation()).write(begin(new_user(), temporary=True))


async def test_nothing_of_its_words_is_in_the_database_the_folder_or_the_log(
    postgres: PostgresServer, proxy: Proxy, own_database: str
) -> None:
    scripts = {"secret": ANSWER, "plain": Script(tokens=("ตอบ",))}
    async with (
        OpenAIStandin(models=dict.fromkeys(scripts, 8192), scripts=scripts) as standin,
        running_app(
            VLLM_BASE_URL=standin.base_url,
            DATABASE_URL=postgres.address(own_database, port=proxy.port),
            LOG_LEVEL="DEBUG",
        ) as app,
        httpx.AsyncClient(base_url=app.address, timeout=30) as http,
    ):
        await ask(http, str(uuid4()), SECRET, model="secret")
        growing = {"query": SECRET, "temporary": True, "model": "secret"}
        scripts["secret"] = Script(tokens=ANSWER.tokens * 60, delay_ms=20)
        accepted = await http.post(f"/api/sessions/{uuid4()}/messages", json=growing, headers=ASYNC)
        assert accepted.status_code == 202
        # In an outage what is written goes to a journal on the disk, growing texts too.
        await asyncio.to_thread(proxy.refuse)
        kept = {"query": KEPT, "model": "plain"}
        assert (await http.post(f"/api/sessions/{uuid4()}/messages", json=kept)).status_code == 200
        scripts["secret"] = ANSWER
        await ask(http, str(uuid4()), SECRET, model="secret")
        await standin.until(lambda: standin.seen[1].pieces_sent >= 100)
        words = [SECRET, *ANSWER.tokens]
        assert found_in(app.folder, KEPT)
        assert [word for word in words if found_in(app.folder, word)] == []
        await asyncio.to_thread(proxy.resume)
        await until_stored(http, within_s=20)
        stored = await asyncio.to_thread(dumped, postgres, own_database)
        assert KEPT in stored
        assert [word for word in words if word in stored or found_in(app.folder, word)] == []


def found_in(folder: Path, word: str) -> list[Path]:
    """Return the files below the folder that have the word, as it is or as JSON writes it."""
    forms = (word.encode(), word.encode("unicode_escape"))
    return [file for file in folder.rglob("*") if file.is_file() and any(form in file.read_bytes() for form in forms)]


def dumped(postgres: PostgresServer, database: str) -> str:
    """Return all rows of all tables as one text."""
    tables = postgres.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=database)
    return "\n".join(
        str(row) for (table,) in tables for row in postgres.query(f'SELECT t::text FROM "{table}" t', database=database)
    )
