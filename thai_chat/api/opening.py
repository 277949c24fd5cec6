"""Who may come in by each door and what any request there may be refused with, as the description of the API has it.

`gate/doors.py` is the list of the doors; what the gate does at each is in `gate/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from thai_chat.api.refusing import BAD_FIELDS, codes_of, refusal
from thai_chat.domain.account_errors import (
    ChatsArePrivate,
    NoAccounts,
    NotAdministrator,
    OnlyAdministratorsShare,
    ScopeTooSmall,
    SignInNeeded,
    SignInUnavailable,
)
from thai_chat.domain.errors import (
    BadInput,
    BodyTooLarge,
    BodyTooSlow,
    ForeignHost,
    ForeignSite,
    HistoryUnavailable,
    ImportTooLarge,
    InvalidIdentifier,
    OtherAccount,
    QuestionTooLong,
    QuotaUsedUp,
    ServerBusy,
    ThaiChatError,
    TooManyReplies,
    TooManyRequests,
    UnreadableText,
)
from thai_chat.domain.people import Scope
from thai_chat.gate.doors import DOORS, ORDINARY, Access, Door, DoorKind

WAYS_IN = {
    "session": {"type": "apiKey", "in": "cookie", "name": "thai_chat", "description": "POST /api/sign-in gives it"},
    "key": {"type": "http", "scheme": "bearer", "description": "POST /api/keys makes keys: tc_<id>_<secret>"},
}
"""How the server knows who asks, where there are accounts; under TLS the cookie is `__Host-thai_chat`."""

_CONVERTOR = re.compile(r":\w+}")
_DOORS = {_CONVERTOR.sub("}", door.path): door for door in DOORS}
_BROWSERS = (("DELETE", "/api/me"),)
"""The route itself takes no key there, though its door does."""
_OF_ACCOUNTS = (
    *(TooManyReplies.code, QuotaUsedUp.code, ChatsArePrivate.code, NotAdministrator.code),
    *(OnlyAdministratorsShare.code,),
)
"""Errors for somebody who has an account, and for nobody else."""
_WITHOUT_ACCOUNTS = "people"
"""The tag of what comes with accounts."""


def security_of(path: str, method: str) -> list[dict[str, list[str]]] | None:
    """Return how one comes in by a door; None in any of the ways."""
    door = _DOORS.get(path)
    if door is None:
        return None
    match _access(door, method.upper()):
        case Access.ANYBODY:
            return []
        case Access.BROWSERS:
            return [{"session": []}]
        case _:
            return None


def _access(door: Door, method: str) -> Access:
    return Access.BROWSERS if (method, door.path) in _BROWSERS else door.access_for(method)


def common_errors(
    operation: dict[str, Any], path: str, method: str, *, was_checked: bool, has_accounts: bool
) -> dict[str, list[str]]:
    """Return the codes, by status, that an operation is answered with for where it is and not for what it does.

    `was_checked` tells that it has fields which are checked.
    """
    found: dict[str, list[str]] = {}
    door = _DOORS.get(path)
    for status, code in _common(operation, door, method.upper(), was_checked=was_checked, has_accounts=has_accounts):
        found.setdefault(str(status), []).append(code)
    return found


def without_accounts(responses: dict[str, Any]) -> None:
    """Take out of an operation's answers what nobody is refused with where there are no accounts."""
    for status, response in list(responses.items()):
        codes = codes_of(response)
        left = [code for code in codes if code not in _OF_ACCOUNTS]
        if codes and not left:
            del responses[status]
        elif left != codes:
            responses[status] = {**response, **refusal(left)}


def _common(
    operation: dict[str, Any], door: Door | None, method: str, *, was_checked: bool, has_accounts: bool
) -> Iterator[tuple[int, str]]:
    yield from _of_fields(operation, was_checked=was_checked)
    yield 500, ThaiChatError.code
    if door is None:
        return
    yield 400, ForeignHost.code
    yield 403, ForeignSite.code
    if door.kind is not DoorKind.PROBE:
        yield 503, ServerBusy.code
    if door.kind is DoorKind.PRIVATE:
        yield 400, BAD_FIELDS  # a parameter of the address that is not known
        yield 503, HistoryUnavailable.code
    if "requestBody" in operation:
        yield 408, BodyTooSlow.code
        yield 413, _too_large(door).code
    yield from _of_people(door, method) if has_accounts else _without_people(operation, door)


def _of_fields(operation: dict[str, Any], *, was_checked: bool) -> Iterator[tuple[int, str]]:
    if was_checked:
        yield 400, BAD_FIELDS
    if "requestBody" in operation:
        yield 400, BadInput.code
        yield 400, UnreadableText.code
    for parameter in operation.get("parameters", ()):
        if parameter["schema"].get("format") == "uuid":
            yield 400, InvalidIdentifier.code


def _of_people(door: Door, method: str) -> Iterator[tuple[int, str]]:
    if door.counts(method):
        yield 429, TooManyRequests.code
    if door.access is Access.ANYBODY:
        return
    yield 401, SignInNeeded.code
    yield 503, SignInUnavailable.code
    access = _access(door, method)
    if access is Access.BROWSERS or door.scope(method) is not Scope.READ:
        yield 403, ScopeTooSmall.code
    if access is Access.ADMINISTRATORS:
        yield 403, NotAdministrator.code


def _without_people(operation: dict[str, Any], door: Door) -> Iterator[tuple[int, str]]:
    yield 403, OtherAccount.code
    if any(parameter["name"] == "everyone" for parameter in operation.get("parameters", ())):
        yield 404, NoAccounts.code
    if _WITHOUT_ACCOUNTS in operation.get("tags", ()) and operation["operationId"] != "get_me":
        yield 404, NoAccounts.code


def _too_large(door: Door) -> type[ThaiChatError]:
    if door.body.is_file:
        return ImportTooLarge
    return BodyTooLarge if door.body.size_bytes < ORDINARY.size_bytes else QuestionTooLong
