"""Presets as rows: what people keep of options for their models."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import Connection, Row, delete, func, or_, select, update

from thai_chat.domain.errors import HistoryRefused, PresetNotFound
from thai_chat.domain.presets import Preset
from thai_chat.domain.versions import require_version
from thai_chat.history.checks import json_text
from thai_chat.history.postgres.errors import translated
from thai_chat.history.postgres.sql import statements
from thai_chat.history.postgres.sql.parameters import TextParameter, filled, run
from thai_chat.history.postgres.sql.tables import chat_presets

PRESET_COLUMNS = (
    "preset_id",
    "user_id",
    "preset_name",
    "backend",
    "model",
    "options",
    "is_default",
    "is_shared",
    "updated_at",
)
_KEPT = ("preset_name", "backend", "model", "options", "is_default", "is_shared", "updated_at")

_SAVE = f"""
INSERT INTO chat_presets AS known ({", ".join(PRESET_COLUMNS)})
VALUES ({", ".join(f"%({name})s" for name in PRESET_COLUMNS)})
ON CONFLICT (preset_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _KEPT)}
WHERE known.user_id = excluded.user_id RETURNING {", ".join(PRESET_COLUMNS)}"""


def read(connection: Connection, user_id: str) -> Sequence[Preset]:
    """Return the user's own presets and those that others share, by name."""
    columns = chat_presets.c
    query = (
        select(chat_presets)
        .where(or_(columns.user_id == user_id, columns.is_shared))
        .order_by(func.lower(columns.preset_name), columns.preset_id)
    )
    return [_preset_of(row) for row in connection.execute(query)]


def save(connection: Connection, preset: Preset) -> Preset:
    """Store the preset and return it. Raises PresetNotFound when the id is that of somebody else's preset."""
    with _transaction(connection):
        _lock(connection, preset.user_id)
        return _save(connection, preset)


def change(connection: Connection, preset_id: UUID, user_id: str, changed: Callable[[Preset], Preset]) -> Preset:
    """Replace the person's preset by what `changed` makes of it. Raises PresetNotFound when there is none of theirs."""
    columns = chat_presets.c
    with _transaction(connection):
        _lock(connection, user_id)
        query = select(chat_presets).where(columns.preset_id == preset_id, columns.user_id == user_id)
        row = connection.execute(query).first()
        if row is None:
            raise PresetNotFound
        return _save(connection, changed(_preset_of(row)))


def remove(connection: Connection, preset_id: UUID, user_id: str, expected: Collection[str] | None = None) -> None:
    """Delete the person's preset. Raises PresetNotFound when there is none of theirs, and ChangedMeanwhile when it has
    none of the expected versions."""
    columns = chat_presets.c
    is_meant = columns.preset_id == preset_id, columns.user_id == user_id
    with _transaction(connection):
        row = connection.execute(select(chat_presets).where(*is_meant).with_for_update()).first()
        if row is None:
            raise PresetNotFound
        require_version(_preset_of(row), expected)
        connection.execute(delete(chat_presets).where(*is_meant))


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    """Run a transaction on a connection in autocommit, where SQLAlchemy's own would be none.

    `Database` rolls back what fails.
    """
    connection.exec_driver_sql(statements.BEGIN)
    yield
    connection.exec_driver_sql("COMMIT")


def _lock(connection: Connection, user_id: str) -> None:
    """Lock all that the person has, in one order: two new defaults of a model would else be refused by its index."""
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
        try:
            rows = run(cursor, filled(cursor, _SAVE, {**values, **texts})).rows
        except InsufficientPrivilege as error:  # row-level security does not show the one that has the id
            if not isinstance(translated(error), HistoryRefused):
                raise
            raise PresetNotFound from error
    if not rows:
        raise PresetNotFound
    return Preset(**dict(zip(PRESET_COLUMNS, rows[0], strict=True)))


def _preset_of(row: Row[Any]) -> Preset:
    return Preset(**row._mapping)
