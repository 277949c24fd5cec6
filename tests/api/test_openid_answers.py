"""An OpenID provider that is away, broken, hostile, or has another clock: each is told, and nobody comes in."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.accounts import Team
from tests.openid_provider import OpenIdProvider, back_from, known_people, opened, refused, signs_in
from thai_chat.accounts.openid import fetching
from thai_chat.accounts.openid import provider as module

DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with OpenIdProvider(people=known_people()).running() as provider:
        yield provider


@pytest.fixture
async def here(
    database_url: str, tmp_path: Path, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Team]:
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    async with opened(database_url, tmp_path, provider) as people:
        yield people


async def why(http: httpx.AsyncClient) -> str:
    """Return with what code somebody comes back to the sign-in page."""
    return await refused(http, await back_from((await http.get("/sign-in/oidc")).headers["location"], "sub-mali"))


def changed(**claims: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda told: {name: value for name, value in {**told, **claims}.items() if value is not None}


BAD_CLAIMS: list[tuple[dict[str, object], str]] = [
    ({"aud": "another-page"}, "openid_forged"),
    ({"aud": ["another-page", "thai-chat"], "azp": "another-page"}, "openid_forged"),
    ({"iss": "https://evil.example"}, "openid_forged"),
    ({"nonce": "of-somebody-else"}, "openid_forged"),
    ({"nonce": None}, "openid_forged"),
    ({"sub": None}, "openid_forged"),
    ({"sub": ""}, "openid_forged"),
    ({"sub": "a\0b"}, "openid_forged"),
    ({"sub": "x" * 256}, "openid_forged"),
    ({"exp": None}, "openid_forged"),
    ({"exp": "soon"}, "openid_forged"),
    ({"exp": time.time() - 600}, "openid_clock"),
    ({"iat": time.time() + 3600, "exp": time.time() + 7200}, "openid_clock"),
    ({"nbf": time.time() + 3600}, "openid_clock"),
]


async def test_a_token_for_something_else_is_refused(here: Team, provider: OpenIdProvider) -> None:
    async with here.browser() as http:
        for claims, code in BAD_CLAIMS:
            provider.claims = changed(**claims)
            assert await why(http) == code, claims


async def test_a_clock_may_be_a_minute_wrong(here: Team, provider: OpenIdProvider) -> None:
    for wrong_s in (-60, 60):
        now = int(time.time()) + wrong_s
        provider.claims = changed(iat=now, nbf=now, exp=now + (10 if wrong_s < 0 else 600))
        async with here.browser() as http:
            assert (await signs_in(http, "sub-mali")).headers["location"] == "/"


def with_other_subject(token: str) -> str:
    head, _, signature = token.split(".")
    body = jwt.encode({"alg": "HS256"}, {"sub": "sub-chai"}, OctKey.generate_key()).split(".")[1]
    return f"{head}.{body}.{signature}"


FORGED: list[Callable[[str], str]] = [
    with_other_subject,
    lambda token: token.rpartition(".")[0] + ".",
    lambda token: "eyJhbGciOiJub25lIn0." + token.split(".")[1] + ".",
    lambda token: "มะลิ.มะลิ.มะลิ",
    lambda token: "",
    lambda token: jwt.encode({"alg": "RS256", "kid": "one"}, {"sub": "x"}, RSAKey.generate_key(2048)),
    lambda token: jwt.encode({"alg": "RS256", "kid": "new"}, {"sub": "x"}, RSAKey.generate_key(2048)),
    lambda token: jwt.encode({"alg": "HS256", "kid": "one"}, {"sub": "x"}, OctKey.import_key("s" * 32)),
]


async def test_a_tampered_token_is_refused(
    here: Team, provider: OpenIdProvider, caplog: pytest.LogCaptureFixture
) -> None:
    async with here.browser() as http:
        for number, forge in enumerate(FORGED):
            provider.signed = forge
            assert await why(http) == "openid_forged", number
    assert not [record for record in caplog.records if "eyJ" in record.getMessage()]


async def test_new_keys_of_the_provider_are_read(
    here: Team, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEYS_AGAIN_S", 0.0)
    async with here.browser() as http:
        await signs_in(http, "sub-mali")
        provider.key, provider.key_id = RSAKey.generate_key(2048, parameters={"kid": "two"}), "two"
        assert (await signs_in(http, "sub-mali")).headers["location"] == "/"


async def test_a_provider_that_is_away_does_not_stop_the_page(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    provider = OpenIdProvider(people=known_people())
    with provider.running():
        pass
    async with opened(database_url, tmp_path, provider) as people, people.browser() as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/sign-in/oidc")).headers["location"] == "/sign-in?error=openid_unavailable"
        with provider.running():
            left = await http.get("/sign-in/oidc")
            back = await back_from(left.headers["location"], "sub-mali")
        assert await refused(http, back) == "openid_unavailable"


def endless() -> tuple[int, bytes]:
    return 200, b'{"issuer": "' + b"x" * fetching.ANSWER_BYTES + b'"}'


BAD_ANSWERS: list[Callable[[], tuple[int, bytes]]] = [
    endless,
    lambda: (500, b"{}"),
    lambda: (302, b"{}"),
    lambda: (404, b"{}"),
    lambda: (200, b"<html>"),
    lambda: (200, b"[" * 200_000),
    lambda: (200, b"[]"),
    lambda: (200, b"{}"),
    lambda: (200, b"\xff\xfe"),
    lambda: (200, json.dumps({"issuer": "https://other.example"}).encode()),
]


@pytest.mark.parametrize("path", [DISCOVERY, "/oauth2/token", "/jwks"])
async def test_an_answer_that_is_none_is_told(here: Team, provider: OpenIdProvider, path: str) -> None:
    async with here.browser() as http:
        for number, answer in enumerate(BAD_ANSWERS):
            provider.instead[path] = answer
            left = (await http.get("/sign-in/oidc")).headers["location"]
            if path == DISCOVERY:
                assert left == "/sign-in?error=openid_unavailable", number
            else:
                told = await refused(http, await back_from(left, "sub-mali"))
                assert told in ("openid_unavailable", "openid_forged"), number


async def test_a_provider_may_not_lead_to_addresses_without_tls(here: Team, provider: OpenIdProvider) -> None:
    async with httpx.AsyncClient() as http:
        told = (await http.get(provider.issuer + DISCOVERY)).json()
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
        provider.instead[DISCOVERY] = lambda name=name: (200, json.dumps({**told, name: "http://id.example"}).encode())  # type: ignore[misc]
        async with here.browser() as http:
            assert (await http.get("/sign-in/oidc")).headers["location"] == "/sign-in?error=openid_unavailable"


async def test_what_the_provider_refuses_is_told(here: Team, provider: OpenIdProvider) -> None:
    async with here.browser() as http:
        for error, code in (("invalid_client", "openid_wrong_client"), ("invalid_grant", "openid_refused")):
            provider.instead["/oauth2/token"] = lambda error=error: (400, json.dumps({"error": error}).encode())  # type: ignore[misc]
            assert await why(http) == code


async def test_what_is_not_in_the_token_is_asked_for(here: Team, provider: OpenIdProvider) -> None:
    provider.claims = changed(name=None, email=None, preferred_username=None)
    async with here.browser() as http:
        await signs_in(http, "sub-mali")
        assert (await http.get("/api/me")).json()["display_name"] == "มะลิ ใจดี"
        provider.instead["/userinfo"] = lambda: (200, json.dumps({"sub": "sub-chai", "name": "x"}).encode())
        http.cookies.clear()
        assert await why(http) == "openid_forged"
