"""Limits over the real gate and PostgreSQL: what is refused, in which words, and when it may be tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.accounts import Team, team
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens
from thai_chat.accounts import quotas
from thai_chat.accounts.service import AccountRules
from thai_chat.domain.audit import Action, AuditQuery
from thai_chat.domain.people import PersonRole
from thai_chat.domain.quotas import Quota

SCRIPTS = {
    "quick": Script(tokens=thai_tokens(5), usage=True),
    "endless": Script(tokens=thai_tokens(9000), delay_ms=20),
    "thinking": Script(tokens=thai_tokens(5), reasoning=thai_tokens(300), usage=False),
}
RULES = AccountRules(quotas={PersonRole.USER: {Quota.RUNNING_REPLIES: Decimal(2)}, PersonRole.ADMINISTRATOR: {}})


@pytest.fixture
async def models() -> AsyncIterator[OpenAIStandin]:
    async with OpenAIStandin(models=dict.fromkeys(SCRIPTS, 8192), scripts=SCRIPTS) as server:
        yield server


@pytest.fixture
async def people(own_database: str, postgres: Any, tmp_path: Path, models: OpenAIStandin) -> AsyncIterator[Team]:
    async with team(postgres.address(own_database), tmp_path, rules=RULES, vllm=models.base_url) as people:
        yield people


async def ask(http: httpx.AsyncClient, model: str = "quick", **more: object) -> httpx.Response:
    return await http.post("/chat", json={"query": "ข้าวมันไก่", "backend": "vllm", "model": model, **more})


async def begin(http: httpx.AsyncClient, **more: object) -> tuple[str, httpx.Response]:
    """Begin a reply that does not end by itself."""
    session_id = str(uuid4())
    body = {"query": "ข้าวมันไก่", "backend": "vllm", "model": "endless", "stream": True, **more}
    async with http.stream("POST", f"/api/sessions/{session_id}/messages", json=body) as answer:
        if answer.status_code != 200:
            await answer.aread()
    return session_id, answer


async def limits_of(http: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    return {one["what"]: one for one in (await http.get("/api/me/limits")).json()["limits"]}


async def set_quotas(people: Team, kind: str, subject: str, **amounts: object) -> None:
    boss = await people.account(role=PersonRole.ADMINISTRATOR)
    async with people.signed_in(boss) as http:
        answer = await http.put(f"/api/quotas/{kind}/{subject}", json=amounts)
        assert answer.status_code == 200, answer.text


async def test_a_reply_that_uses_a_quota_up_ends_normally_and_the_next_question_is_refused(people: Team) -> None:
    mali = await people.account()
    await set_quotas(people, "account", str(mali.account_id), tokens_day=3)
    async with people.signed_in(mali) as http:
        first = await ask(http)
        assert first.status_code == 200
        used = (await limits_of(http))["tokens_day"]
        assert used["used"] >= used["limit"] == 3
        asked_before = (await http.get("/api/sessions")).json()["sessions"]
        for language, words in (("th", "ใช้โทเค็นของวันนี้ครบ 3 แล้ว"), ("en", "You have used all of today's 3 tokens.")):
            refused = await http.post(
                "/chat", json={"query": "อีกที", "backend": "vllm"}, headers={"Accept-Language": language}
            )
            error = refused.json()["error"]
            assert (refused.status_code, error["code"], error["what"]) == (429, "quota_used_up", "tokens_day")
            assert words in error["message"]
            assert 0 < int(refused.headers["Retry-After"]) <= 86_400
        assert (await http.get("/api/sessions")).json()["sessions"] == asked_before
    async with people.signed_in(await people.account()) as http:
        assert (await ask(http)).status_code == 200


async def test_thinking_counts_though_no_server_told_its_tokens(people: Team) -> None:
    async with people.signed_in(await people.account()) as http:
        await ask(http, "quick")
        without = (await limits_of(http))["tokens_day"]["used"]
        await ask(http, "thinking")
        assert (await limits_of(http))["tokens_day"]["used"] > without + 100


async def test_only_so_many_replies_run_at_a_time(people: Team) -> None:
    async with people.signed_in(await people.account()) as http:
        first, _ = await begin(http)
        await begin(http)
        assert (await limits_of(http))["running_replies"] == {
            "what": "running_replies",
            "used": 2,
            "limit": 2,
            "resets_at": None,
        }
        _, refused = await begin(http)
        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (429, "too_many_replies")
        assert refused.headers["Retry-After"]
        await http.post(f"/api/sessions/{first}/stop")
        assert (await ask(http)).status_code == 200


async def test_a_comparison_needs_room_for_all_of_it(people: Team) -> None:
    beside = [{"backend": "vllm", "model": "quick"}, {"backend": "vllm", "model": "thinking"}]
    async with people.signed_in(await people.account()) as http:
        refused = await ask(http, compare=beside)
        assert refused.json()["error"]["code"] == "too_many_replies"
        assert (await ask(http, compare=beside[:1])).status_code == 200
        assert (await limits_of(http))["running_replies"]["used"] <= 1


async def test_a_request_that_is_sent_again_is_not_refused(people: Team) -> None:
    async with people.signed_in(await people.account()) as http:
        await begin(http)
        session_id, first = await begin(http, idempotency_key="k1")
        body = {"query": "ข้าวมันไก่", "backend": "vllm", "model": "endless", "idempotency_key": "k1", "stream": True}
        async with http.stream("POST", f"/api/sessions/{session_id}/messages", json=body) as again:
            assert again.status_code == first.status_code == 200
        assert (await limits_of(http))["running_replies"]["used"] == 2


@pytest.mark.parametrize(
    ("first", "again", "others"),
    [({}, {"compare": [{"backend": "vllm", "model": "quick"}]}, 1), ({"query": ""}, {}, 2)],
    ids=["more replies than before", "the first one failed"],
)
async def test_nothing_but_a_repetition_passes_as_one(
    people: Team, first: dict[str, Any], again: dict[str, Any], others: int
) -> None:
    async with people.signed_in(await people.account()) as http:
        session_id, _ = await begin(http, idempotency_key="k1", **first)
        for _ in range(others):
            assert (await begin(http))[1].status_code == 200
        body = {"query": "ข้าวมันไก่", "idempotency_key": "k1", **again}
        refused = await http.post(f"/api/sessions/{session_id}/messages", json=body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_replies")


async def test_what_was_deleted_is_not_asked_again_and_again(people: Team) -> None:
    mali = await people.account()
    await set_quotas(people, "account", str(mali.account_id), tokens_day=3)
    async with people.signed_in(mali) as http:
        path = f"/api/sessions/{uuid4()}"
        body = {"query": "ข้าวมันไก่", "backend": "vllm", "model": "quick", "idempotency_key": "k1"}
        statuses = []
        for _ in range(3):
            statuses.append((await http.post(f"{path}/messages", json=body)).status_code)
            await http.delete(path, params={"permanent": True})
        assert (statuses[0], statuses[-1]) == (200, 429)


async def test_a_question_that_was_not_taken_uses_no_place(people: Team) -> None:
    async with people.signed_in(await people.account()) as http:
        for _ in range(3):
            assert (await ask(http, query="")).status_code == 400
        assert (await limits_of(http))["running_replies"]["used"] == 0


async def test_too_many_requests_are_refused_by_the_gate(people: Team) -> None:
    mali = await people.account()
    await set_quotas(people, "account", str(mali.account_id), requests_minute=5)
    async with people.signed_in(mali) as http:
        answers = [await http.get("/api/sessions") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        error = answers[-1].json()["error"]
        assert (error["code"], error["what"]) == ("too_many_requests", "requests_minute")
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 120
        assert f"{answers[-1].headers['Retry-After']} seconds" in error["message"]
        assert (await http.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/me", {"Authorization": f"Bearer tc_{'0' * 12}_{'x' * 43}"}),
        ("/api/changes", {"Cookie": f"thai_chat={'x' * 43}"}),
        ("/sign-in/oidc/callback", {}),
        ("/s/x", {}),
    ],
)
async def test_whoever_is_unknown_is_counted_by_the_address(
    people: Team, monkeypatch: pytest.MonkeyPatch, path: str, headers: dict[str, str]
) -> None:
    monkeypatch.setattr(quotas, "NOBODYS_REQUESTS", 2)
    async with people.browser(**headers) as http:
        statuses = [(await http.get(path)).status_code for _ in range(3)]
    assert 429 not in statuses[:2]
    assert statuses[2] == 429


async def test_an_own_quota_goes_before_the_roles_and_that_before_the_settings(people: Team) -> None:
    mali, somchai = await people.account(), await people.account()
    await set_quotas(people, "role", "user", tokens_day=100, usd_day=1.5)
    await set_quotas(people, "account", str(mali.account_id).upper(), tokens_day=None, running_replies=7)
    async with people.signed_in(mali) as http:
        found = {what: one["limit"] for what, one in (await limits_of(http)).items()}
    assert (found["tokens_day"], found["usd_day"], found["running_replies"]) == (None, 1.5, 7)
    async with people.signed_in(somchai) as http:
        found = {what: one["limit"] for what, one in (await limits_of(http)).items()}
    assert (found["tokens_day"], found["running_replies"]) == (100, 2)
    boss = await people.account(role=PersonRole.ADMINISTRATOR)
    async with people.signed_in(boss) as http:
        assert all(one["limit"] is None for one in (await limits_of(http)).values())
        listed = (await http.get("/api/quotas")).json()
        assert listed["defaults"]["user"] == {"running_replies": 2}
        assert {"kind": "role", "subject": "user", "quotas": {"tokens_day": 100, "usd_day": 1.5}} in listed["quotas"]
        await http.put("/api/quotas/role/user", json={})
        assert [one["kind"] for one in (await http.get("/api/quotas")).json()["quotas"]] == ["account"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("role/guest", {"tokens_day": 1}, 400),
        ("account/nobody", {"tokens_day": 1}, 400),
        ("account/01234567-89ab-7def-8123-456789abcdef", {"tokens_day": 1}, 404),
        ("key/a.b", {"tokens_day": 1}, 400),
        ("team/user", {"tokens_day": 1}, 400),
        ("role/user", {"tokens_day": -1}, 400),
        ("role/user", {"requests_minute": 0}, 400),
        ("role/user", {"usd_day": "NaN"}, 400),
        ("role/user", {"tokens_week": 1}, 400),
        ("key/%00", {"tokens_day": 1}, 400),
    ],
)
async def test_what_can_be_no_quota_is_refused(people: Team, path: str, body: object, status: int) -> None:
    async with people.signed_in(await people.account(role=PersonRole.ADMINISTRATOR)) as http:
        assert (await http.put(f"/api/quotas/{path}", json=body)).status_code == status
        assert (await http.get("/api/quotas")).json()["quotas"] == []


async def test_administrators_see_what_people_have_used_and_nobody_else_does(people: Team) -> None:
    mali = await people.account()
    async with people.signed_in(mali) as http:
        await ask(http)
        await ask(http)
        used = (await limits_of(http))["tokens_month"]["used"]
        for path in ("/api/people/statistics", "/api/quotas", "/api/model-rules"):
            assert (await http.get(path)).status_code == 403
    await people.accounts.limits.usage.store()
    async with people.signed_in(await people.account(role=PersonRole.ADMINISTRATOR)) as http:
        for by in ("day", "month"):
            told = (await http.get("/api/people/statistics", params={"by": by})).json()
            own = next(one for one in told["people"] if one["account_id"] == str(mali.account_id))
            assert (own["replies"], own["tokens"], own["name"]) == (2, used, mali.name)
            assert [(one["replies"], one["tokens"]) for one in own["by_date"]] == [(2, used)]
            assert told["team"]["tokens"] == used
        bad = await http.get("/api/people/statistics", params={"first": "2026-02-01", "last": "2026-01-01"})
        assert bad.status_code == 400


async def test_a_key_has_limits_of_its_own_and_uses_its_owners(people: Team) -> None:
    mali = await people.account()
    async with people.signed_in(mali) as http:
        made = (await http.post("/api/keys", json={"name": "script", "scopes": ["chat"]})).json()
        await set_quotas(people, "key", made["key_id"], requests_minute=4, tokens_day=5)
        async with people.browser(authorization=f"Bearer {made['key']}") as script:
            assert (await ask(script)).status_code == 200
            assert (await ask(script)).json()["error"]["code"] == "quota_used_up"
            by_key = await limits_of(script)
            assert (by_key["tokens_day"]["limit"], by_key["requests_minute"]["limit"]) == (5, 4)
            assert (await script.get("/api/quotas")).status_code == 403
            assert (await script.get("/api/sessions")).json()["error"]["code"] == "too_many_requests"
        assert (await ask(http)).status_code == 200
        own = await limits_of(http)
        assert own["tokens_day"]["limit"] is None
        assert own["tokens_day"]["used"] > by_key["tokens_day"]["used"] >= 5


async def test_what_administrators_set_is_in_the_audit_log(people: Team) -> None:
    mali = await people.account()
    await set_quotas(people, "account", str(mali.account_id), tokens_day=7, usd_day=None)
    (entry,) = await people.accounts.audit.page(AuditQuery(action=Action.QUOTA_CHANGED))
    assert (entry.target, entry.details) == (f"account/{mali.account_id}", {"tokens_day": 7, "usd_day": None})
