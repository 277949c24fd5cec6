"""Who gets an account by an OpenID provider, and who administers by its claims."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.accounts import Team
from tests.invited import an_invitation
from tests.openid_provider import OpenIdProvider, back_from, known_people, opened, refused, signs_in
from tests.postgres_servers import PostgresServer
from thai_chat.accounts.openid.claims import display_name, names, values_of, verified_address
from thai_chat.domain.accounts import hash_of_token, new_token
from thai_chat.domain.audit import AuditQuery
from thai_chat.domain.invitations import InvitationPurpose
from thai_chat.domain.people import PersonRole


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with OpenIdProvider(people=known_people()).running() as provider:
        yield provider


async def why(http: httpx.AsyncClient, subject: str, path: str = "/sign-in/oidc") -> str:
    return await refused(http, await back_from((await http.get(path)).headers["location"], subject))


async def role(people: Team, subject: str) -> str:
    async with people.browser() as http:
        assert (await signs_in(http, subject)).headers["location"] == "/"
        told: str = (await http.get("/api/me")).json()["role"]
        return told


async def test_who_is_unknown_needs_an_invitation(database_url: str, tmp_path: Path, provider: OpenIdProvider) -> None:
    async with opened(database_url, tmp_path, provider, makes_accounts=False) as people, people.browser() as http:
        assert await why(http, "sub-mali") == "openid_no_account"
        token, invited = new_token(), an_invitation(role=PersonRole.ADMINISTRATOR)
        await people.accounts.storage.invitations.add(invited, hash_of_token(token))
        assert await why(http, "sub-mali", f"/sign-in/oidc?invitation={new_token()}") == "invitation_over"
        assert (await signs_in(http, "sub-mali", f"/sign-in/oidc?invitation={token}")).headers["location"] == "/"
        assert (await http.get("/api/me")).json()["role"] == "administrator"
        assert await role(people, "sub-mali") == "administrator"  # who is known needs none
        assert await why(http, "sub-chai", f"/sign-in/oidc?invitation={token}") == "invitation_over"


@pytest.mark.parametrize(("purpose", "sign_up"), [("invite", "off"), ("reset", "invitation")])
async def test_a_link_that_makes_no_account_makes_none_here_either(
    database_url: str, tmp_path: Path, provider: OpenIdProvider, purpose: str, sign_up: str
) -> None:
    async with (
        opened(database_url, tmp_path, provider, sign_up=sign_up, makes_accounts=False) as people,
        people.browser() as http,
    ):
        owner, token = await people.account(), new_token()
        link = an_invitation(InvitationPurpose(purpose), account_id=owner.account_id)
        await people.accounts.storage.invitations.add(link, hash_of_token(token))
        assert await why(http, "sub-mali", f"/sign-in/oidc?invitation={token}") == "invitation_over"


async def test_a_claim_makes_administrators_at_each_sign_in(
    database_url: str, tmp_path: Path, provider: OpenIdProvider
) -> None:
    values = ("ผู้ดูแล", "boss")
    async with opened(database_url, tmp_path, provider, role_claim="groups", admin_values=values) as people:
        await people.account(role=PersonRole.ADMINISTRATOR)
        assert await role(people, "sub-chai") == "administrator"
        assert await role(people, "sub-mali") == "user"
        provider.claims = lambda told: {**told, "groups": ["staff"]}
        assert await role(people, "sub-chai") == "user"
        provider.claims = lambda told: {**told, "groups": "boss"}
        assert await role(people, "sub-mali") == "administrator"
    provider.claims = lambda told: told
    async with opened(database_url, tmp_path, provider, role_claim="realm_access.roles", admin_values=values) as people:
        assert await role(people, "sub-chai") == "administrator"
        assert await role(people, "sub-mali") == "user"


async def test_without_a_claim_roles_are_given_here(
    database_url: str, tmp_path: Path, provider: OpenIdProvider
) -> None:
    async with opened(database_url, tmp_path, provider) as people:
        assert await role(people, "sub-chai") == "user"


async def test_only_verified_addresses_of_the_domains_come_in(
    database_url: str, tmp_path: Path, provider: OpenIdProvider
) -> None:
    async with (
        opened(database_url, tmp_path, provider, allowed_domains=("uni.example",)) as people,
        people.browser() as http,
    ):
        assert await why(http, "sub-chai") == "openid_other_domain"
        assert await why(http, "sub-unverified") == "openid_other_domain"
        assert (await signs_in(http, "sub-mali")).headers["location"] == "/"
        provider.claims = lambda told: {**told, "email": "mali@left.example"}
        http.cookies.clear()
        assert await why(http, "sub-mali") == "openid_other_domain"


@pytest.mark.parametrize(
    ("claims", "path", "values"),
    [
        ({"groups": ["a", 1, None, "ข"]}, "groups", ("a", "ข")),
        ({"groups": "a b"}, "groups", ("a b",)),
        ({"groups": {"a": "b"}}, "groups", ()),
        ({"a": {"b": {"c": ["x"]}}}, "a.b.c", ("x",)),
        ({"https://example.org/roles": ["x"]}, "https://example.org/roles", ("x",)),
        ({"a.b": {"c": "x"}}, "a.b.c", ("x",)),
        ({"a": "x"}, "a.b", ()),
        ({}, "a", ()),
        ({"": {"": "x"}}, ".", ("x",)),
    ],
)
def test_a_claim_is_found_by_its_path(claims: dict[str, object], path: str, values: tuple[str, ...]) -> None:
    assert values_of(claims, path) == values


@pytest.mark.parametrize(
    ("claims", "name", "shown"),
    [
        ({"preferred_username": "mali", "name": "มะลิ"}, "mali", "มะลิ"),
        ({"email": "m@uni.example"}, "m@uni.example", "m@uni.example"),
        ({"name": "ก" * 1000}, "ก" * 90, "ก" * 90),
        ({"name": "a\0\u202eb\n"}, "ab", "ab"),
        ({"name": ["x"], "preferred_username": 7, "email": "\u200b"}, None, ""),
        ({}, None, ""),
    ],
)
def test_names_are_read_from_what_is_there(claims: dict[str, object], name: str | None, shown: str) -> None:
    assert next(names(claims), None) == name
    assert display_name(claims) == shown


def test_an_address_counts_when_the_provider_vouches_for_it() -> None:
    assert verified_address({"email": "a@b.example", "email_verified": True}) == "a@b.example"
    assert verified_address({"email": "a@b.example", "email_verified": "true"}) == "a@b.example"
    for claims in ({"email": "a@b.example"}, {"email": "a@b.example", "email_verified": 0}, {"email_verified": True}):
        assert verified_address(claims) == ""


async def test_the_first_administrator_gets_what_was_there_by_a_link(
    postgres: PostgresServer, own_database: str, tmp_path: Path, provider: OpenIdProvider
) -> None:
    address = postgres.address(own_database)
    async with opened(address, tmp_path, provider, makes_accounts=False) as people, people.browser() as http:
        issued = await people.accounts.invitations.first()
        assert issued
        path = f"/sign-in/oidc?invitation={issued.token}&take_over=yes"
        assert (await signs_in(http, "sub-mali", path)).headers["location"] == "/"
        me = (await http.get("/api/me")).json()
        assert (me["user_id"], me["role"]) == ("local", "administrator")
        assert await people.accounts.invitations.first() is None
        noted = await people.accounts.audit.page(AuditQuery(limit=10))
        assert [one.action for one in reversed(noted)] == ["sign_up", "chats_taken_over", "sign_in"]
