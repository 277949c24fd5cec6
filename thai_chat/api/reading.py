"""Requests of administrators for what everybody said."""

from __future__ import annotations

from thai_chat.accounts.reading import begin_reading
from thai_chat.accounts.service import Accounts
from thai_chat.domain.account_errors import NoAccounts
from thai_chat.domain.audit import Action
from thai_chat.domain.people import Person


def require_reader(person: Person, people: Accounts | None, action: Action, *, target: str, address: str) -> None:
    """Let an administrator read who may. Raises NoAccounts, NotAdministrator and ChatsArePrivate."""
    if people is None:
        raise NoAccounts
    begin_reading(people, person, action, target=target, address=address)
