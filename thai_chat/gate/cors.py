"""Scripts on the pages of named sites (CORS_ORIGINS): they come with a key and never with a cookie (decision 0053)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers

from thai_chat.gate.doors import RUN, Access, Door, DoorKind
from thai_chat.gate.origins import is_speculative

_REMEMBERED_S = 600
_READ_BY_SCRIPTS = "ETag, Location, Retry-After, X-Request-Id, Content-Disposition, Preference-Applied, *"
"""The last one is for all else, x-thai-chat-* among it, where a browser knows it. No answer has a secret here."""
_SENT_BY_SCRIPTS = "Authorization, *"
"""Browsers take the key's header for named by its own name alone."""


@dataclass(frozen=True, slots=True)
class Cors:
    """`origins` are written as browsers write them. Without any nothing is shared."""

    origins: frozenset[str] = frozenset()

    def origin_of(self, headers: Headers) -> str:
        """Return the named origin whose script asks; empty for anybody else, `null` among them."""
        given = headers.getlist("origin") if self.origins else []
        return given[0] if len(given) == 1 and given[0] in self.origins else ""

    def lets_pass(self, door: Door, method: str, headers: Headers) -> bool:
        """Tell whether a script of a named origin asks, and for what a key is good for or what isn't there."""
        if not self.origin_of(headers) or is_speculative(headers):
            return False
        if headers.get("sec-fetch-site") and (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) != (
            "cors",
            "empty",
        ):
            return False
        shared = shared_methods(door)
        return bool(shared) and (method in shared or method not in door.methods)


def shared_methods(door: Door) -> tuple[str, ...]:
    """Return the methods that a key of some scope is good for: nobody signs in from another site."""
    if door.kind is not DoorKind.PRIVATE or door.path == RUN:
        return ()
    by_key = (Access.PEOPLE, Access.ADMINISTRATORS)
    return tuple(method for method in door.methods if door.access_for(method) in by_key)


def shared_with(origin: str) -> Mapping[str, str]:
    """Return the headers of an answer that this origin's script may read. Credentials are not allowed."""
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _READ_BY_SCRIPTS}


def preflight(door: Door) -> Mapping[str, str]:
    """Return what the answer to a browser has that asks before a script may ask."""
    return {
        "Access-Control-Allow-Methods": ", ".join(shared_methods(door)),
        "Access-Control-Allow-Headers": _SENT_BY_SCRIPTS,
        "Access-Control-Max-Age": str(_REMEMBERED_S),
    }
