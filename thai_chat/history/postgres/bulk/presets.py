"""Presets that a file brings in, beside those that are there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from thai_chat.domain.messages import SESSION_NAME_CHARS
from thai_chat.domain.presets import Preset
from thai_chat.history.postgres.bulk.inserting import insert_presets
from thai_chat.history.postgres.bulk.moving import id_in
from thai_chat.history.postgres.sql.presets import PRESET_COLUMNS
from thai_chat.history.postgres.sql.requests import servers_own

# This number is put behind a name that other content has already.
_NUMBER = re.compile(r" \(\d+\)$")
_NUMBER_CHARS = 10

_MINE = f"SELECT {', '.join(PRESET_COLUMNS)} FROM chat_presets WHERE user_id = %s"
_TAKEN = "SELECT preset_id FROM chat_presets WHERE preset_id = ANY (%s::uuid[])"


def add(cursor: Any, user_id: str, given: Iterable[Preset]) -> Sequence[Preset]:
    """Add those that are not there yet, inside a transaction, and return them as they were given.

    What is there stays as it is, and none of those added is a default: whoever brings in a file has not chosen what all
    sessions of a model are told from now on.
    """
    cursor.execute(_MINE, (user_id,))
    mine = [Preset(**dict(zip(PRESET_COLUMNS, row, strict=True))) for row in cursor.fetchall()]
    lacking = _lacking(given, mine, user_id)
    with servers_own(cursor):  # whoever has them
        cursor.execute(_TAKEN, ([an_id for one in lacking for an_id in _ids(one.preset_id, user_id)],))
        taken = {preset_id for (preset_id,) in cursor.fetchall()}
    names = {one.preset_name for one in mine}
    seen: set[UUID] = set()
    added: list[Preset] = []
    for preset in lacking:
        # Two presets of a file may have one name, as they had it where they come from; two versions of one may not.
        others = {one.preset_name for one in added} if preset.preset_id in seen else set()
        preset_id = next((an_id for an_id in _ids(preset.preset_id, user_id) if an_id not in taken), None) or uuid7()
        name = _free_name(preset.preset_name, names | others)
        added.append(replace(preset, preset_id=preset_id, user_id=user_id, preset_name=name, is_default=False))
        seen.add(preset.preset_id)
        taken.add(preset_id)
        names |= {name} - {preset.preset_name}
    insert_presets(cursor, ({name: getattr(one, name) for name in PRESET_COLUMNS} for one in added))
    return lacking


def _lacking(given: Iterable[Preset], mine: Sequence[Preset], user_id: str) -> list[Preset]:
    found: list[Preset] = []
    for preset in given:
        known = (*mine, *(one for one in found if one.preset_id == preset.preset_id))
        if not any(_is_same(preset, one, user_id) for one in known):
            found.append(preset)
    return found


def _ids(preset_id: UUID, user_id: str) -> Iterator[UUID]:
    """Give the ids under which it may be kept."""
    for way in (0, 1):
        yield id_in(way, preset_id, user_id, preset_id)


def _is_same(given: Preset, mine: Preset, user_id: str) -> bool:
    """Return whether it says the same, and is the same or has its name, with or without a number behind it."""
    if (given.of, given.options) != (mine.of, mine.options):
        return False
    has_its_name = _unnumbered(mine.preset_name) == _unnumbered(given.preset_name)
    return has_its_name or mine.preset_id in _ids(given.preset_id, user_id)


def _unnumbered(name: str) -> str:
    return _NUMBER.sub("", name)


def _free_name(name: str, names: set[str]) -> str:
    if name not in names:
        return name
    numbered = (f"{name[: SESSION_NAME_CHARS - _NUMBER_CHARS]} ({number})" for number in count(2))
    return next(one for one in numbered if one not in names)
