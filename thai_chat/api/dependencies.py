"""Each route is given the chat service and the person who asks.

Coroutines do it: FastAPI sends plain functions to a thread and back at each request, which costs more than most routes.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from thai_chat.accounts.service import Accounts
from thai_chat.chat.service import ChatService
from thai_chat.domain.errors import NoAccounts
from thai_chat.domain.people import Person, person_of


async def _service(request: Request) -> ChatService:
    service: ChatService = request.app.state.service
    return service


async def _asking(request: Request) -> Person:
    return person_of(request.scope)


async def _accounts(request: Request) -> Accounts:
    accounts: Accounts | None = request.app.state.accounts
    if accounts is None:
        raise NoAccounts
    return accounts


async def _accounts_if_any(request: Request) -> Accounts | None:
    accounts: Accounts | None = request.app.state.accounts
    return accounts


Service = Annotated[ChatService, Depends(_service)]
Asking = Annotated[Person, Depends(_asking)]
People = Annotated[Accounts, Depends(_accounts)]
"""The use cases of accounts; where there are none the answer is 404 `no_accounts`."""
PeopleIfAny = Annotated[Accounts | None, Depends(_accounts_if_any)]
