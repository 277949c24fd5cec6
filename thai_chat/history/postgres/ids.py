"""Reads ids: PostgreSQL writes all of them in one form, and a history has three in each row.

`UUID()` takes any form there is, which takes twice the time: for a long history as much as all else of its rows. Two of
the three are those of its session and of the row before, so that an id that was just read is not made anew.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID, SafeUUID

from psycopg2.extensions import new_type, register_type

_UUID_OID = 2950
_new, _set, _UNKNOWN = object.__new__, object.__setattr__, SafeUUID.unknown


@lru_cache(maxsize=10_000)
def id_of(text: str) -> UUID:
    """Return the id of its usual form."""
    found = _new(UUID)
    _set(found, "int", int(text.replace("-", ""), 16))
    _set(found, "is_safe", _UNKNOWN)
    return found


def read_ids(connection: Any, _: object) -> None:
    """Have a new connection read ids so: to be called behind SQLAlchemy's own way, as its listener."""
    register_type(new_type((_UUID_OID,), "UUID", _read), connection)


def _read(text: str | None, _: object) -> UUID | None:
    return None if text is None else id_of(text)
