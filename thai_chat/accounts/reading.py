"""Administrators who read what others said: only where that is set, and never unseen."""

from __future__ import annotations

from thai_chat.accounts.service import Accounts
from thai_chat.domain.account_errors import ChatsArePrivate, NotAdministrator
from thai_chat.domain.audit import Action
from thai_chat.domain.people import Person


def begin_reading(accounts: Accounts, person: Person, action: Action, *, target: str, address: str) -> None:
    """Let an administrator look through everybody's messages, and write it to the audit log; a refusal too.

    Raises NotAdministrator and ChatsArePrivate.
    """
    is_open = accounts.rules.admin_reads_chats
    may = person.is_administrator and is_open
    outcome = "done" if may else "refused"
    accounts.audit.note(action, who=person, outcome=outcome, target=target, address=address)
    if not person.is_administrator:
        raise NotAdministrator
    if not is_open:
        raise ChatsArePrivate
