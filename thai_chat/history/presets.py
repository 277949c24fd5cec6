"""Presets in PostgreSQL: what people keep of options for their models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from thai_chat.domain.errors import PresetNotFound
from thai_chat.domain.messages import Preset
from thai_chat.history.tables import chat_presets

_KEPT = ("preset_name", "backend", "model", "options", "is_default", "is_shared", "updated_at")


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
    columns = chat_presets.c
    with connection.begin():
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
        values = {name: getattr(preset, name) for name in ("preset_id", "user_id", *_KEPT)}
        insertion = insert(chat_presets).values({**values, "options": dict(preset.options)})
        row = connection.execute(
            insertion.on_conflict_do_update(
                index_elements=[columns.preset_id],
                set_={name: insertion.excluded[name] for name in _KEPT},
                where=columns.user_id == preset.user_id,
            ).returning(chat_presets)
        ).first()
        if row is None:
            raise PresetNotFound
        return _preset_of(row)


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


def _preset_of(row: Row[Any]) -> Preset:
    return Preset(**row._mapping)
