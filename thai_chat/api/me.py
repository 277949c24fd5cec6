"""Who asks, as the server knows them."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from thai_chat.api.dependencies import Asking, PeopleIfAny
from thai_chat.domain.people import Entrance, PersonRole, Scope

router = APIRouter(prefix="/api/me", tags=["people"])


class Me(BaseModel):
    user_id: str
    name: str
    role: PersonRole
    entrance: Entrance
    scopes: list[Scope]
    has_accounts: bool
    """Whether people sign in here."""
    admin_reads_chats: bool
    """Whether administrators may search and count what everybody said."""


@router.get("")
async def me(asking: Asking, people: PeopleIfAny) -> Me:
    """Return who asks."""
    return Me(
        user_id=asking.user_id,
        name=asking.name,
        role=asking.role,
        entrance=asking.entrance,
        scopes=sorted(asking.scopes),
        has_accounts=people is not None,
        admin_reads_chats=people is not None and people.rules.admin_reads_chats,
    )
