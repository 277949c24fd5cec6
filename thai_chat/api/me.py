"""Who asks, as the server knows them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.accounts.service import Accounts
from thai_chat.api.addresses import visit_of
from thai_chat.api.cookies import remove_token
from thai_chat.api.dependencies import Asking, People, PeopleIfAny
from thai_chat.api.refusing import refuses
from thai_chat.chat.text import identifier
from thai_chat.domain.account_errors import (
    AccountNotFound,
    BadAccountName,
    BadPassword,
    FreshSignInNeeded,
    SignInNotFound,
    TooManyAttempts,
    WrongPassword,
)
from thai_chat.domain.accounts import Account
from thai_chat.domain.errors import HistoryUnavailable, UnreadableText
from thai_chat.domain.people import Entrance, Person, PersonRole, Scope
from thai_chat.texts import Language

router = APIRouter(prefix="/api/me", tags=["people"])


class Me(BaseModel):
    user_id: str
    name: str = Field(description="The name to sign in by")
    display_name: str
    role: PersonRole = Field(description="`administrator` may look after people and limits")
    language: str | None = Field(default=None, description="The language that was chosen; null: the browser's")
    has_password: bool = False
    entrance: Entrance = Field(description="How the server knows who asks")
    scopes: list[Scope]
    has_accounts: bool = Field(description="Whether people sign in here")
    admin_reads_chats: bool = Field(description="Whether administrators may search and count what everybody said")


class MeChanges(BaseModel):
    """Fields that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    display_name: str | None = Field(default=None, description="Null leaves it as it is", examples=["มะลิ"])
    language: Language | None = Field(default=None, description="Null leaves it to the browser")


class PasswordRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    current: str = Field(default="", description="Empty for an account that has no password yet")
    new: str = Field(description="8 to 200 characters of any script", examples=["ข้าวเหนียวมะม่วง"])


class SignInEntry(BaseModel):
    """One browser in which this person has signed in."""

    sign_in_id: UUID
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    browser: str = Field(description="The name that the browser gives itself")
    address: str
    is_current: bool = Field(description="Whether it is the browser that asks")


class SignInsBody(BaseModel):
    sign_ins: list[SignInEntry] = Field(description="The last used first")


class EndedBody(BaseModel):
    ended: int = Field(description="How many sessions of browsers have ended")


@router.get("")
async def get_me(person: Asking, people: PeopleIfAny) -> Me:
    """Return who asks."""
    if people is None or person.account_id is None:
        return me_of(person, people, None)
    try:
        account = await people.storage.accounts.by_id(person.account_id)
    except HistoryUnavailable:
        account = None
    return me_of(person, people, account)


@router.patch("", responses=refuses(BadAccountName, UnreadableText, AccountNotFound))
async def change_me(asked: MeChanges, person: Asking, people: People) -> Me:
    """Change the name that is shown, and the language of the page."""
    account = None
    if asked.display_name is not None:
        account = await people.profile.rename(person, asked.display_name)
    if "language" in asked.model_fields_set:
        account = await people.profile.choose_language(person, asked.language)
    if account is None:
        return await get_me(person, people)
    return me_of(person, people, account)


@router.post(
    "/password",
    status_code=204,
    responses=refuses(WrongPassword, FreshSignInNeeded, BadPassword, UnreadableText, TooManyAttempts, AccountNotFound),
)
async def change_password(asked: PasswordRequest, request: Request, person: Asking, people: People) -> None:
    """Change the password. All other sessions of this person are over."""
    await people.profile.change_password(person, asked.current, asked.new, visit_of(request))


@router.get("/sign-ins")
async def list_sign_ins(person: Asking, people: People) -> SignInsBody:
    """Return the browsers in which this person has signed in, the last used first."""
    entries = [
        SignInEntry(
            sign_in_id=one.sign_in_id,
            created_at=one.created_at,
            used_at=one.used_at,
            expires_at=one.expires_at,
            browser=one.browser,
            address=one.address,
            is_current=one.sign_in_id == person.sign_in_id,
        )
        for one in await people.profile.sign_ins(person)
    ]
    return SignInsBody(sign_ins=entries)


@router.delete("/sign-ins")
async def end_other_sign_ins(person: Asking, people: People) -> EndedBody:
    """Sign out everywhere but here: within ten seconds, on every process."""
    return EndedBody(ended=await people.profile.end_others(person))


@router.delete("/sign-ins/{sign_in_id}", status_code=204, responses=refuses(SignInNotFound))
async def end_sign_in(sign_in_id: str, request: Request, response: Response, person: Asking, people: People) -> None:
    """Sign out in one browser."""
    ended = identifier(sign_in_id)
    await people.profile.end_sign_in(person, ended)
    if ended == person.sign_in_id:
        remove_token(response, request)


def me_of(person: Person, people: Accounts | None, account: Account | None) -> Me:
    """Return what a person is told of themselves; without the account, what is known of them while PostgreSQL is
    away."""
    return Me(
        user_id=person.user_id,
        name=account.name if account else person.name,
        display_name=account.display_name if account else person.name,
        role=person.role,
        language=account.language if account else None,
        has_password=account is not None and account.password_hash is not None,
        entrance=person.entrance,
        scopes=sorted(person.scopes),
        has_accounts=people is not None,
        admin_reads_chats=people is not None and people.rules.admin_reads_chats,
    )
