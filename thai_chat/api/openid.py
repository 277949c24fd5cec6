"""Signing in by an OpenID provider: leaving for it, and coming back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict

from thai_chat.accounts.openid.round_trip import LASTS, CameBack
from thai_chat.accounts.openid.rules import OpenIdRules
from thai_chat.api.cookies import is_secure, set_token, token_of, visit_of
from thai_chat.api.dependencies import Asking, People
from thai_chat.domain.errors import AlreadyTakenOver, HistoryUnavailable, InvitationOver, NameTaken, ThaiChatError
from thai_chat.domain.openid_errors import NoOpenId, OpenIdError
from thai_chat.domain.people import known_person

if TYPE_CHECKING:
    from thai_chat.accounts.openid.signing_in import OpenIdSignIn
else:  # it needs Authlib, which is there with AUTH=oidc alone
    OpenIdSignIn = object

CALLBACK = "/sign-in/oidc/callback"

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

    next: str = "/"
    """Where to go on, a path of this page."""


class LinkAnswer(BaseModel):
    url: str
    """Where the provider signs this person in."""


@router.get("/sign-in/oidc", status_code=303)
async def leave(
    request: Request, openid: OpenId, next: str = "/", invitation: str = "", take_over: bool = False
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
    _keep(answer, request, kept)
    return answer


@router.post("/api/me/identities")
async def link(
    asked: LinkRequest, request: Request, response: Response, person: Asking, people: People, openid: OpenId
) -> LinkAnswer:
    """Begin to add one more way to sign in to this account: the browser goes to `url` next."""
    address, kept = await openid.begin(back_to=_back_to(request, openid.rules), next_path=asked.next, person=person)
    _keep(response, request, kept)
    return LinkAnswer(url=address)


@returning.get(CALLBACK, status_code=303)
async def come_back(request: Request, openid: OpenId) -> Response:
    """Take whom the provider sends back, begin their session, and go on."""
    told = request.query_params
    came = CameBack(
        state=told.get("state", ""), code=told.get("code", ""), error=told.get("error", ""), issuer=told.get("iss")
    )
    try:
        begun, next_path = await openid.finish(
            came,
            request.cookies.get(_cookie(request), ""),
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
    answer.delete_cookie(_cookie(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")
    return answer


def _told(error: ThaiChatError) -> Response:
    return RedirectResponse(f"/sign-in?{urlencode({'error': error.code})}", 303)


def _keep(answer: Response, request: Request, kept: str) -> None:
    answer.set_cookie(
        _cookie(request),
        kept,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )


def _cookie(request: Request) -> str:
    return "__Host-thai_chat_oidc" if is_secure(request) else "thai_chat_oidc"


def _back_to(request: Request, rules: OpenIdRules) -> str:
    """Return the address that the provider has to know. The gate has looked at the name under which it is asked."""
    page = rules.public_url or f"{request.url.scheme}://{request.headers['host']}"
    return page + CALLBACK
