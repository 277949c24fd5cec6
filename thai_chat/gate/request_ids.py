"""`X-Request-Id`: the client's where it is short and plain, else one of our own."""

from __future__ import annotations

import re
from uuid import uuid4

from starlette.types import Scope

_PLAIN = re.compile(rb"[A-Za-z0-9._:@+/=-]{1,128}")
"""Signs in which UUIDs, ULIDs and the ids of proxies are written; none means something to a log or to a shell."""


def request_id_of(scope: Scope) -> str:
    """Return the id that came with a request. One that is not plain, or came twice, is as good as none."""
    given = [value for name, value in scope["headers"] if name == b"x-request-id"]
    if len(given) == 1 and _PLAIN.fullmatch(given[0]):
        return str(given[0], "ascii")
    return uuid4().hex
