"""A session that ends while something still runs in it, here and in another process, and accounts that are closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.accounts import Team, have_signed_in, sign_in, team, token_of
from tests.api.streams import events_of
from tests.histories import until
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens
from thai_chat.accounts import browsers, closing
from thai_chat.accounts.service import AccountRules, Accounts
from thai_chat.domain.accounts import Account
from thai_chat.domain.messages import Status
from thai_chat.domain.people import PersonRole
from thai_chat.gate import watching

ENDED_WITHIN_S = 10
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture
async def processes(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Team, Team]]:
    """Yield two processes over one database; what they do every few seconds they do more often."""
    monkeypatch.setattr(browsers, "FRESH_S", 0.1)
    monkeypatch.setattr(browsers, "STALE_S", 0.2)
    monkeypatch.setattr(watching, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(closing, "LOOK_EVERY_S", 0.1)
    endless = Script(tokens=thai_tokens(9000), delay_ms=20)
    async with AsyncExitStack() as stack:
        standin = await stack.enter_async_context(OpenAIStandin(models={"endless": 8192}, script=endless))
        first, second = [
            await stack.enter_async_context(team(database_url, tmp_path / name, vllm=standin.base_url))
            for name in ("first", "second")
        ]
        yield first, second


async def read_to_the_end(http: httpx.AsyncClient, address: str, opened: asyncio.Event) -> None:
    async with http.stream("GET", address) as response:
        assert response.status_code == 200
        async for _ in events_of(response):
            opened.set()


async def asked(http: httpx.AsyncClient) -> tuple[str, str]:
    """Begin a reply that would go on for minutes, and return session and reply."""
    session_id = str(uuid4())
    answer = await http.post(f"/api/sessions/{session_id}/messages", json={"query": "เล่าเรื่องยาว ๆ"}, headers=ASYNC)
    assert answer.status_code == 202, answer.text
    return session_id, answer.json()["message_id"]


async def has_replies_of(people: Team, *accounts: Account) -> bool:
    """Tell whether replies grow for these people and for nobody else."""
    return people.service.users_with_replies() == {account.user_id for account in accounts}


async def is_out(http: httpx.AsyncClient, **headers: str) -> bool:
    return (await http.get("/api/me", headers=headers)).status_code == 401


async def disable(people: Team, account: Account) -> None:
    now = datetime.now(UTC)
    await people.accounts.storage.accounts.change(account.account_id, lambda one: replace(one, disabled_at=now))


@pytest.mark.parametrize("where", ["here", "elsewhere"])
@pytest.mark.parametrize("address", ["/api/changes", "/api/sessions/{session_id}/events"])
async def test_streams_end_with_the_session(processes: tuple[Team, Team], where: str, address: str) -> None:
    here, elsewhere = processes
    account = await here.account()
    ender = here if where == "here" else elsewhere
    async with here.signed_in(account) as following, ender.signed_in(account) as ending:
        session_id, _ = await asked(following)
        opened = asyncio.Event()
        stream = read_to_the_end(following, address.format(session_id=session_id), opened)
        async with asyncio.timeout(ENDED_WITHIN_S), asyncio.TaskGroup() as group:
            group.create_task(stream)
            await opened.wait()
            assert (await ending.delete("/api/me/sign-ins")).json() == {"ended": 1}
        assert (await following.get("/api/me")).status_code == 401
        reply = (await ending.get(f"/api/sessions/{session_id}/messages")).json()["history"][-1]
        assert reply["status"] == Status.STREAMING  # it belongs to the session of the chat, not to the browser's
        await ending.post(f"/api/sessions/{session_id}/stop")


async def test_a_stream_goes_on_as_long_as_the_session_does(processes: tuple[Team, Team]) -> None:
    here, _ = processes
    account = await here.account()
    async with here.signed_in(account) as http, http.stream("GET", "/api/changes") as response:
        events = events_of(response)
        names = [(await anext(events)).name for _ in range(4)]
    assert names == ["hello", "beat", "beat", "beat"]


@pytest.mark.parametrize("where", ["here", "elsewhere"])
async def test_a_disabled_persons_reply_ends(processes: tuple[Team, Team], where: str) -> None:
    here, elsewhere = processes
    account = await here.account()
    async with here.signed_in(account) as http:
        session_id, reply_id = await asked(http)
        assert here.service.users_with_replies() == {account.user_id}
        await disable(here if where == "here" else elsewhere, account)
        await until(lambda: has_replies_of(here), ENDED_WITHIN_S)
        await until(lambda: is_out(http), ENDED_WITHIN_S)
        await here.accounts.storage.accounts.change(account.account_id, lambda one: replace(one, disabled_at=None))
        await sign_in(http, account.name)
        shown = (await http.get(f"/api/sessions/{session_id}/messages")).json()["history"]
        assert [(one["message_id"], one["status"]) for one in shown][-1] == (reply_id, Status.STOPPED)


async def test_an_account_that_is_closed_here_is_closed_at_once(processes: tuple[Team, Team]) -> None:
    here, _ = processes
    mali, toon = await here.account(), await here.account()
    chief = await here.account(role=PersonRole.ADMINISTRATOR)
    async with here.signed_in(mali) as hers, here.signed_in(toon) as his, here.signed_in(chief) as chiefs:
        await asked(hers)
        session_id, _ = await asked(his)
        closed = await chiefs.patch(f"/api/people/{mali.account_id}", json={"disabled": True})
        assert closed.status_code == 204, closed.text
        assert (await hers.get("/api/me")).status_code == 401
        await until(lambda: has_replies_of(here, toon), ENDED_WITHIN_S)
        await his.post(f"/api/sessions/{session_id}/stop")


async def test_who_signs_in_again_is_somebody_else_to_a_stolen_cookie(processes: tuple[Team, Team]) -> None:
    here, elsewhere = processes
    account = await here.account()
    async with here.signed_in(account) as http, elsewhere.browser() as thief:
        stolen = token_of(http)
        assert (await thief.get("/api/me", headers=stolen)).status_code == 200
        await sign_in(http, account.name)
        await until(lambda: is_out(thief, **stolen), ENDED_WITHIN_S)


async def test_sessions_that_have_expired_are_forgotten_in_the_background(processes: tuple[Team, Team]) -> None:
    here, _ = processes
    account = await here.account()
    store = here.accounts.storage.sign_ins
    async with here.browser() as http:
        going_on = await have_signed_in(here, http, account, ago=timedelta(days=1))
        await have_signed_in(here, http, account, ago=timedelta(days=31))

    async def is_tidy() -> bool:
        return await store.of(account.account_id) == [going_on]

    assert not await is_tidy()
    again = Accounts(here.stores.storage, AccountRules())
    again.start()
    try:
        await until(is_tidy, ENDED_WITHIN_S)
    finally:
        await again.close()
