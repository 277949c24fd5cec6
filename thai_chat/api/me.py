"""Who asks, as the server knows them."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from thai_chat.accounts.service import Accounts
from thai_chat.api.dependencies import Asking, PeopleIfAny
from thai_chat.domain.accounts import Account
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.people import Entrance, Person, PersonRole, Scope

router = APIRouter(prefix="/api/me", tags=["people"])


class Me(BaseModel):
    user_id: str
    name: str
    """The name to sign in by."""
    display_name: str
    role: PersonRole
    language: str | None = None
    """The language that was chosen; null: the browser's."""
    has_password: bool = False
    entrance: Entrance
    scopes: list[Scope]
    has_accounts: bool
    """Whether people sign in here."""
    admin_reads_chats: bool
    """Whether administrators may search and count what everybody said."""


@router.get("")
async def me(person: Asking, people: PeopleIfAny) -> Me:
    """Return who asks."""
    if people is None or person.account_id is None:
        return me_of(person, people, None)
    try:
        account = await people.storage.accounts.by_id(person.account_id)
    except HistoryUnavailable:
        account = None
    return me_of(person, people, account)


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
