"""One's own account over the API: name, language, password, and the sessions in which one is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tests.accounts import PASSWORD, Team, have_signed_in, sign_in, team, token_of

NEW = "แมวสามตัวบนหลังคา"


@pytest.fixture
async def people(database_url: str, tmp_path: Path) -> AsyncIterator[Team]:
    async with team(database_url, tmp_path) as people:
        yield people


async def test_name_and_language_are_changed_and_shown_at_once(people: Team) -> None:
    account = await people.account()
    async with people.signed_in(account) as http:
        told = (await http.patch("/api/me", json={"display_name": " ตูน ", "language": "th"})).json()
        assert (told["name"], told["display_name"], told["language"]) == (account.name, "ตูน", "th")
        assert (await http.get("/api/me")).json() == told
        assert (await http.patch("/api/me", json={"language": None})).json()["language"] is None
        for bad in ("", "ก" * 101, "ตู\u200bน", "ตู\x00น"):
            answer = await http.patch("/api/me", json={"display_name": bad})
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_account_name")
        assert (await http.get("/api/me")).json()["display_name"] == "ตูน"


async def test_a_new_password_ends_the_other_sessions(people: Team) -> None:
    account = await people.account()
    async with people.signed_in(account) as here, people.signed_in(account) as there:
        assert (await there.get("/api/me")).status_code == 200
        assert (await here.post("/api/me/password", json={"current": PASSWORD, "new": NEW})).status_code == 204
        assert (await here.get("/api/me")).status_code == 200
        assert (await there.get("/api/me")).status_code == 401
        old = await there.post("/api/sign-in", json={"name": account.name, "password": PASSWORD})
        assert old.status_code == 401
        await sign_in(there, account.name, NEW)


@pytest.mark.parametrize(
    ("current", "new", "status", "code"),
    [
        ("ไม่ใช่รหัสนี้เลย", NEW, 403, "wrong_password"),
        ("", NEW, 403, "wrong_password"),
        (PASSWORD, "สั้น", 400, "bad_password"),
        (PASSWORD, "ย" * 201, 400, "bad_password"),
        (PASSWORD, "แมวสามตัว\x00บนหลังคา", 400, "unreadable_text"),
    ],
)
async def test_a_password_stays_where_the_change_is_refused(
    people: Team, current: str, new: str, status: int, code: str
) -> None:
    account = await people.account()
    async with people.signed_in(account) as http:
        answer = await http.post("/api/me/password", json={"current": current, "new": new})
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        await sign_in(http, account.name)


@pytest.mark.parametrize("minutes", [1, 16])
async def test_who_has_no_password_chooses_one_only_shortly_after_signing_in(people: Team, minutes: int) -> None:
    account = await people.account(password=None)
    async with people.browser() as http:
        await have_signed_in(people, http, account, ago=timedelta(minutes=minutes))
        answer = await http.post("/api/me/password", json={"new": NEW})
        if minutes == 1:
            assert answer.status_code == 204
            await sign_in(http, account.name, NEW)
        else:
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "fresh_sign_in_needed")


async def test_people_see_their_sessions_and_end_one_or_all_others(people: Team) -> None:
    account = await people.account()
    async with (
        people.signed_in(account) as here,
        people.browser(**{"User-Agent": "Firefox"}) as there,
        people.signed_in(account) as third,
    ):
        await sign_in(there, account.name)
        listed = (await here.get("/api/me/sign-ins")).json()["sign_ins"]
        assert [one["is_current"] for one in listed].count(True) == 1
        assert len(listed) == 3
        by_browser = {one["browser"]: one["sign_in_id"] for one in listed}
        ended = by_browser["Firefox"]
        assert {one["address"] for one in listed} == {"127.0.0.1"}
        assert (await here.delete(f"/api/me/sign-ins/{ended}")).status_code == 204
        assert (await there.get("/api/me")).status_code == 401
        assert (await here.delete(f"/api/me/sign-ins/{ended}")).status_code == 404
        assert (await here.delete("/api/me/sign-ins")).json() == {"ended": 1}
        assert (await third.get("/api/me")).status_code == 401
        assert (await here.get("/api/me")).status_code == 200


async def test_somebody_elses_session_is_not_found(people: Team) -> None:
    mali, toon = await people.account(), await people.account()
    async with people.signed_in(mali) as hers, people.signed_in(toon) as his:
        (one,) = (await hers.get("/api/me/sign-ins")).json()["sign_ins"]
        for unknown in (one["sign_in_id"], str(uuid4())):
            answer = await his.delete(f"/api/me/sign-ins/{unknown}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "sign_in_not_found")
        assert (await his.delete("/api/me/sign-ins/x")).status_code == 400
        assert (await hers.get("/api/me")).status_code == 200


async def test_ending_ones_own_session_is_signing_out(people: Team) -> None:
    account = await people.account()
    async with people.signed_in(account) as http:
        stolen = token_of(http)
        (one,) = (await http.get("/api/me/sign-ins")).json()["sign_ins"]
        assert (await http.delete(f"/api/me/sign-ins/{one['sign_in_id']}")).status_code == 204
        assert dict(http.cookies) == {}
        assert (await http.get("/api/me", headers=stolen)).status_code == 401
