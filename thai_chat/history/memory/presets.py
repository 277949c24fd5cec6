"""Presets in memory, for a process that has no database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from uuid import UUID

from thai_chat.domain.errors import PresetNotFound
from thai_chat.domain.presets import Preset
from thai_chat.domain.versions import require_version
from thai_chat.history.checks import check_preset, check_text


class MemoryPresets:
    """A `PresetStore`."""

    def __init__(self) -> None:
        self._presets: dict[UUID, Preset] = {}

    async def usable(self, user_id: str) -> Sequence[Preset]:
        check_text(user_id)
        usable = [preset for preset in self._presets.values() if preset.is_shared or preset.user_id == user_id]
        return sorted(usable, key=lambda preset: (preset.preset_name.lower(), preset.preset_id))

    async def save(self, preset: Preset) -> Preset:
        check_preset(preset)
        earlier = self._presets.get(preset.preset_id)
        if earlier and earlier.user_id != preset.user_id:
            raise PresetNotFound
        if preset.is_default:
            for other in list(self._presets.values()):
                if (other.user_id, other.of) == (preset.user_id, preset.of):
                    self._presets[other.preset_id] = replace(other, is_default=False)
        self._presets[preset.preset_id] = preset
        return preset

    async def change(self, preset_id: UUID, user_id: str, change: Callable[[Preset], Preset]) -> Preset:
        return await self.save(change(self._own(preset_id, user_id)))

    async def delete(self, preset_id: UUID, user_id: str, expected: Collection[str] | None = None) -> None:
        found = self._own(preset_id, user_id)
        require_version(found, expected)
        del self._presets[found.preset_id]

    def _own(self, preset_id: UUID, user_id: str) -> Preset:
        check_text(user_id)
        found = self._presets.get(preset_id)
        if found is None or found.user_id != user_id:
            raise PresetNotFound
        return found
