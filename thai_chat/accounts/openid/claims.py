"""Claims: what a provider says of somebody, read for an account: names, address, role."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from thai_chat.domain.account_errors import BadAccountName
from thai_chat.domain.accounts import checked_display_name, checked_name

Claims = Mapping[str, Any]
_CHARS = 90
"""The most of a name that is taken, so that a number fits behind it."""


def values_of(claims: Claims, path: str) -> Sequence[str]:
    """Return the texts of a claim: one, or those of a list.

    A dot leads into an object (`realm_access.roles`), unless the name itself has it (`https://example.org/roles`).
    """
    if path in claims:
        value = claims[path]
        return tuple(one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))
    for place, sign in enumerate(path):
        if sign == "." and isinstance(inner := claims.get(path[:place]), Mapping):
            return values_of(inner, path[place + 1 :])
    return ()


def verified_address(claims: Claims) -> str:
    """Return the e-mail address that the provider vouches for, else nothing."""
    address = claims.get("email")
    is_verified = claims.get("email_verified") in (True, "true")
    return address if is_verified and isinstance(address, str) else ""


def display_name(claims: Claims) -> str:
    """Return the name to show, else nothing."""
    for claim in ("name", "preferred_username", "email"):
        try:
            return checked_display_name(_text(claims.get(claim)))
        except BadAccountName:
            continue
    return ""


def names(claims: Claims) -> Iterator[str]:
    """Yield names to sign in by, the best first: until one is nobody's."""
    for claim in ("preferred_username", "email", "name"):
        try:
            name = checked_name(_text(claims.get(claim)))
        except BadAccountName:
            continue
        yield name
        yield from (f"{name} {number}" for number in range(2, 6))
        return


def _text(value: object) -> str:
    """Return a text without what nobody sees, shortened; nothing for what is none."""
    if not isinstance(value, str):
        return ""
    plain = unicodedata.normalize("NFC", value[: 4 * _CHARS])
    return "".join(sign for sign in plain if sign.isprintable())[:_CHARS].strip()
