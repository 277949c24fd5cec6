"""The OpenID provider: what it tells of itself, and whom it has signed in, by an authorization code with PKCE."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx2
from authlib.integrations.base_client.errors import OAuthError
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry

from thai_chat.accounts.openid.claims import Claims, values_of
from thai_chat.accounts.openid.fetching import fetch
from thai_chat.accounts.openid.rules import OpenIdRules
from thai_chat.domain.openid_errors import (
    OpenIdClock,
    OpenIdForged,
    OpenIdRefused,
    OpenIdUnavailable,
    OpenIdWrongClient,
)
from thai_chat.domain.setting_values import is_secure_address

KEPT_S = 3600.0
"""How long what the provider tells of itself is good for."""
RETRY_S = 3.0
"""How long a provider that was away is not asked again."""
KEYS_AGAIN_S = 30.0
"""How long after its keys were read an unknown one has them read again."""
LEEWAY_S = 120
"""How far the provider's clock may be from ours."""
_AT_ONCE = 16
_ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""By keys of which the provider tells the public half alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """The answers of the provider about itself, at a time."""

    issuer: str
    authorization: str
    token: str
    user_info: str | None
    keys_at: str
    client_auth: str
    algorithms: tuple[str, ...]
    at_s: float


class Provider:
    """It is asked for the first time when somebody signs in, so that a page starts without it."""

    def __init__(self, rules: OpenIdRules, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules = rules
        self._clock = clock
        self._http = httpx2.AsyncClient(follow_redirects=False, timeout=httpx2.Timeout(10, connect=5))
        self._asking = asyncio.Lock()
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._known: _Told | None = None
        self._keys: KeySet | None = None
        self._keys_at_s = 0.0
        self._failed: tuple[float, OpenIdUnavailable] | None = None

    async def close(self) -> None:
        await self._http.aclose()

    async def address(self, *, back_to: str, state: str, nonce: str, verifier: str) -> str:
        """Return where the provider signs somebody in. Raises OpenIdUnavailable."""
        known = await self._tell()
        address: str = prepare_grant_uri(
            known.authorization,
            client_id=self._rules.client_id,
            response_type="code",
            redirect_uri=back_to,
            scope=self._rules.scopes,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return address

    async def claims(self, code: str, *, issuer: str | None, back_to: str, nonce: str, verifier: str) -> Claims:
        """Return what the provider says of whom it sends back with a code, once its signature is checked.

        `issuer` is who says to have sent them, if that was told. Raises OpenIdUnavailable, OpenIdRefused,
        OpenIdWrongClient, OpenIdForged, OpenIdClock.
        """
        async with self._at_once:
            known = await self._tell()
            if issuer is not None and issuer != known.issuer:
                raise OpenIdForged("another issuer")
            token = await self._token(known, code, back_to, verifier)
            try:
                claims = await self._checked(known, token, nonce)
            except (ExpiredTokenError, _NotYet) as error:
                raise OpenIdClock from error
            except (JoseError, OAuthError, ValueError, TypeError, KeyError) as error:
                raise OpenIdForged(type(error).__name__) from error
            return await self._completed(known, claims, token)

    async def _token(self, known: _Told, code: str, back_to: str, verifier: str) -> Mapping[str, Any]:
        body = prepare_token_request("authorization_code", code=code, redirect_uri=back_to, code_verifier=verifier)
        auth = ClientAuth(self._rules.client_id, self._rules.client_secret, known.client_auth)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        address, headers, body = auth.prepare("POST", known.token, headers, body)
        status, told = await fetch(self._http, "POST", address, body=body, headers=headers)
        if status in (400, 401, 403):
            is_ours = told.get("error") in ("invalid_client", "unauthorized_client")
            raise OpenIdWrongClient() if is_ours else OpenIdRefused(str(told.get("error"))[:100])
        if status != 200:
            raise OpenIdUnavailable(f"status {status}")
        return told

    async def _checked(self, known: _Told, token: Mapping[str, Any], nonce: str) -> Claims:
        registry = JWSRegistry(algorithms=list(known.algorithms), strict_check_header=False)
        written = str(token["id_token"])
        try:
            read = jwt.decode(written, key=await self._key_set(known), registry=registry)
        except (InvalidKeyIdError, ValueError):
            read = jwt.decode(written, key=await self._key_set(known, unknown=True), registry=registry)
        claims = CodeIDToken(
            read.claims,
            read.header,
            {
                "iss": {"essential": True, "value": known.issuer},
                "aud": {"essential": True, "value": self._rules.client_id},
            },
            {"nonce": nonce, "client_id": self._rules.client_id, "access_token": token.get("access_token")},
        )
        try:
            claims.validate(leeway=LEEWAY_S)
        except InvalidClaimError as error:
            raise _NotYet() if error.claim in ("iat", "nbf") else error from error
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or "\0" in subject:
            raise OpenIdForged("no subject")
        return dict(claims)

    async def _completed(self, known: _Told, claims: Claims, token: Mapping[str, Any]) -> Claims:
        """Return the claims with those that the provider tells at another address only, where one is missing."""
        role = self._rules.role_claim
        has_role = not role or values_of(claims, role)
        if known.user_info is None or ({"name", "email"} <= claims.keys() and has_role):
            return claims
        headers = {"Authorization": f"Bearer {token.get('access_token', '')}"}
        status, told = await fetch(self._http, "GET", known.user_info, headers=headers)
        if status != 200:
            raise OpenIdUnavailable(f"status {status}")
        if told.get("sub") != claims["sub"]:
            raise OpenIdForged("another subject")
        return {**told, **claims}

    async def _tell(self) -> _Told:
        async with self._asking:
            now_s = self._clock()
            if self._known and now_s - self._known.at_s < KEPT_S:
                return self._known
            if self._failed and now_s - self._failed[0] < RETRY_S:
                raise self._failed[1]
            try:
                self._known = await self._discovered(now_s)
            except OpenIdUnavailable as error:
                self._failed = self._clock(), error
                raise
            self._keys = self._failed = None
            return self._known

    async def _discovered(self, now_s: float) -> _Told:
        address = self._rules.issuer.rstrip("/") + "/.well-known/openid-configuration"
        status, told = await fetch(self._http, "GET", address)
        if status != 200:
            raise OpenIdUnavailable(f"status {status}")
        issuer = told.get("issuer")
        if not isinstance(issuer, str) or issuer.rstrip("/") != self._rules.issuer.rstrip("/"):
            raise OpenIdUnavailable("it calls itself by another name than OIDC_ISSUER")
        ways = _texts(told.get("token_endpoint_auth_methods_supported")) or ("client_secret_basic",)
        posts = "client_secret_basic" not in ways and "client_secret_post" in ways
        secret_by = "client_secret_post" if posts else "client_secret_basic"
        return _Told(
            issuer=issuer,
            authorization=_endpoint(told, "authorization_endpoint"),
            token=_endpoint(told, "token_endpoint"),
            user_info=_endpoint(told, "userinfo_endpoint") if told.get("userinfo_endpoint") else None,
            keys_at=_endpoint(told, "jwks_uri"),
            client_auth=secret_by if self._rules.client_secret else "none",
            algorithms=tuple(
                name
                for name in _texts(told.get("id_token_signing_alg_values_supported")) or ("RS256",)
                if name in _ALGORITHMS
            ),
            at_s=now_s,
        )

    async def _key_set(self, known: _Told, *, unknown: bool = False) -> KeySet:
        async with self._asking:
            now_s = self._clock()
            is_new_enough = not unknown or now_s - self._keys_at_s < KEYS_AGAIN_S
            if self._keys is None or not is_new_enough:
                status, told = await fetch(self._http, "GET", known.keys_at)
                if status != 200:
                    raise OpenIdUnavailable(f"status {status}")
                self._keys, self._keys_at_s = _key_set(told), now_s
            return self._keys


def _key_set(told: Mapping[str, Any]) -> KeySet:
    """Return the keys of a kind that is known here; there may be others beside them."""
    keys = []
    for one in told["keys"]:
        with suppress(JoseError, ValueError, TypeError, KeyError):
            keys.append(JWKRegistry.import_key(one))
    return KeySet(keys)


class _NotYet(Exception):
    """A token that begins to be good later, by our clock."""


def _endpoint(told: Mapping[str, Any], name: str) -> str:
    address = told.get(name)
    if not isinstance(address, str) or not is_secure_address(address):
        raise OpenIdUnavailable(f"its {name} is no address with TLS")
    return address


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
