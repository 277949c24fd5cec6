"""The port to the storage of presets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol
from uuid import UUID

from thai_chat.domain.presets import Preset


class PresetStore(Protocol):
    """Keeps presets. Nothing of it is kept for later: all methods raise HistoryUnavailable in an outage.

    Without any database memory keeps them, for as long as the process lives.
    """

    async def usable(self, user_id: str) -> Sequence[Preset]:
        """Return the user's own presets and those that others share, by name."""

    async def save(self, preset: Preset) -> Preset:
        """Store the preset as a new one, or in the place of the one with its id, and return it as stored.

        As a default it takes the place of its model's earlier one. Raises PresetNotFound for somebody else's id, and
        HistoryRefused.
        """

    async def change(self, preset_id: UUID, user_id: str, change: Callable[[Preset], Preset]) -> Preset:
        """Replace the user's preset by what `change` makes of it as it is stored, and return that.

        Nobody else's change or deletion comes in between. `change` may be called twice, and in another thread. Raises
        as `save` does, and PresetNotFound when there is none of the user's.
        """

    async def delete(self, preset_id: UUID, user_id: str, expected: Collection[str] | None = None) -> None:
        """Delete the user's preset. Raises PresetNotFound when there is none, and ChangedMeanwhile when it has none of
        the expected versions (`domain.versions`)."""
