"""An OpenID provider over real HTTP, for tests: oidc-provider-mock, and what a hostile or broken one would answer."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
from authlib.deprecate import AuthlibDeprecationWarning
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from tests.accounts import Team, cookies_of, team
from thai_chat.accounts.openid.rules import OpenIdRules
from thai_chat.accounts.service import AccountRules

with warnings.catch_warnings():
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    import oidc_provider_mock

Answer = tuple[int, bytes]
KEY = RSAKey.generate_key(2048, parameters={"kid": "one"})
_had: set[int] = set()
"""The ports that providers have had: who signed in by one is known to the database, by its address."""


@dataclass
class OpenIdProvider:
    """`people` are its users' claims by subject. What it answers is changed by `instead` (a path's whole answer),
    `claims` (what it signs) and `signed` (what it has signed)."""

    port: int = 0
    people: dict[str, dict[str, object]] = field(default_factory=dict)
    instead: dict[str, Callable[[], Answer]] = field(default_factory=dict)
    claims: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    signed: Callable[[str], str] = lambda token: token
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """The paths that were asked for, each with what was sent."""
    key: RSAKey = field(default_factory=lambda: KEY)

    key_id: str = "one"

    @property
    def name(self) -> str:
        """The name by which its first person signs in here."""
        return str(self.people["sub-mali"]["preferred_username"])

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    @contextmanager
    def running(self) -> Iterator[OpenIdProvider]:
        users = [oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in self.people.items()]
        app = oidc_provider_mock.app(user_claims=users)
        app.debug = False

        def changed(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            request = Request(environ)
            body = request.get_data()
            environ["wsgi.input"] = io.BytesIO(body)
            self.asked.append((request.path, {**request.args.to_dict(), **query_of(f"?{body.decode()}")}))
            if request.path in self.instead:
                status, body = self.instead[request.path]()
                return Response(body, status, content_type="application/json")(environ, start)
            if request.path == "/jwks":
                return Response(json.dumps(KeySet([self.key]).as_dict()))(environ, start)
            answer = Response.from_app(app.wsgi_app, environ)
            if request.path == "/oauth2/token" and answer.status_code == 200:
                answer.set_data(self._signed_anew(answer.get_data()))
            return answer(environ, start)

        server = make_server("localhost", self.port, changed, threaded=True)
        while not self.port and server.server_port in _had:
            server.server_close()
            server = make_server("localhost", self.port, changed, threaded=True)
        self.port = server.server_port
        _had.add(self.port)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _signed_anew(self, body: bytes) -> bytes:
        told = json.loads(body)
        claims = self.claims({**_claims(told["id_token"]), "iat": int(time.time()), "exp": int(time.time()) + 600})
        token = jwt.encode({"alg": "RS256", "kid": self.key_id}, claims, self.key)
        return json.dumps({**told, "id_token": self.signed(token)}).encode()


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    claims.pop("at_hash", None)
    return claims


async def signs_in(http: httpx.AsyncClient, subject: str, path: str = "/sign-in/oidc") -> httpx.Response:
    """Go to the provider as a browser does, sign in there, and return the answer to who comes back."""
    left = await http.get(path)
    assert left.status_code == 303, left.text
    return await http.get(await back_from(left.headers["location"], subject))


async def back_from(address: str, subject: str, action: str = "authorize") -> str:
    """Return where the provider sends somebody who has signed in there, or has denied."""
    async with httpx.AsyncClient() as at_provider:
        sent = await at_provider.post(address, data={"sub": subject, "action": action})
    assert sent.status_code in (302, 303), sent.text
    return sent.headers["location"]


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def known_people() -> dict[str, dict[str, object]]:
    """Return people for a provider, by their subjects; their names are nobody's in other tests."""
    own = uuid4().hex[:12]
    mali = {"name": "มะลิ ใจดี", "email": f"mali-{own}@uni.example", "email_verified": True}
    chai = {"name": "ชัย", "email": f"chai-{own}@else.example", "email_verified": True}
    return {
        "sub-mali": {**mali, "preferred_username": f"mali-{own}"},
        "sub-chai": {**chai, "groups": ["staff", "ผู้ดูแล"], "realm_access": {"roles": ["boss"]}},
        "sub-unverified": {"email": f"x-{own}@uni.example", "email_verified": False},
    }


@asynccontextmanager
async def opened(
    address: str,
    folder: Path,
    provider: OpenIdProvider,
    *,
    sign_up: str = "invitation",
    ways: Sequence[str] = ("password", "oidc"),
    **changes: object,
) -> AsyncIterator[Team]:
    """Serve the API where people sign in by this provider too; `changes` are of its rules."""
    rules = OpenIdRules(issuer=provider.issuer, client_id="thai-chat", client_secret="s", key=b"k" * 32)
    rules = replace(rules, **{"makes_accounts": True, "label": "มหาวิทยาลัย", **changes})  # type: ignore[arg-type]
    accounts = AccountRules(ways=ways, sign_up=sign_up, openid=rules)
    async with team(address, folder, rules=accounts) as people:
        yield people


async def refused(http: httpx.AsyncClient, back: str) -> str:
    """Come back with what is refused, and return the code that the sign-in page is told."""
    answer = await http.get(back)
    assert answer.status_code == 303
    assert not any(cookie.startswith("thai_chat=") for cookie in cookies_of(answer))
    where = answer.headers["location"]
    assert where.startswith("/sign-in?")
    return query_of(where)["error"]
