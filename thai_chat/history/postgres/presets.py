"""Presets in PostgreSQL: what people keep of options for their models."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, func, or_, select, update
from uuid_utils.compat import uuid7

from thai_chat.domain.errors import PresetNotFound
from thai_chat.domain.messages import SESSION_NAME_CHARS, Preset
from thai_chat.history.checks import json_text
from thai_chat.history.postgres.bulk.inserting import PRESET_COLUMNS, insert_presets
from thai_chat.history.postgres.bulk.moving import id_in
from thai_chat.history.postgres.sql import statements
from thai_chat.history.postgres.sql.parameters import TextParameter, filled, run
from thai_chat.history.postgres.sql.tables import chat_presets

_KEPT = ("preset_name", "backend", "model", "options", "is_default", "is_shared", "updated_at")

# What is put behind a name that other content has already.
_NUMBER = re.compile(r" \(\d+\)$")
_NUMBER_CHARS = 10

_MINE = f"SELECT {', '.join(PRESET_COLUMNS)} FROM chat_presets WHERE user_id = %s"
_SAVE = f"""
INSERT INTO chat_presets AS known ({", ".join(PRESET_COLUMNS)})
VALUES ({", ".join(f"%({name})s" for name in PRESET_COLUMNS)})
ON CONFLICT (preset_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _KEPT)}
WHERE known.user_id = excluded.user_id RETURNING {", ".join(PRESET_COLUMNS)}"""
_TAKEN = "SELECT preset_id FROM chat_presets WHERE preset_id = ANY (%s::uuid[])"


def read(connection: Connection, user_id: str) -> Sequence[Preset]:
    columns = chat_presets.c
    query = (
        select(chat_presets)
        .where(or_(columns.user_id == user_id, columns.is_shared))
        .order_by(func.lower(columns.preset_name), columns.preset_id)
    )
    return [_preset_of(row) for row in connection.execute(query)]


def save(connection: Connection, preset: Preset) -> Preset:
    """Raises PresetNotFound when the id is that of somebody else's preset."""
    with _transaction(connection):
        _lock(connection, preset.user_id)
        return _save(connection, preset)


def change(connection: Connection, preset_id: UUID, user_id: str, changed: Callable[[Preset], Preset]) -> Preset:
    """Raises PresetNotFound when there is none of this person's."""
    columns = chat_presets.c
    with _transaction(connection):
        _lock(connection, user_id)
        query = select(chat_presets).where(columns.preset_id == preset_id, columns.user_id == user_id)
        row = connection.execute(query).first()
        if row is None:
            raise PresetNotFound
        return _save(connection, changed(_preset_of(row)))


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    """Of a connection in autocommit, where SQLAlchemy's own would be none; `Database` rolls back what fails."""
    connection.exec_driver_sql(statements.BEGIN)
    yield
    connection.exec_driver_sql("COMMIT")


def _lock(connection: Connection, user_id: str) -> None:
    """All that the person has, in one order: two new defaults of a model would else be refused by its index."""
    columns = chat_presets.c
    mine = select(columns.preset_id).where(columns.user_id == user_id).order_by(columns.preset_id).with_for_update()
    connection.execute(mine).all()


def _save(connection: Connection, preset: Preset) -> Preset:
    columns = chat_presets.c
    if preset.is_default:
        connection.execute(
            update(chat_presets)
            .where(
                columns.user_id == preset.user_id,
                columns.backend == preset.backend,
                columns.model == preset.model,
                columns.is_default,
                columns.preset_id != preset.preset_id,
            )
            .values(is_default=False)
        )
    values = {name: getattr(preset, name) for name in PRESET_COLUMNS}
    texts = {"preset_name": TextParameter(preset.preset_name), "options": TextParameter(json_text(preset.options))}
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        rows = run(cursor, filled(cursor, _SAVE, {**values, **texts})).rows
    if not rows:
        raise PresetNotFound
    return Preset(**dict(zip(PRESET_COLUMNS, rows[0], strict=True)))


def remove(connection: Connection, preset_id: UUID, user_id: str) -> None:
    """Raises PresetNotFound when there is none of this person's."""
    columns = chat_presets.c
    found = connection.execute(
        delete(chat_presets)
        .where(columns.preset_id == preset_id, columns.user_id == user_id)
        .returning(columns.preset_id)
    ).first()
    if found is None:
        raise PresetNotFound


def add(cursor: Any, user_id: str, given: Iterable[Preset]) -> Sequence[Preset]:
    """Add those that are not there yet, inside a transaction, and return them as they were given.

    What is there stays as it is, and none of those added is a default: whoever brings in a file has not chosen what all
    sessions of a model are told from now on.
    """
    cursor.execute(_MINE, (user_id,))
    mine = [Preset(**dict(zip(PRESET_COLUMNS, row, strict=True))) for row in cursor.fetchall()]
    lacking = _lacking(given, mine, user_id)
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
    """Under which it may be kept."""
    for way in (0, 1):
        yield id_in(way, preset_id, user_id, preset_id)


def _is_same(given: Preset, mine: Preset, user_id: str) -> bool:
    """Whether it says the same, and is the same or has its name, with or without a number behind it."""
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


def _preset_of(row: Row[Any]) -> Preset:
    return Preset(**row._mapping)
