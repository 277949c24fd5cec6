"""Signing in by an OpenID provider: the whole round trip over real HTTP, through the gate and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.accounts import PASSWORD, Team, sign_in
from tests.openid_provider import OpenIdProvider, back_from, known_people, opened, query_of, refused, signs_in
from thai_chat.domain.audit import AuditQuery
from thai_chat.domain.people import PersonRole


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with OpenIdProvider(people=known_people()).running() as provider:
        yield provider


@pytest.fixture
async def here(database_url: str, tmp_path: Path, provider: OpenIdProvider) -> AsyncIterator[Team]:
    async with opened(database_url, tmp_path, provider) as people:
        yield people


async def test_somebody_new_goes_there_and_comes_back_with_an_account(here: Team, provider: OpenIdProvider) -> None:
    async with here.browser() as http:
        assert (await http.get("/api/sign-in")).json()["oidc_label"] == "มหาวิทยาลัย"
        back = await signs_in(http, "sub-mali", "/sign-in/oidc?next=/docs%3Fx%3D1")
        assert (back.status_code, back.headers["location"]) == (303, "/docs?x=1")
        me = (await http.get("/api/me")).json()
        assert (me["name"], me["display_name"], me["role"]) == (provider.name, "มะลิ ใจดี", "user")
        assert set(http.cookies) == {"thai_chat"}
    asked = dict(provider.asked)
    assert asked["/oauth2/authorize"]["code_challenge_method"] == "S256"
    assert len(asked["/oauth2/token"]["code_verifier"]) >= 43
    async with here.browser() as again:
        await signs_in(again, "sub-mali")
        assert (await again.get("/api/me")).json()["user_id"] == me["user_id"]


async def test_who_has_an_address_of_somebody_else_does_not_get_their_account(
    here: Team, provider: OpenIdProvider
) -> None:
    taken = await here.account(address := str(provider.people["sub-chai"]["email"]))
    async with here.browser() as http:
        await signs_in(http, "sub-chai")
        me = (await http.get("/api/me")).json()
    assert me["user_id"] != taken.user_id
    assert me["name"] == f"{address} 2"


@pytest.mark.parametrize("path", ["//evil.example", "https://e.example", "/\\evil.example", "x", "/sign-in", "/a\nb"])
async def test_nobody_is_sent_on_to_another_place(here: Team, path: str) -> None:
    async with here.browser() as http:
        left = await http.get("/sign-in/oidc", params={"next": path})
        back = await http.get(await back_from(left.headers["location"], "sub-mali"))
    assert back.headers["location"] == "/"


async def test_a_browser_may_come_back_from_the_provider_and_begin_at_our_page_alone(here: Team) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    async with here.browser() as http:
        assert (await http.get("/sign-in/oidc", headers=foreign)).status_code == 403
        left = await http.get("/sign-in/oidc", headers={**foreign, "Sec-Fetch-Site": "same-origin"})
        back = await back_from(left.headers["location"], "sub-mali")
        framed = await http.get(back, headers={**foreign, "Sec-Fetch-Dest": "iframe"})
        assert framed.status_code == 403
        assert (await http.get(back, headers=foreign)).headers["location"] == "/"


async def test_who_did_not_leave_from_here_does_not_come_in(here: Team) -> None:
    async with here.browser() as http, here.browser() as other:
        back = await back_from((await http.get("/sign-in/oidc")).headers["location"], "sub-mali")
        assert await refused(other, back) == "openid_over"
        state = query_of(back)["state"]
        assert await refused(http, back.replace(state, "x" + state[1:])) == "openid_over"
        assert await refused(http, back) == "openid_over"  # which was good once
        kept = (await http.get("/sign-in/oidc")).cookies["thai_chat_oidc"]
        http.cookies.set("thai_chat_oidc", kept[:-1] + ("0" if kept[-1] != "0" else "1"))
        assert await refused(http, back) == "openid_over"


async def test_who_says_no_at_the_provider_is_told_so(here: Team) -> None:
    async with here.browser() as http:
        left = await http.get("/sign-in/oidc")
        state = query_of(left.headers["location"])["state"]
        assert await refused(http, f"/sign-in/oidc/callback?error=access_denied&state={state}") == "openid_denied"
        back = await back_from((await http.get("/sign-in/oidc")).headers["location"], "sub-mali", "deny")
        assert "state" not in query_of(back)
        assert await refused(http, back) == "openid_denied"
        assert await refused(http, f"/sign-in/oidc/callback?error=server_error&state={state}") == "openid_over"


async def test_a_code_is_good_once(here: Team) -> None:
    async with here.browser() as http:
        left = await http.get("/sign-in/oidc")
        kept = http.cookies["thai_chat_oidc"]
        back = await back_from(left.headers["location"], "sub-mali")
        await http.get(back)
        http.cookies.set("thai_chat_oidc", kept)
        assert (await http.get(back)).headers["location"] == "/sign-in?error=openid_refused"


async def test_a_disabled_account_stays_out(here: Team, provider: OpenIdProvider) -> None:
    async with here.browser() as http:
        await signs_in(http, "sub-mali")
        account = await here.accounts.storage.accounts.by_name(provider.name)
        assert account
        await here.account(role=PersonRole.ADMINISTRATOR)
        await here.accounts.storage.accounts.change(
            account.account_id, lambda stored: replace(stored, disabled_at=stored.created_at)
        )
        http.cookies.clear()
        back = await back_from((await http.get("/sign-in/oidc")).headers["location"], "sub-mali")
        assert await refused(http, back) == "openid_disabled"


async def test_an_account_gets_one_more_way_in_and_nobody_elses(here: Team) -> None:
    account = await here.account()
    async with here.signed_in(account) as http, here.browser() as stranger:
        began = (await http.post("/api/me/identities", json={"next": "/"})).json()
        back = await back_from(began["url"], "sub-mali")
        stranger.cookies.set("thai_chat_oidc", http.cookies["thai_chat_oidc"])
        assert await refused(stranger, back) == "openid_over"
        back = await back_from((await http.post("/api/me/identities", json={})).json()["url"], "sub-mali")
        assert (await http.get(back)).headers["location"] == "/"
        await signs_in(stranger, "sub-mali")
        assert (await stranger.get("/api/me")).json()["user_id"] == account.user_id
    other = await here.account()
    async with here.signed_in(other) as http:
        back = await back_from((await http.post("/api/me/identities", json={})).json()["url"], "sub-mali")
        assert (await http.get(back)).headers["location"] == "/sign-in?error=openid_taken"


async def test_ways_in_are_listed_and_taken_away_but_the_last_one(here: Team) -> None:
    async with here.browser() as http:
        await signs_in(http, "sub-mali")
        ways = (await http.get("/api/me/identities")).json()
        assert (ways["can_add"], ways["provider"]) == (True, "มหาวิทยาลัย")
        [only] = ways["identities"]
        assert only["subject"] == "sub-mali"
        refused_ = await http.delete(f"/api/me/identities/{only['identity_id']}")
        assert (refused_.status_code, refused_.json()["error"]["code"]) == (409, "last_way_in")
        (await http.post("/api/me/password", json={"new": PASSWORD})).raise_for_status()
        async with here.signed_in(await here.account()) as stranger:
            path = f"/api/me/identities/{only['identity_id']}"
            assert (await stranger.delete(path)).json()["error"]["code"] == "identity_not_found"
        assert (await http.delete(f"/api/me/identities/{only['identity_id']}")).status_code == 204
        assert (await http.get("/api/me/identities")).json()["identities"] == []
        assert (await http.get("/api/me")).status_code == 200
    noted = await here.accounts.audit.page(AuditQuery())
    assert "identity_removed" in [one.action for one in noted]


async def test_where_passwords_are_off_the_only_identity_stays(
    database_url: str, tmp_path: Path, provider: OpenIdProvider
) -> None:
    async with opened(database_url, tmp_path, provider, ways=("oidc",)) as here, here.browser() as http:
        await signs_in(http, "sub-mali")
        [only] = (await http.get("/api/me/identities")).json()["identities"]
        refused_ = await http.delete(f"/api/me/identities/{only['identity_id']}")
        assert refused_.json()["error"]["code"] == "last_way_in"


async def test_where_passwords_are_off_nobody_is_sent_a_link_for_one(
    database_url: str, tmp_path: Path, provider: OpenIdProvider
) -> None:
    changes = {"role_claim": "groups", "admin_values": ("staff",)}
    async with opened(database_url, tmp_path, provider, ways=("oidc",), **changes) as here, here.browser() as http:
        await signs_in(http, "sub-chai")
        other = await here.account()
        answer = await http.post(f"/api/people/{other.account_id}/reset")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "passwords_off")


async def test_the_audit_log_has_accounts_and_ways_in_by_the_provider_as_it_has_others(here: Team) -> None:
    account = await here.account()
    async with here.signed_in(account) as http, here.browser() as new:
        back = await back_from((await http.post("/api/me/identities", json={})).json()["url"], "sub-mali")
        await http.get(back)
        await signs_in(new, "sub-chai")
        their_id = (await new.get("/api/me")).json()["user_id"]
    accounts = {one.user_id: one.account_id for one in await here.accounts.storage.accounts.all()}
    for account_id, expected in (
        (account.account_id, ["sign_in", "identity_added", "sign_in"]),
        (accounts[their_id], ["sign_up", "sign_in"]),
    ):
        noted = await here.accounts.audit.page(AuditQuery(account_id=account_id))
        assert [one.action for one in reversed(noted)] == expected
        assert (noted[1].target, noted[1].address, noted[1].details["way"]) == (str(account_id), "127.0.0.1", "oidc")


async def test_both_ways_are_on(here: Team, provider: OpenIdProvider) -> None:
    account = await here.account()
    async with here.browser() as http:
        assert (await http.get("/api/sign-in")).json()["ways"] == ["password", "oidc"]
        await sign_in(http, account.name, PASSWORD)
        assert (await http.get("/api/me")).json()["user_id"] == account.user_id
        await signs_in(http, "sub-mali")
        assert (await http.get("/api/me")).json()["name"] == provider.name
