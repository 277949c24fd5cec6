"""Keys, scopes, rules for models and quotas at the door for OpenAI's protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import openai
import pytest

from tests.accounts import Team, team
from tests.api.programs import ASK, MODEL, MODELS
from tests.standins.program_server import ProgramStandin
from tests.standins.script import Script, thai_tokens
from thai_chat.accounts.service import AccountRules
from thai_chat.domain.accounts import Account, person_of_account
from thai_chat.domain.people import PersonRole, Scope
from thai_chat.domain.quotas import Quota

RULES = AccountRules(quotas={PersonRole.USER: {Quota.RUNNING_REPLIES: Decimal(1)}, PersonRole.ADMINISTRATOR: {}})


@pytest.fixture
async def standin() -> AsyncIterator[ProgramStandin]:
    async with ProgramStandin(models=dict(MODELS), script=Script(tokens=thai_tokens(30))) as server:
        yield server


@pytest.fixture
async def people(own_database: str, postgres: Any, tmp_path: Path, standin: ProgramStandin) -> AsyncIterator[Team]:
    async with team(postgres.address(own_database), tmp_path, rules=RULES, vllm=standin.base_url) as people:
        yield people


@asynccontextmanager
async def client(people: Team, account: Account, scope: Scope = Scope.CHAT) -> AsyncIterator[openai.AsyncOpenAI]:
    person = person_of_account(account, uuid4())
    _, key = await people.accounts.keys.make(person, name="program", scopes=[scope], lasts=timedelta(hours=1))
    async with openai.AsyncOpenAI(base_url=f"{people.address}/v1", api_key=key, max_retries=0) as made:
        yield made


async def used(http: httpx.AsyncClient) -> int:
    limits = (await http.get("/api/me/limits")).json()["limits"]
    return int(next(one["used"] for one in limits if one["what"] == "tokens_day"))


async def test_a_key_asks_and_a_foreign_one_does_not(people: Team) -> None:
    mali = await people.account()
    async with client(people, mali) as mine, client(people, mali, Scope.READ) as reading:
        assert (await mine.chat.completions.create(model=MODEL, messages=ASK)).choices
        assert (await reading.models.list()).data
        with pytest.raises(openai.PermissionDeniedError) as small:
            await reading.chat.completions.create(model=MODEL, messages=ASK)
        assert small.value.code == "scope_too_small"
        with pytest.raises(openai.AuthenticationError) as foreign:
            await mine.with_options(api_key="sk-foreign").models.list()
        assert (foreign.value.code, foreign.value.type) == ("invalid_api_key", "authentication_error")
        assert "Authorization: Bearer tc_" in foreign.value.message


async def test_usage_is_counted_as_that_of_other_replies(people: Team, standin: ProgramStandin) -> None:
    mali = await people.account()
    async with client(people, mali) as mine, people.signed_in(mali) as http:
        before = await used(http)
        told = (await mine.chat.completions.create(model=MODEL, messages=ASK)).usage
        assert told is not None
        after = await used(http)
        assert after - before == told.total_tokens
        async for _ in await mine.chat.completions.create(model=MODEL, messages=ASK, stream=True):
            pass
        assert await used(http) - after == told.total_tokens
        vectors = await mine.embeddings.create(model="vllm/bge-m3", input="ข้าวมันไก่")
        assert vectors.usage.total_tokens == len("ข้าวมันไก่")
        assert await used(http) - after == told.total_tokens + vectors.usage.total_tokens
        standin.script = Script(tokens=thai_tokens(300), usage=False)
        silent = await used(http)
        async for _ in await mine.chat.completions.create(model=MODEL, messages=ASK, stream=True):
            pass
        assert await used(http) > silent + 100


async def test_a_quota_that_is_used_up_is_a_rate_limit_that_is_not_tried_again(
    people: Team, standin: ProgramStandin
) -> None:
    mali, boss = await people.account(), await people.account(role=PersonRole.ADMINISTRATOR)
    async with people.signed_in(boss) as http:
        path = f"/api/quotas/account/{mali.account_id}"
        assert (await http.put(path, json={"tokens_day": 3})).status_code == 200
    async with client(people, mali) as mine:
        await mine.chat.completions.create(model=MODEL, messages=ASK)
        asked = len(standin.seen)
        with pytest.raises(openai.RateLimitError) as refused:
            await mine.with_options(max_retries=2).chat.completions.create(model=MODEL, messages=ASK)
    assert refused.value.code == "insufficient_quota"
    assert 0 < int(refused.value.response.headers["retry-after"]) <= 86_400
    assert refused.value.response.headers["x-should-retry"] == "false"
    assert len(standin.seen) == asked


async def test_only_so_many_answers_run_at_a_time_and_one_that_was_left_is_none(
    people: Team, standin: ProgramStandin
) -> None:
    standin.script = Script(tokens=thai_tokens(9), fault="hang", fault_after=2)
    async with client(people, await people.account()) as mine:
        stream = await mine.chat.completions.create(model=MODEL, messages=ASK, stream=True)
        with pytest.raises(openai.RateLimitError) as refused:
            await mine.chat.completions.create(model=MODEL, messages=ASK)
        assert refused.value.code == "rate_limit_exceeded"
        seen = standin.seen[-1]
        await stream.close()
        await standin.until(lambda: not seen.running, timeout_s=20)
        standin.script = Script(tokens=thai_tokens(3))
        # The client tries again, as it is told to, until the answer that it left has ended here too.
        assert (await mine.with_options(max_retries=5).chat.completions.create(model=MODEL, messages=ASK)).choices


async def test_a_model_that_is_not_open_to_somebody_is_not_there(people: Team) -> None:
    mali, boss = await people.account(), await people.account(role=PersonRole.ADMINISTRATOR)
    async with people.signed_in(boss) as http:
        rule = {"roles": ["administrator"]}
        answer = await http.put("/api/model-rules/vllm/scb10x/typhoon2", json=rule)
        assert answer.status_code == 200, answer.text
    async with client(people, mali) as mine, client(people, boss) as theirs:
        assert "vllm/scb10x/typhoon2" not in {one.id for one in (await mine.models.list()).data}
        for name in ("vllm/scb10x/typhoon2", "scb10x/typhoon2"):
            with pytest.raises(openai.NotFoundError):
                await mine.chat.completions.create(model=name, messages=ASK)
            assert (await theirs.chat.completions.create(model=name, messages=ASK)).choices
