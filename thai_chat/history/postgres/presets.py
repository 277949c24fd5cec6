"""Presets in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from thai_chat.domain.presets import Preset
from thai_chat.history.checks import check_preset, check_text
from thai_chat.history.postgres.server import Server
from thai_chat.history.postgres.sql import presets


class PostgresPresets:
    """A `PresetStore`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def usable(self, user_id: str) -> Sequence[Preset]:
        check_text(user_id)
        return await self._server.run(lambda connection: presets.read(connection, user_id), user_id=user_id)

    async def save(self, preset: Preset) -> Preset:
        check_preset(preset)
        return await self._server.run(lambda connection: presets.save(connection, preset), user_id=preset.user_id)

    async def change(self, preset_id: UUID, user_id: str, change: Callable[[Preset], Preset]) -> Preset:
        check_text(user_id)

        def changed(stored: Preset) -> Preset:
            preset = change(stored)
            check_preset(preset)
            return preset

        return await self._server.run(
            lambda connection: presets.change(connection, preset_id, user_id, changed), user_id=user_id
        )

    async def delete(self, preset_id: UUID, user_id: str, expected: Collection[str] | None = None) -> None:
        check_text(user_id)
        await self._server.run(
            lambda connection: presets.remove(connection, preset_id, user_id, expected), user_id=user_id
        )
