"""Signing in by a password and out, through the real gate over PostgreSQL."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.accounts import PASSWORD, Team, cookies_of, sign_in, team, token_of
from thai_chat.accounts.passwords import AT_ONCE, Passwords
from thai_chat.api.app import build_app
from thai_chat.domain.audit import AuditQuery
from thai_chat.gate.forwarded import Proxies
from thai_chat.gate.gate import Gate
from thai_chat.gate.names import Names
from thai_chat.gate.people import Holders


@pytest.fixture
async def people(database_url: str, tmp_path: Path) -> AsyncIterator[Team]:
    async with team(database_url, tmp_path) as people:
        yield people


async def test_who_signs_in_is_known_until_they_sign_out(people: Team) -> None:
    account = await people.account()
    async with people.browser() as http:
        assert (await http.get("/api/me")).status_code == 401
        told = (await sign_in(http, account.name)).json()
        assert (told["name"], told["user_id"], told["entrance"]) == (account.name, account.user_id, "session")
        assert (await http.get("/api/me")).json() == told
        stolen = token_of(http)
        assert (await http.post("/api/sign-out")).status_code == 204
        assert dict(http.cookies) == {}
        assert (await http.get("/api/me", headers=stolen)).status_code == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(people: Team) -> None:
    account = await people.account()
    async with people.browser() as http:
        (cookie,) = cookies_of(await sign_in(http, account.name))
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith("thai_chat=")
    assert {"httponly", "samesite=lax", "path=/"} <= parts
    assert "secure" not in parts
    assert not any(part.startswith("domain") for part in parts)


async def test_signing_in_again_ends_the_session_that_the_browser_had(people: Team) -> None:
    account = await people.account()
    async with people.browser() as http:
        await sign_in(http, account.name)
        before = token_of(http)
        await http.get("/api/me")
        await sign_in(http, account.name)
        assert token_of(http) != before
        http.cookies.clear()
        assert (await http.get("/api/me", headers=before)).status_code == 401


async def test_why_nobody_came_in_is_not_told(people: Team) -> None:
    account = await people.account()
    disabled = await people.account(disabled_at=account.created_at)
    without = await people.account(password=None)
    said = set()
    async with people.browser() as http:
        for name, password in (
            (account.name, "ไม่ใช่รหัสนี้"),
            ("ไม่มีคนชื่อนี้", PASSWORD),
            (disabled.name, PASSWORD),
            (without.name, PASSWORD),
            (account.name, "สั้น"),
        ):
            answer = await http.post("/api/sign-in", json={"name": name, "password": password})
            said.add((answer.status_code, answer.text))
            assert cookies_of(answer) == []
    assert [status for status, _ in said] == [401]


@pytest.mark.parametrize(
    ("name", "password", "status", "code"),
    [
        ("", PASSWORD, 400, "bad_account_name"),
        ("  ", PASSWORD, 400, "bad_account_name"),
        ("ก" * 101, PASSWORD, 400, "bad_account_name"),
        ("มะ\u200bลิ", PASSWORD, 400, "bad_account_name"),
        ("มะ\x00ลิ", PASSWORD, 400, "bad_account_name"),
        ("มะลิ", "x" * 201, 400, "bad_password"),
        ("มะลิ", "ปลาทู\x00สองตัว", 400, "unreadable_text"),
        ("มะลิ", "x" * 1_000_000, 413, "body_too_large"),
    ],
)
async def test_bad_input_is_refused_in_words(people: Team, name: str, password: str, status: int, code: str) -> None:
    async with people.browser() as http:
        answer = await http.post("/api/sign-in", json={"name": name, "password": password})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_lone_surrogates_are_refused(people: Team) -> None:
    async with people.browser() as http:
        body = b'{"name": "mali", "password": "\\ud800\\ud800aaaaaaaa"}'
        answer = await http.post("/api/sign-in", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unreadable_text")


async def tried(http: httpx.AsyncClient, name: str, password: str = "ไม่ใช่รหัสนี้") -> httpx.Response:
    return await http.post("/api/sign-in", json={"name": name, "password": password})


async def test_wrong_passwords_are_held_back_by_name_alike_for_names_that_nobody_has(people: Team) -> None:
    account = await people.account()
    said = []
    async with people.browser() as http:
        for name in (account.name, f"ไม่มีคนชื่อ {account.name[-12:]}"):
            answers = [await tried(http, name) for _ in range(11)]
            assert [answer.status_code for answer in answers] == [401] * 10 + [429]
            refused = answers[-1]
            seconds = int(refused.headers["retry-after"])
            assert 0 < seconds <= 15 * 60 + 2
            assert str(seconds) in refused.json()["error"]["message"]
            said.append(refused.json()["error"]["code"])
        assert said == ["too_many_attempts"] * 2
        # The right one does not come in meanwhile: else it could be told from the wrong ones.
        assert (await tried(http, account.name, PASSWORD)).status_code == 429


async def test_attempts_that_come_at_once_are_counted_before_they_are_hashed(people: Team) -> None:
    account = await people.account()
    async with people.browser() as http:
        answers = await asyncio.gather(*(tried(http, account.name) for _ in range(25)))
    hashed = [answer.status_code for answer in answers].count(401)
    # Those that are hashed at the same moment can't know of each other.
    assert 10 <= hashed < 10 + AT_ONCE
    assert {answer.status_code for answer in answers} == {401, 429}


async def test_right_passwords_do_not_count(people: Team) -> None:
    account = await people.account()
    async with people.browser() as http:
        for _ in range(12):
            await sign_in(http, account.name)


async def test_an_address_is_held_back_whatever_names_it_tries(people: Team) -> None:
    account = await people.account()
    async with people.browser() as http:
        for number in range(30):
            people.accounts.attempts.note_failure(f"ชื่อ {number}", "127.0.0.1")
        assert (await tried(http, account.name, PASSWORD)).status_code == 429


async def test_a_password_of_other_parameters_is_hashed_anew_when_somebody_signs_in(people: Team) -> None:
    weak = Passwords(memory_kib=8 * 1024, passes=1)
    old = await weak.hash(PASSWORD)
    weak.close()
    account = await people.account(password_hash=old)
    async with people.browser() as http:
        await sign_in(http, account.name)
        stored = await people.accounts.storage.accounts.by_id(account.account_id)
        assert stored.password_hash is not None
        assert stored.password_hash.startswith("$argon2id$v=19$m=19456,")
        assert (await http.get("/api/me")).status_code == 200
        await sign_in(http, account.name)


async def test_ways_to_sign_in_are_told_to_anybody(people: Team) -> None:
    async with people.browser() as http:
        told = (await http.get("/api/sign-in")).json()
    assert told == {"ways": ["password"], "sign_up": "invitation", "oidc_label": None}


async def test_a_key_makes_cookies_count_for_nothing(people: Team) -> None:
    account = await people.account()
    async with people.signed_in(account) as http:
        assert (await http.get("/api/me", headers={"Authorization": "Bearer tc_x_y"})).status_code == 401
        assert (await http.get("/api/me", headers={"Authorization": "Basic eDp5"})).status_code == 200


async def test_a_page_that_needs_somebody_leads_to_the_sign_in_page(people: Team) -> None:
    async with people.browser(Accept="text/html") as http:
        answer = await http.get("/docs")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fdocs")


async def test_under_tls_the_cookie_is_for_this_host_alone(people: Team) -> None:
    account = await people.account()
    gate = Gate(
        build_app(people.service, people.accounts),
        names=Names(("chat.example.org",)),
        proxies=Proxies(public_url="https://chat.example.org"),
        who=Holders(people.accounts.by_cookie, people.accounts.by_key),
    )
    transport = httpx.ASGITransport(gate)
    async with httpx.AsyncClient(transport=transport, base_url="https://chat.example.org") as http:
        (cookie,) = cookies_of(await sign_in(http, account.name))
        assert cookie.startswith("__Host-thai_chat=")
        assert "secure" in cookie.lower()
        assert "domain" not in cookie.lower()
        token = cookie.partition("=")[2].partition(";")[0]
        assert (await http.get("/api/me")).status_code == 200
        http.cookies.clear()
        plain = await http.get("/api/me", headers={"Cookie": f"thai_chat={token}"})
        assert plain.status_code == 401


async def test_no_password_and_no_token_is_in_a_log(people: Team, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    account = await people.account()
    async with people.browser() as http:
        await tried(http, account.name, "ไม่ใช่รหัสนี้เลย")
        await tried(http, "รหัสที่พิมพ์ผิดช่อง")
        await sign_in(http, account.name)
        token = http.cookies["thai_chat"]
        await http.post("/api/sign-out")
    page = await people.accounts.audit.page(AuditQuery(limit=100))
    ours = [one for one in caplog.records if not one.name.startswith(("httpcore", "httpx"))]
    logged = "".join(f"{one.getMessage()} {one.__dict__}" for one in ours) + repr(page)
    for secret in (PASSWORD, "ไม่ใช่รหัสนี้เลย", "รหัสที่พิมพ์ผิดช่อง", token, str(account.password_hash)):
        assert secret not in logged
    mine = [(entry.action, entry.outcome) for entry in page if entry.name == account.name]
    assert mine == [("sign_out", "done"), ("sign_in", "done"), ("sign_in_failed", "wrong_credentials")]
