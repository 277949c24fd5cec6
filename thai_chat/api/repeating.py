"""The idempotency key of a request, from its header or its body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request

from thai_chat.chat.repeating import id_of
from thai_chat.domain.messages import KEY_CHARS
from thai_chat.domain.people import Person
from thai_chat.domain.repeating_errors import AlreadyMade, BadKey, KeyReused, KeysDiffer

_NAME = "Idempotency-Key"
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_ESCAPED = re.compile(r"\\(.)")
_BARE = re.compile(r"[!#-+\--~]+")
"""Visible ASCII without quotes and commas."""

NOT_REPEATED = (BadKey, KeysDiffer, KeyReused)
"""The errors of a request with a key, for `refuses`."""
SECRET_NOT_REPEATED = (*NOT_REPEATED, AlreadyMade)
"""The errors of a request with a key whose answer has a secret."""


@dataclass(frozen=True, slots=True)
class Repeating:
    """Whether a request is to be carried out once, however often it is sent."""

    header: str | None

    def key(self, in_body: str | None = None) -> str | None:
        """Return the request's idempotency key, None where it has none. Raises KeysDiffer."""
        if self.header and in_body and self.header != in_body:
            raise KeysDiffer
        return self.header or in_body

    def id_for(self, person: Person, *, made: str, in_body: str | None = None) -> UUID:
        """Return the id of what the request makes: the same for each repetition of it, without a key a new one.

        `made` says what it is ("session", "preset"): the same key may make one of each. Raises KeysDiffer and
        UnreadableText.
        """
        return id_of(person, self.key(in_body), made=made)


async def _repeating(
    request: Request,
    _: Annotated[
        str | None,
        Header(
            alias=_NAME,
            description="Makes the request safe to send again: the same key by the same person is the same request, "
            f"and is carried out once. A quoted string or a plain token of at most {KEY_CHARS} characters",
            examples=['"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
        ),
    ] = None,
) -> Repeating:
    keys = {_key_of(value) for value in request.headers.getlist(_NAME)}
    if len(keys) > 1:
        raise KeysDiffer
    return Repeating(next(iter(keys), None))


def _key_of(value: str) -> str:
    """Return the key that a header's value holds. Raises BadKey."""
    value = value.strip()
    if quoted := _QUOTED.fullmatch(value):
        key = _ESCAPED.sub(r"\1", quoted[1]).strip()
    elif _BARE.fullmatch(value):
        key = value
    else:
        raise BadKey(limit=KEY_CHARS)
    if not 0 < len(key) <= KEY_CHARS:
        raise BadKey(limit=KEY_CHARS)
    return key


Repeated = Annotated[Repeating, Depends(_repeating)]
"""How the request may be sent again; a route that names it takes the header `Idempotency-Key`."""
