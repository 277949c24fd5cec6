"""Links that make an account or give a new password, and administrators who make and revoke them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.accounts.invitations import Issued, NewPerson
from thai_chat.accounts.service import Accounts
from thai_chat.api.addresses import page_of, visit_of
from thai_chat.api.cookies import set_token, token_of
from thai_chat.api.dependencies import Asking, Noting, People
from thai_chat.api.me import Me, me_of
from thai_chat.api.refusing import refuses
from thai_chat.api.repeating import SECRET_NOT_REPEATED, Repeated
from thai_chat.domain.account_errors import (
    AlreadyTakenOver,
    BadAccountName,
    BadPassword,
    DisabledAccount,
    InvitationOver,
    NameTaken,
    SignUpClosed,
    TooManySignUps,
)
from thai_chat.domain.accounts import Account
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import HistoryUnavailable, UnreadableText, WrongMethod
from thai_chat.domain.invitations import LASTS, InvitationPurpose
from thai_chat.domain.people import LOCAL, PersonRole

router = APIRouter(prefix="/api", tags=["people"])

_INVITED_S = int(LASTS[InvitationPurpose.INVITE].total_seconds())
Lasts = Annotated[int, Field(ge=60, le=90 * 86_400, description="Seconds for which the link is good")]


class InvitationTold(BaseModel):
    """A link, as it is told to whoever has it."""

    purpose: InvitationPurpose = Field(
        description="`first` makes the first administrator, `invite` an account, `reset` a new password"
    )
    role: PersonRole = Field(description="The role that the account has or will have")
    name: str | None = Field(description="The name that the account has or will have; null: it is chosen")
    expires_at: datetime = Field(description="Until when it is good")
    local_sessions: int | None = Field(
        description="With `first`: how many sessions of before there were accounts can be taken over"
    )


class SignUpRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: str | None = Field(default=None, description="The end of an invitation's link; without it SIGN_UP=open")
    name: str = Field(description="The name to sign in by; that of the invitation wins")
    password: str = Field(description="8 to 200 characters of any script", examples=["ข้าวเหนียวมะม่วง"])
    display_name: str = Field(default="", description="The name that is shown; empty: `name`")
    take_over: bool = Field(default=False, description="With `first`: the sessions of before become this person's")


class ResetRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: str = Field(description="The end of the link", examples=["mF_9.B5f-4.1JqM"])
    password: str = Field(description="8 to 200 characters of any script", examples=["ข้าวเหนียวมะม่วง"])


class InvitationEntry(BaseModel):
    invitation_id: UUID
    purpose: InvitationPurpose = Field(description="What the link is for")
    role: PersonRole = Field(description="The role that the account has or will have")
    name: str | None = Field(description="The name that the account has or will have; null: it is chosen")
    created_at: datetime
    expires_at: datetime = Field(description="Until when it is good")
    used_at: datetime | None = Field(description="When it was used; null: not yet")


class InvitationsBody(BaseModel):
    invitations: list[InvitationEntry] = Field(description="The newest first")


class InvitationRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: PersonRole = Field(description="The role that the account will have")
    name: str | None = Field(default=None, description="The name that the account will have; without it they choose")
    expires_in_s: Lasts = _INVITED_S


class Link(BaseModel):
    url: str = Field(description="This answer alone has it, and it is good for one use")
    expires_at: datetime = Field(description="Until when it is good")


class InvitationMade(Link):
    invitation_id: UUID


@router.get("/invitations/{token}", responses=refuses(InvitationOver, HistoryUnavailable))
async def get_invitation(token: str, people: People) -> InvitationTold:
    """Return what a link is for. 404 `invitation_over` for one that is unknown, used or expired alike."""
    invitation = await people.invitations.find(token)
    is_first = invitation.purpose is InvitationPurpose.FIRST
    return InvitationTold(
        purpose=invitation.purpose,
        role=invitation.role,
        name=invitation.name,
        expires_at=invitation.expires_at,
        local_sessions=await people.storage.people.count_sessions(LOCAL.user_id) if is_first else None,
    )


@router.post(
    "/sign-up",
    status_code=201,
    responses=refuses(
        SignUpClosed,
        TooManySignUps,
        InvitationOver,
        NameTaken,
        BadAccountName,
        BadPassword,
        UnreadableText,
        AlreadyTakenOver,
        HistoryUnavailable,
    ),
)
async def sign_up(asked: SignUpRequest, request: Request, response: Response, people: People) -> Me:
    """Make an account, and sign in with it: by an invitation, or without one where anybody may."""
    new = NewPerson(
        name=asked.name, password=asked.password, display_name=asked.display_name, takes_over=asked.take_over
    )
    account = await people.invitations.sign_up(new, asked.token, address=visit_of(request).address)
    takes_over = account.user_id == LOCAL.user_id
    return await _let_in(Action.SIGN_UP, account, request, response, people, takes_over=takes_over)


@router.post(
    "/reset-password",
    responses=refuses(InvitationOver, BadPassword, UnreadableText, DisabledAccount, HistoryUnavailable),
)
async def reset_password(asked: ResetRequest, request: Request, response: Response, people: People) -> Me:
    """Choose a new password by a link, and sign in with it. All sessions and API keys of before are over."""
    reset = await people.invitations.reset_password(asked.token, asked.password)
    account = reset.account
    people.browsers.end_all(account.account_id)
    await people.keys.end_with(reset, address=visit_of(request).address)
    people.attempts.forget(account.name)
    return await _let_in(Action.PASSWORD_RESET, account, request, response, people)


async def _let_in(
    action: Action,
    account: Account,
    request: Request,
    response: Response,
    people: Accounts,
    *,
    takes_over: bool = False,
) -> Me:
    """Sign somebody in who has just shown who they are."""
    visit = visit_of(request)
    signed_in = await people.signing_in.begin(account, visit, old_token=token_of(request))
    who, target = signed_in.person, str(account.account_id)
    people.audit.note(action, who=who, target=target, address=visit.address, details={"role": account.role.value})
    if takes_over:
        people.audit.note(Action.CHATS_TAKEN_OVER, who=who, target=target, address=visit.address)
    set_token(response, request, signed_in)
    return me_of(who, people, account)


@router.get("/invitations")
async def list_invitations(people: People) -> InvitationsBody:
    """Return the links that were made, used and expired ones too, the newest first."""
    made = await people.invitations.all()
    return InvitationsBody(
        invitations=[
            InvitationEntry(
                invitation_id=one.invitation_id,
                purpose=one.purpose,
                role=one.role,
                name=one.name,
                created_at=one.created_at,
                expires_at=one.expires_at,
                used_at=one.used_at,
            )
            for one in made
        ]
    )


@router.post(
    "/invitations", status_code=201, responses=refuses(BadAccountName, NameTaken, UnreadableText, *SECRET_NOT_REPEATED)
)
async def create_invitation(
    asked: InvitationRequest, request: Request, person: Asking, people: People, notes: Noting, repeated: Repeated
) -> InvitationMade:
    """Make a link by which somebody makes an account."""
    lasts = timedelta(seconds=asked.expires_in_s)
    issued = await people.invitations.invite(
        asked.role, name=asked.name, lasts=lasts, by=person, idempotency_key=repeated.key()
    )
    made = issued.invitation.invitation_id
    if not issued.is_repeated:
        notes.put(Action.INVITATION_MADE, target=str(made), details={"role": asked.role.value})
    return InvitationMade(
        invitation_id=made,
        url=url_of(issued, request, people),
        expires_at=issued.invitation.expires_at,
    )


@router.delete("/invitations/{invitation_id:uuid}", status_code=204, responses=refuses(InvitationOver, WrongMethod))
async def delete_invitation(invitation_id: UUID, people: People, notes: Noting) -> None:
    """End a link."""
    await people.invitations.revoke(invitation_id)
    notes.put(Action.INVITATION_REVOKED, target=str(invitation_id))


def url_of(issued: Issued, request: Request, people: Accounts) -> str:
    """Return the link of an invitation."""
    return page_of(request, people.rules.public_url) + issued.path
