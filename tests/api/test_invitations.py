"""From a link to the first chat; links that are over; and who may make an account without one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from limits import RateLimitItemPerHour

from tests.accounts import PASSWORD, Team, cookies_of, sign_in, team, token_of
from tests.history_writes import begin, finish
from tests.invited import an_invitation, later
from tests.postgres_servers import PostgresServer
from tests.standins.openai_server import OpenAIStandin
from thai_chat.accounts.attempts import SignUps
from thai_chat.accounts.service import AccountRules
from thai_chat.domain.account_errors import TooManySignUps
from thai_chat.domain.accounts import hash_of_token, new_token
from thai_chat.domain.invitations import InvitationPurpose
from thai_chat.domain.people import LOCAL, PersonRole

ADMINISTRATOR = PersonRole.ADMINISTRATOR


@pytest.fixture
def address(own_database: str, postgres: PostgresServer) -> str:
    return postgres.address(own_database)


@pytest.fixture
async def people(address: str, tmp_path: Path, standin: OpenAIStandin) -> AsyncIterator[Team]:
    async with team(address, tmp_path, vllm=standin.base_url) as people:
        yield people


async def link(http: httpx.AsyncClient, **fields: object) -> str:
    """Have an administrator make an invitation, and return its token."""
    made = await http.post("/api/invitations", json={"role": "user", **fields})
    assert made.status_code == 201, made.text
    address, _, token = made.json()["url"].rpartition("/invitation/")
    assert address == str(http.base_url).rstrip("/")
    return str(token)


async def sign_up(http: httpx.AsyncClient, token: str | None, name: str = "มะลิ", **fields: object) -> httpx.Response:
    body = {"name": name, "password": PASSWORD, **({"token": token} if token else {}), **fields}
    return await http.post("/api/sign-up", json=body)


def is_over(answer: httpx.Response) -> bool:
    return answer.status_code == 404 and answer.json()["error"]["code"] == "invitation_over"


async def test_from_an_invitation_to_the_first_chat(people: Team) -> None:
    boss = await people.account("boss", role=ADMINISTRATOR)
    async with people.signed_in(boss) as admin, people.browser() as http:
        token = await link(admin)
        told = (await http.get(f"/api/invitations/{token}")).json()
        assert (told["purpose"], told["role"], told["name"], told["local_sessions"]) == ("invite", "user", None, None)
        made = await sign_up(http, token, display_name="คุณมะลิ")
        assert made.status_code == 201
        assert (made.json()["name"], made.json()["display_name"], made.json()["role"]) == ("มะลิ", "คุณมะลิ", "user")
        (cookie,) = cookies_of(made)
        assert "httponly" in cookie.lower()
        said = await http.post("/chat", json={"query": "สวัสดี"})
        assert said.status_code == 200
        (session,) = (await http.get("/api/sessions")).json()["sessions"]
        assert (await admin.get("/api/sessions")).json()["sessions"] == []
        assert (await admin.get(f"/api/sessions/{session['session_id']}")).status_code == 404
        listed = (await admin.get("/api/people")).json()["people"]
        assert [(one["name"], one["sessions"]) for one in listed] == [("boss", 0), ("มะลิ", 1)]
        assert listed[1]["last_used_at"]
        async with people.browser() as other:
            await sign_in(other, " มะลิ ")


async def test_a_link_is_good_once_and_not_after_it_was_revoked_or_is_too_old(people: Team) -> None:
    boss = await people.account("boss", role=ADMINISTRATOR)
    async with people.signed_in(boss) as admin, people.browser() as http:
        used, revoked, old = [await link(admin) for _ in range(3)]
        assert (await sign_up(http, used)).status_code == 201
        listed = (await admin.get("/api/invitations")).json()["invitations"]
        assert [bool(one["used_at"]) for one in listed] == [False, False, True]
        gone = f"/api/invitations/{listed[1]['invitation_id']}"
        assert (await admin.delete(gone)).status_code == 204
        assert is_over(await admin.delete(gone))
        now = later(days=8)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(people.accounts.invitations, "_now", lambda: now)
            assert is_over(await sign_up(http, old, "สาย"))
        answers = [await sign_up(http, token, "สมชาย") for token in (used, revoked, "x" * 43, "ไม่มี", "\0")]
        assert all(map(is_over, answers))
        assert len({answer.text for answer in answers}) == 1
        for token in (used, revoked, "x" * 43, "a" * 200):
            assert is_over(await http.get(f"/api/invitations/{token}"))


@pytest.mark.parametrize("how", ["demoted", "disabled", "deleted"])
async def test_who_does_not_administer_any_more_leaves_no_way_in_behind(people: Team, how: str) -> None:
    boss = await people.account("boss", role=ADMINISTRATOR)
    former, mali = await people.account("former", role=ADMINISTRATOR), await people.account()
    async with people.signed_in(boss) as admin, people.browser() as http:
        async with people.signed_in(former) as other:
            invited = await link(other, role="administrator")
            made = await other.post(f"/api/people/{mali.account_id}/reset")
            reset = made.json()["url"].rpartition("/")[2]
        assert (await http.get(f"/api/invitations/{reset}")).status_code == 200
        path = f"/api/people/{former.account_id}"
        if how == "deleted":
            assert (await admin.delete(path)).status_code == 204
        else:
            changes = {"demoted": {"role": "user"}, "disabled": {"disabled": True}}[how]
            assert (await admin.patch(path, json=changes)).status_code == 204
        assert is_over(await sign_up(http, invited))
        assert is_over(await http.post("/api/reset-password", json={"token": reset, "password": PASSWORD}))


async def test_name_and_role_of_an_invitation_are_kept_to(people: Team) -> None:
    boss = await people.account("boss", role=ADMINISTRATOR)
    async with people.signed_in(boss) as admin, people.browser() as http:
        token = await link(admin, role="administrator", name="สมชาย")
        made = (await sign_up(http, token, "คนอื่น")).json()
        assert (made["name"], made["role"]) == ("สมชาย", "administrator")
        taken = await admin.post("/api/invitations", json={"role": "user", "name": "BOSS"})
        assert (taken.status_code, taken.json()["error"]["code"]) == (409, "name_taken")
        for wrong in ({"role": "user", "expires_in_s": 1}, {"role": "king"}, {"name": "x"}):
            assert (await admin.post("/api/invitations", json=wrong)).status_code == 400


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "boss"}, "name_taken"),
        ({"name": ""}, "bad_account_name"),
        ({"name": "a\0b"}, "bad_account_name"),
        ({"password": "short"}, "bad_password"),
        ({"password": "x" * 201}, "bad_password"),
        ({"password": "\0" * 8}, "unreadable_text"),
    ],
)
async def test_what_can_be_no_account_leaves_the_link_as_it_is(people: Team, fields: dict[str, str], code: str) -> None:
    boss = await people.account("boss", role=ADMINISTRATOR)
    async with people.signed_in(boss) as admin, people.browser() as http:
        token = await link(admin)
        refused = await http.post("/api/sign-up", json={"token": token, "name": "ดี", "password": PASSWORD, **fields})
        assert refused.json()["error"]["code"] == code
        assert cookies_of(refused) == []
        assert (await sign_up(http, token)).status_code == 201


@pytest.mark.parametrize(("rule", "statuses"), [("off", (403, 404)), ("invitation", (403, 201)), ("open", (201, 201))])
async def test_who_may_make_an_account(address: str, tmp_path: Path, rule: str, statuses: tuple[int, int]) -> None:
    async with team(address, tmp_path, rules=AccountRules(sign_up=rule)) as people, people.browser() as http:
        first = await sign_up(http, None, "too-early")
        assert (first.status_code, first.json()["error"]["code"]) == (403, "sign_up_closed")
        boss = await people.account("boss", role=ADMINISTRATOR)
        async with people.signed_in(boss) as admin:
            without = await sign_up(http, None, "by-myself")
            token = new_token()
            await people.accounts.storage.invitations.add(an_invitation(), hash_of_token(token))
            assert (without.status_code, (await sign_up(http, token, "invited")).status_code) == statuses
            if rule == "off":
                refused = await admin.post("/api/invitations", json={"role": "user"})
                assert refused.json()["error"]["code"] == "sign_up_closed"


async def test_no_end_of_accounts_is_made_from_one_address(address: str, tmp_path: Path) -> None:
    async with team(address, tmp_path, rules=AccountRules(sign_up="open")) as people, people.browser() as http:
        boss = await people.account("boss", role=ADMINISTRATOR)
        async with people.signed_in(boss) as admin:
            for _ in range(60):
                assert (await sign_up(http, None, "มาเอง", password="short")).status_code == 400
            refused = await sign_up(http, None, "มาเอง")
            assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_sign_ups")
            assert 0 < int(refused.headers["retry-after"]) <= 3_602
            assert (await sign_up(http, await link(admin), "ได้รับเชิญ")).status_code == 201


def test_new_accounts_are_counted_by_address_and_in_all() -> None:
    sign_ups = SignUps(of_address=RateLimitItemPerHour(2), of_all=RateLimitItemPerHour(3))
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        sign_ups.count(address)
    for address in ("192.0.2.1", "192.0.2.3", ""):
        with pytest.raises(TooManySignUps):
            sign_ups.count(address)


@pytest.mark.parametrize("takes_over", [True, False])
async def test_the_first_administrator_is_asked_what_becomes_of_the_chats_of_before(
    people: Team, takes_over: bool
) -> None:
    write = begin(LOCAL.user_id)
    await people.stores.write(write)
    await people.stores.write(finish(write))
    earlier = await people.accounts.invitations.first()
    issued = await people.accounts.invitations.first()
    assert earlier
    assert issued
    async with people.browser() as http:
        assert is_over(await http.get(f"/api{earlier.path}".replace("invitation", "invitations")))
        told = (await http.get(f"/api/invitations/{issued.token}")).json()
        assert (told["purpose"], told["role"], told["local_sessions"]) == ("first", "administrator", 1)
        made = await sign_up(http, issued.token, "boss", take_over=takes_over)
        assert (made.status_code, made.json()["role"]) == (201, "administrator")
        assert (made.json()["user_id"] == LOCAL.user_id) == takes_over
        assert len((await http.get("/api/sessions")).json()["sessions"]) == takes_over
        account = await people.accounts.storage.accounts.by_name("boss")
        assert account
        assert (account.adopted_at is not None) == takes_over
    assert await people.accounts.invitations.first() is None


async def test_a_new_password_by_a_link_ends_all_that_was_signed_in(people: Team) -> None:
    boss, mali = await people.account("boss", role=ADMINISTRATOR), await people.account("มะลิ")
    async with people.signed_in(boss) as admin, people.signed_in(mali) as old, people.browser() as http:
        made = await admin.post(f"/api/people/{mali.account_id}/reset")
        token = made.json()["url"].rpartition("/")[2]
        told = (await http.get(f"/api/invitations/{token}")).json()
        assert (told["purpose"], told["name"]) == ("reset", "มะลิ")
        assert is_over(await sign_up(http, token, "คนอื่น"))
        stolen = token_of(old)
        key = (await old.post("/api/keys", json={"name": "x", "scopes": ["read"]})).json()
        by_key = {"Authorization": f"Bearer {key['key']}"}
        body = {"token": token, "password": "รหัสใหม่ของมะลิ"}
        refused = await http.post("/api/reset-password", json={**body, "password": "short"})
        assert refused.json()["error"]["code"] == "bad_password"
        assert (await admin.get("/api/me", headers=by_key)).status_code == 200
        assert (await http.post("/api/reset-password", json=body)).status_code == 200
        assert (await http.get("/api/me")).json()["name"] == "มะลิ"
        assert (await old.get("/api/me", headers=stolen)).status_code == 401
        assert (await admin.get("/api/me", headers=by_key)).status_code == 401
        assert (await http.get("/api/keys")).json()["keys"] == []
        noted = (await admin.get("/api/audit", params={"account_id": str(mali.account_id)})).json()["entries"]
        assert ("key_revoked", key["key_id"]) in [(entry["action"], entry["target"]) for entry in noted]
        assert is_over(await http.post("/api/reset-password", json=body))
        invited = await link(admin)
        assert is_over(await http.post("/api/reset-password", json={**body, "token": invited}))
        async with people.browser() as again:
            await sign_in(again, "มะลิ", "รหัสใหม่ของมะลิ")
            wrong = await again.post("/api/sign-in", json={"name": "มะลิ", "password": PASSWORD})
            assert wrong.status_code == 401
    assert {one.purpose for one in await people.accounts.invitations.all()} == {
        InvitationPurpose.INVITE,
        InvitationPurpose.RESET,
    }
