"""Signing in by a password, and out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.api.addresses import visit_of
from thai_chat.api.cookies import remove_token, set_token, token_of
from thai_chat.api.dependencies import Asking, People
from thai_chat.api.me import Me, me_of
from thai_chat.api.refusing import refuses
from thai_chat.domain.account_errors import (
    NoPasswords,
    SignInUnavailable,
    TooManyAttempts,
    WrongCredentials,
)

router = APIRouter(prefix="/api", tags=["people"])


class SignInBody(BaseModel):
    """How people sign in here."""

    ways: list[str] = Field(description="`password`, `oidc`, or both")
    sign_up: str = Field(description="Who may make an account: `off`, `invitation`, `open`")
    oidc_label: str | None = Field(default=None, description="The name of the OpenID provider, for a button")


class SignInRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="The name to sign in by")
    password: str = Field(description="The password", examples=["ข้าวเหนียวมะม่วง"])


@router.get("/sign-in")
async def list_ways_to_sign_in(people: People) -> SignInBody:
    """Return how people sign in here."""
    rules = people.rules
    label = rules.openid.label if rules.openid else None
    return SignInBody(ways=list(rules.ways), sign_up=rules.sign_up, oidc_label=label)


@router.post("/sign-in", responses=refuses(NoPasswords, WrongCredentials, TooManyAttempts, SignInUnavailable))
async def sign_in(asked: SignInRequest, request: Request, response: Response, people: People) -> Me:
    """Sign in. The answer sets the cookie that goes with all other requests; a session that the browser had is over.

    401 `wrong_credentials` for a wrong name and a wrong password alike; 429 `too_many_attempts` with `Retry-After`.
    """
    if "password" not in people.rules.ways:
        raise NoPasswords
    signed_in = await people.signing_in.by_password(
        asked.name, asked.password, visit_of(request), old_token=token_of(request)
    )
    set_token(response, request, signed_in)
    response.headers["Cache-Control"] = "no-store"
    return me_of(signed_in.person, people, signed_in.account)


@router.post("/sign-out", status_code=204)
async def sign_out(request: Request, response: Response, person: Asking, people: People) -> None:
    """End the session of this browser. With an API key nothing ends."""
    await people.signing_in.end(person)
    remove_token(response, request)
