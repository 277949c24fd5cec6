"""Signing in by a password and out, through the real gate over PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.accounts import PASSWORD, Team, cookies_of, sign_in, team, token_of


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
