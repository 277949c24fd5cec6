"""Each route is given the chat service and the person who asks.

Coroutines do it: FastAPI sends plain functions to a thread and back at each request, which costs more than most routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from thai_chat.accounts.audit import Audit
from thai_chat.accounts.service import Accounts
from thai_chat.api.addresses import address_of
from thai_chat.chat.service import ChatService
from thai_chat.domain.account_errors import NoAccounts
from thai_chat.domain.audit import Action, Detail
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.people import Person, known_person, person_of
from thai_chat.sharing.service import Shares
from thai_chat.webhooks.service import Webhooks


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


async def _address(request: Request) -> str:
    return address_of(request)


@dataclass(frozen=True, slots=True)
class Notes:
    """Takes what the person of a request does for the audit log; where there are no accounts nothing is noted."""

    audit: Audit | None
    person: Person | None
    address: str

    def put(self, action: Action, *, target: str = "", details: Mapping[str, Detail] | None = None) -> None:
        """Note what was done. It never raises and never waits."""
        if self.audit:
            self.audit.note(action, who=self.person, target=target, address=self.address, details=details)


async def _notes(request: Request) -> Notes:
    accounts: Accounts | None = request.app.state.accounts
    return Notes(accounts.audit if accounts else None, known_person(request.scope), address_of(request))


async def _shares(request: Request) -> Shares:
    shares: Shares | None = request.app.state.shares
    if shares is None:
        raise HistoryUnavailable
    return shares


async def _webhooks(request: Request) -> Webhooks:
    webhooks: Webhooks | None = request.app.state.webhooks
    if webhooks is None:
        raise HistoryUnavailable
    return webhooks


Service = Annotated[ChatService, Depends(_service)]
Asking = Annotated[Person, Depends(_asking)]
People = Annotated[Accounts, Depends(_accounts)]
"""The use cases of accounts; where there are none the answer is 404 `no_accounts`."""
Address = Annotated[str, Depends(_address)]
"""The address that the request comes from; empty where it is not known."""
Noting = Annotated[Notes, Depends(_notes)]
PeopleIfAny = Annotated[Accounts | None, Depends(_accounts_if_any)]
Sharing = Annotated[Shares, Depends(_shares)]
Hooks = Annotated[Webhooks, Depends(_webhooks)]
