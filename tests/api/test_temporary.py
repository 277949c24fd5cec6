"""Temporary sessions: they work as others do, and nothing of them is kept anywhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.conftest import Chat
from tests.api.streams import events_of
from tests.app import running_app
from tests.chats import ASYNC, until_stored
from tests.history_writes import begin, finish, grow, new_user
from tests.postgres_servers import PostgresServer, Proxy
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script
from thai_chat.domain.errors import HistoryRefused, MessageNotFound, SessionNotFound
from thai_chat.domain.reads import ReadMessages, ReadSession, ReadSessions
from thai_chat.domain.temporary_errors import AlreadyKept, TemporaryBusy, TemporaryFull, TemporaryOver
from thai_chat.domain.writes import Checkpoints, LeaveSession, PurgeSession
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


async def test_a_stored_session_of_somebody_else_is_not_hidden_by_a_temporary_one() -> None:
    sessions = TemporarySessions(CheckedConversation(MemoryConversation()))
    stored = begin(new_user())
    await sessions.write(stored)
    with pytest.raises(AlreadyKept):
        await sessions.write(begin(new_user(), stored.session_id, temporary=True))
    await sessions.read(ReadSession(stored.session_id, stored.user_id))


async def test_an_ended_session_tells_the_api_that_nothing_was_kept(chat: Chat) -> None:
    session_id = str(uuid4())
    await ask(chat.http, session_id, SECRET)
    await chat.http.delete(f"/api/sessions/{session_id}", params={"permanent": True})
    for language, said in (("en", "has ended"), ("th", "จบไปแล้ว")):
        place = f"/api/sessions/{session_id}/messages"
        late = await chat.http.post(place, json={"query": "ต่อ"}, headers={"Accept-Language": language})
        assert (late.status_code, late.json()["error"]["code"]) == (409, "temporary_over")
        assert said in late.json()["error"]["message"]


async def test_what_was_refused_leaves_the_id_to_others() -> None:
    sessions = TemporarySessions(CheckedConversation(MemoryConversation()))
    refused = begin(new_user(), temporary=True, parent_id=uuid4())
    with pytest.raises(MessageNotFound):
        await sessions.write(refused)
    assert not sessions.is_temporary(refused.session_id)
    await sessions.write(begin(new_user(), refused.session_id))


async def test_ids_of_sessions_that_are_held_are_never_forgotten() -> None:
    kept = CheckedConversation(MemoryConversation())
    sessions = TemporarySessions(kept, most_known=2)
    user = new_user()
    turns = [begin(user, temporary=True) for _ in range(4)]
    for turn in turns:
        await sessions.write(turn)
    assert [sessions.is_temporary(turn.session_id) for turn in turns] == [True] * 4
    for turn in turns:
        await sessions.write(finish(turn))
        await sessions.write(PurgeSession(session_id=turn.session_id, user_id=user, at=turn.at))
    await sessions.write(begin(user, temporary=True))
    assert sum(sessions.is_temporary(turn.session_id) for turn in turns) == 1


async def test_one_that_is_too_large_takes_no_question_more_but_tells_an_earlier_one_again() -> None:
    sessions = TemporarySessions(CheckedConversation(MemoryConversation()), session_bytes=100_000)
    user = new_user()
    turn = begin(user, temporary=True, question="ก" * 20_000, idempotency_key="one")
    await sessions.write(turn)
    await sessions.write(finish(turn, "ก" * 20_000))
    with pytest.raises(TemporaryFull):
        await sessions.write(begin(user, turn.session_id, temporary=True, question="ก" * 20_000))
    again = begin(user, turn.session_id, temporary=True, question=turn.question, idempotency_key="one")
    assert (await sessions.write(again)).repeated


@pytest.mark.parametrize("bounds", [{"most_growing": 2}, {"max_bytes": 150_000}], ids=["many", "large"])
async def test_those_that_grow_and_can_not_be_forgotten_are_bounded(bounds: dict[str, int]) -> None:
    sessions = TemporarySessions(CheckedConversation(MemoryConversation()), **bounds)
    user = new_user()
    turns = [begin(user, temporary=True, question="ก" * 30_000) for _ in range(3)]
    await sessions.write(turns[0])
    await sessions.write(turns[1])
    with pytest.raises(TemporaryBusy):
        await sessions.write(turns[2])
    await sessions.write(finish(turns[0]))
    await sessions.write(turns[2])


async def test_nobody_is_told_of_one(chat: Chat) -> None:
    session_id = str(uuid4())
    place = f"/api/sessions/{session_id}"
    async with chat.http.stream("GET", "/api/changes") as response:
        events = events_of(response)
        assert (await anext(events)).name == "hello"
        asked = await ask(chat.http, session_id, SECRET)
        reply = f"{place}/messages/{asked['message_id']}"
        assert (await chat.http.put(f"{reply}/rating", json={"value": 1})).status_code == 200
        assert (await chat.http.patch(place, json={"session_name": "ลับ"})).status_code == 200
        await chat.http.delete(reply)
        await chat.http.delete(place, params={"permanent": True})
        other_id = (await chat.http.post("/chat", json={"query": "เก็บไว้"})).json()["session_id"]
        first = await anext(event async for event in events if event.name != "beat")
        assert first.body["session_id"] == other_id


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
    # A word that comes too late is not kept either, and a question that is to be kept does not vanish without a word.
    await sessions.write(Checkpoints([grow(turn, SECRET)]))
    with pytest.raises(TemporaryOver):
        await sessions.write(begin(user, turn.session_id))
    with pytest.raises(SessionNotFound):
        await kept.read(ReadSession(turn.session_id, user))
    await sessions.write(begin(user, turn.session_id, temporary=True))


async def until_gone(sessions: TemporarySessions, session_id: UUID, user: str) -> None:
    """Wait without using the session, which would keep it."""
    async with asyncio.timeout(20):
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
        begun = str(uuid4())
        await ask(http, begun, SECRET, model="secret")
        growing = {"query": SECRET, "temporary": True, "model": "secret"}
        scripts["secret"] = Script(tokens=ANSWER.tokens * 60, delay_ms=20)
        accepted = await http.post(f"/api/sessions/{uuid4()}/messages", json=growing, headers=ASYNC)
        assert accepted.status_code == 202
        # In an outage what is written goes to a journal on the disk, growing texts too.
        await asyncio.to_thread(proxy.refuse)
        kept = {"query": KEPT, "model": "plain"}
        assert (await http.post(f"/api/sessions/{uuid4()}/messages", json=kept)).status_code == 200
        scripts["secret"] = ANSWER
        await ask(http, begun, SECRET, model="secret")
        new = {"query": SECRET, "temporary": True, "model": "secret"}
        # Its id may be that of a session which can't be looked up now.
        assert (await http.post(f"/api/sessions/{uuid4()}/messages", json=new)).status_code == 503
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
