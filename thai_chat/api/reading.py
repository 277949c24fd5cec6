"""Requests of administrators for what everybody said."""

from __future__ import annotations

from fastapi import Request

from thai_chat.accounts.reading import begin_reading
from thai_chat.accounts.service import Accounts
from thai_chat.api.cookies import visit_of
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import NoAccounts
from thai_chat.domain.people import Person


async def reader(person: Person, people: Accounts | None, request: Request, action: Action) -> Person | None:
    """Return None, which stands for everybody, to an administrator who may read so.

    Raises NoAccounts, NotAdministrator and ChatsArePrivate.
    """
    if people is None:
        raise NoAccounts
    address = visit_of(request).address
    await begin_reading(people, person, action, target=request.url.path, address=address)
    return None
