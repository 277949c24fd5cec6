"""The people who have accounts, as administrators see and change them; and leaving for good."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.accounts.administration import PersonChange
from thai_chat.api.addresses import visit_of
from thai_chat.api.cookies import remove_token
from thai_chat.api.dependencies import Asking, Noting, People, Service
from thai_chat.api.invitations import Link, url_of
from thai_chat.api.refusing import refuses
from thai_chat.chat.text import identifier
from thai_chat.domain.account_errors import (
    AccountNotFound,
    BadAccountName,
    DisabledAccount,
    FreshSignInNeeded,
    LastAdministrator,
    PasswordsOff,
    ScopeTooSmall,
    TooManyAttempts,
    WrongPassword,
)
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import UnreadableText
from thai_chat.domain.people import Entrance, PersonRole

router = APIRouter(prefix="/api", tags=["people"])


class PersonEntry(BaseModel):
    account_id: UUID
    name: str = Field(description="The name to sign in by")
    display_name: str
    role: PersonRole = Field(description="`administrator` may look after people and limits")
    is_disabled: bool = Field(description="Whether they are kept out")
    created_at: datetime
    last_used_at: datetime | None = Field(
        description="When a browser or a key of theirs was last seen; null: not for a long time"
    )
    has_password: bool
    sessions: int = Field(description="How many sessions of the chat they have")


class PeopleBody(BaseModel):
    people: list[PersonEntry] = Field(description="By name")


class PersonChanges(BaseModel):
    """The changes of a person: what is named is changed, the rest stays."""

    model_config = ConfigDict(extra="forbid")

    role: PersonRole | None = Field(default=None, description="Null leaves it as it is")
    disabled: bool | None = Field(
        default=None,
        description="True keeps somebody out: they are signed out, their keys are good for nothing, "
        "and their replies end",
    )
    display_name: str | None = Field(default=None, description="Null leaves it as it is")


class LeaveRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    password: str = Field(default="", description="Empty where one signs in without, which has to be a short while ago")


@router.delete(
    "/me",
    status_code=204,
    responses=refuses(WrongPassword, FreshSignInNeeded, LastAdministrator, TooManyAttempts, AccountNotFound),
)
async def delete_me(
    asked: LeaveRequest,
    request: Request,
    response: Response,
    person: Asking,
    people: People,
    service: Service,
    notes: Noting,
) -> None:
    """Delete one's own account with all that it has: sessions, messages, presets, links, keys. An export comes first.

    409 `last_administrator` for the only one who may administer; 503 while PostgreSQL is away. A key may not do it.
    """
    if person.entrance is Entrance.KEY:
        raise ScopeTooSmall(scope="browser")
    account = await people.profile.confirmed(person, asked.password, visit_of(request), Action.ACCOUNT_DELETED)
    await service.end_all(account.user_id)
    await people.administration.remove(account.account_id)
    notes.put(Action.ACCOUNT_DELETED, target=str(account.account_id))
    remove_token(response, request)


@router.get("/people")
async def list_people(people: People) -> PeopleBody:
    """Return everybody who has an account, by name."""
    return PeopleBody(
        people=[
            PersonEntry(
                account_id=one.account.account_id,
                name=one.account.name,
                display_name=one.account.display_name,
                role=one.account.role,
                is_disabled=one.account.is_disabled,
                created_at=one.account.created_at,
                last_used_at=one.last_used_at,
                has_password=one.account.password_hash is not None,
                sessions=one.sessions,
            )
            for one in await people.administration.all()
        ]
    )


@router.patch(
    "/people/{account_id}",
    status_code=204,
    responses=refuses(AccountNotFound, LastAdministrator, BadAccountName, UnreadableText),
)
async def change_person(account_id: str, asked: PersonChanges, people: People, service: Service, notes: Noting) -> None:
    """Change somebody's role, keep them out or let them in again, or correct the name that is shown.

    409 `last_administrator` where nobody would be left who may administer.
    """
    wanted = PersonChange(role=asked.role, disabled=asked.disabled, display_name=asked.display_name)
    account = await people.administration.change(identifier(account_id), wanted)
    if account.is_disabled:
        await service.end_all(account.user_id)
    target = str(account.account_id)
    if asked.role is not None:
        notes.put(Action.ROLE_CHANGED, target=target, details={"role": account.role.value})
    if asked.disabled is not None:
        action = Action.ACCOUNT_DISABLED if account.is_disabled else Action.ACCOUNT_ENABLED
        notes.put(action, target=target)
    if asked.display_name is not None:
        notes.put(Action.NAME_CHANGED, target=target)


@router.post(
    "/people/{account_id}/reset",
    status_code=201,
    responses=refuses(AccountNotFound, DisabledAccount, PasswordsOff),
)
async def reset_person(account_id: str, request: Request, person: Asking, people: People, notes: Noting) -> Link:
    """Make a link by which somebody chooses a new password. The old one is good until then."""
    account = await people.storage.accounts.by_id(identifier(account_id))
    issued = await people.invitations.reset(account, by=person.account_id)
    notes.put(Action.PASSWORD_RESET, target=str(account.account_id), details={"link": True})
    return Link(url=url_of(issued, request, people), expires_at=issued.invitation.expires_at)


@router.delete("/people/{account_id}", status_code=204, responses=refuses(AccountNotFound, LastAdministrator))
async def delete_person(account_id: str, people: People, service: Service, notes: Noting) -> None:
    """Delete somebody with all that they have. 409 `last_administrator` for the last one."""
    account = await people.storage.accounts.by_id(identifier(account_id))
    await service.end_all(account.user_id)
    await people.administration.remove(account.account_id)
    notes.put(Action.ACCOUNT_DELETED, target=str(account.account_id), details={"name": account.name})
