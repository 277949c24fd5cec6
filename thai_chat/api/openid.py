"""Signing in by an OpenID provider: leaving for it, and coming back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.accounts.openid.round_trip import LASTS, CameBack
from thai_chat.accounts.openid.rules import OpenIdRules
from thai_chat.api.addresses import page_of, visit_of
from thai_chat.api.cookies import cookie_of, remove_cookie, set_cookie, set_token, token_of
from thai_chat.api.dependencies import Asking, People
from thai_chat.api.refusing import refuses
from thai_chat.domain.account_errors import AlreadyTakenOver, InvitationOver, NameTaken
from thai_chat.domain.errors import HistoryUnavailable, ThaiChatError
from thai_chat.domain.openid_errors import IdentityNotFound, LastWayIn, NoOpenId, OpenIdError, OpenIdUnavailable
from thai_chat.domain.people import known_person

if TYPE_CHECKING:
    from thai_chat.accounts.openid.signing_in import OpenIdSignIn
else:  # it needs Authlib, which is there with AUTH=oidc alone
    OpenIdSignIn = object

CALLBACK = "/sign-in/oidc/callback"
_COOKIE = "oidc"
"""The purpose of the cookie that is there while somebody is at the provider."""

router = APIRouter(tags=["people"])
returning = APIRouter(tags=["people"])
"""Providers add what they like to the address."""


async def _openid(people: People) -> OpenIdSignIn:
    if people.openid is None:
        raise NoOpenId
    return people.openid


OpenId = Annotated[OpenIdSignIn, Depends(_openid)]


class LinkRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    next: str = Field(default="/", description="Where to go on, a path of this page")


class LinkAnswer(BaseModel):
    url: str = Field(description="Where the provider signs this person in")


class IdentityEntry(BaseModel):
    """Somebody as an OpenID provider knows them."""

    identity_id: str = Field(description="Its name here", examples=["0f3c1ab2d4e5f60718293a4b5c6d7e8f"])
    issuer: str = Field(description="The provider's address", examples=["https://id.example.org"])
    subject: str = Field(description="The provider's name for this person", examples=["248289761001"])
    created_at: datetime = Field(description="When it was added", examples=["2026-11-30T04:00:00Z"])


class IdentitiesBody(BaseModel):
    """The identities at OpenID providers that sign in to an account, besides its password."""

    identities: list[IdentityEntry] = Field(description="The identities, the first one first")
    can_add: bool = Field(description="Whether people sign in by a provider here: POST adds one more")
    provider: str = Field(description="The provider's name for people; empty where it has none", examples=["มหาวิทยาลัย"])


@router.get("/sign-in/oidc", status_code=303, responses=refuses(NoOpenId))
async def begin_openid_sign_in(
    request: Request,
    openid: OpenId,
    next: Annotated[str, Query(description="Where to go on, a path of this page")] = "/",
    invitation: Annotated[str, Query(description="The token of an invitation, for who has no account")] = "",
    take_over: Annotated[
        bool, Query(description="With the first administrator's invitation: the sessions of before become theirs")
    ] = False,
) -> Response:
    """Send the browser to the provider; it comes back to `next`, a path of this page.

    With the token of an `invitation`, somebody who has no account gets one. What fails is told by
    `/sign-in?error=CODE`.
    """
    try:
        address, kept = await openid.begin(
            back_to=_back_to(request, openid.rules), next_path=next, invitation=invitation, takes_over=take_over
        )
    except OpenIdError as error:
        return _told(error)
    answer = RedirectResponse(address, 303)
    set_cookie(answer, request, kept, _COOKIE, lasts=LASTS)
    return answer


@router.post("/api/me/identities", responses=refuses(NoOpenId, OpenIdUnavailable))
async def link_identity(
    asked: LinkRequest, request: Request, response: Response, person: Asking, people: People, openid: OpenId
) -> LinkAnswer:
    """Begin to add one more way to sign in to this account: the browser goes to `url` next."""
    address, kept = await openid.begin(back_to=_back_to(request, openid.rules), next_path=asked.next, person=person)
    set_cookie(response, request, kept, _COOKIE, lasts=LASTS)
    return LinkAnswer(url=address)


@router.get("/api/me/identities")
async def list_identities(person: Asking, people: People) -> IdentitiesBody:
    """Return the identities of OpenID providers that may sign in to this account, the first one first."""
    entries = [
        IdentityEntry(identity_id=one.identity_id, issuer=one.issuer, subject=one.subject, created_at=one.created_at)
        for one in await people.profile.identities(person)
    ]
    rules = people.openid.rules if people.openid else None
    return IdentitiesBody(identities=entries, can_add=rules is not None, provider=rules.label if rules else "")


@router.delete("/api/me/identities/{identity_id}", status_code=204, responses=refuses(IdentityNotFound, LastWayIn))
async def remove_identity(identity_id: str, request: Request, person: Asking, people: People) -> None:
    """Let an identity no longer sign in to this account.

    The only way in stays: 409 `last_way_in` where there is no password and no other identity.
    """
    await people.profile.remove_identity(person, identity_id, visit_of(request))


@returning.get(CALLBACK, status_code=303, responses=refuses(NoOpenId))
async def finish_openid_sign_in(request: Request, openid: OpenId) -> Response:
    """Take whom the provider sends back, begin their session, and go on."""
    told = request.query_params
    came = CameBack(
        state=told.get("state", ""), code=told.get("code", ""), error=told.get("error", ""), issuer=told.get("iss")
    )
    try:
        begun, next_path = await openid.finish(
            came,
            cookie_of(request, _COOKIE),
            back_to=_back_to(request, openid.rules),
            visit=visit_of(request),
            person=known_person(request.scope),
            old_token=token_of(request),
        )
    except (OpenIdError, HistoryUnavailable, InvitationOver, NameTaken, AlreadyTakenOver) as error:
        answer = _told(error)
    else:
        answer = RedirectResponse(next_path, 303)
        set_token(answer, request, begun)
    remove_cookie(answer, request, _COOKIE)
    return answer


def _told(error: ThaiChatError) -> Response:
    return RedirectResponse(f"/sign-in?{urlencode({'error': error.code})}", 303)


def _back_to(request: Request, rules: OpenIdRules) -> str:
    """Return the address that the provider has to know."""
    return page_of(request, rules.public_url) + CALLBACK
