"""Administrators who search and count what everybody said: where it is set, and never unseen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.accounts import Team, team
from tests.api.conftest import Chat
from tests.standins.openai_server import OpenAIStandin
from thai_chat.accounts.service import AccountRules
from thai_chat.domain.audit import Action, AuditEntry, AuditQuery
from thai_chat.domain.people import PersonRole

PATHS = {
    "/api/search?q=ความลับ&everyone=true": Action.SEARCH_BY_ADMINISTRATOR,
    "/api/statistics?everyone=true": Action.CHATS_READ_BY_ADMINISTRATOR,
}


@pytest.fixture(params=[True, False], ids=["open", "closed"])
async def people(
    request: pytest.FixtureRequest, own_database: str, postgres: Any, tmp_path: Path, standin: OpenAIStandin
) -> AsyncIterator[Team]:
    rules = AccountRules(admin_reads_chats=request.param)
    async with team(postgres.address(own_database), tmp_path, rules=rules, vllm=standin.base_url) as people:
        yield people


async def entries(people: Team, action: Action) -> list[AuditEntry]:
    page = await people.accounts.audit.page(AuditQuery(action=action))
    return list(page)


async def test_what_everybody_said_is_found_and_counted_only_where_that_is_set(people: Team) -> None:
    is_open = people.accounts.rules.admin_reads_chats
    async with people.signed_in(await people.account()) as mali:
        told = (await mali.post("/chat", json={"query": "ความลับของมะลิ"})).json()
        for path in PATHS:
            assert (await mali.get(path)).json()["error"]["code"] == "not_administrator"
    async with people.signed_in(await people.account(role=PersonRole.ADMINISTRATOR)) as boss:
        assert (await boss.get("/api/me")).json()["admin_reads_chats"] is is_open
        answers = [await boss.get(path) for path in PATHS]
        if not is_open:
            assert [answer.json()["error"]["code"] for answer in answers] == ["chats_are_private"] * 2
        else:
            found, counted = [answer.json() for answer in answers]
            while found["unindexed"]:
                found = (await boss.get("/api/search?q=ความลับ&everyone=true")).json()
            assert [one["session_id"] for one in found["results"]] == [told["session_id"]]
            assert counted["total"]["messages"] == 2
            assert (await boss.get("/api/statistics")).json()["total"]["messages"] == 0
            assert (await boss.get("/api/search?q=ความลับ")).json()["results"] == []
        assert (await boss.get(f"/api/sessions/{told['session_id']}")).status_code == 404


async def test_every_read_is_written_to_the_audit_log_and_no_text_of_it(people: Team) -> None:
    boss = await people.account(role=PersonRole.ADMINISTRATOR)
    mali = await people.account()
    for account in (boss, mali):
        async with people.signed_in(account) as http:
            for path in PATHS:
                await http.get(path)
    outcome = "done" if people.accounts.rules.admin_reads_chats else "refused"
    for path, action in PATHS.items():
        found = {one.account_id: one for one in await entries(people, action)}
        assert (found[boss.account_id].outcome, found[mali.account_id].outcome) == (outcome, "refused")
        assert found[boss.account_id].target == path.partition("?")[0].removeprefix("/api/")
        assert "ความลับ" not in str(found)


async def test_where_nobody_signs_in_there_is_nobody_else(chat: Chat) -> None:
    for path in PATHS:
        assert (await chat.http.get(path)).json()["error"]["code"] == "no_accounts"
