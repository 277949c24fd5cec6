"""Presets: options for models under a name, kept for oneself or for everybody here, and the defaults of models."""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from thai_chat.chat.names import short_name
from thai_chat.chat.options import checked
from thai_chat.chat.text import require_storable
from thai_chat.domain.account_errors import OnlyAdministratorsShare
from thai_chat.domain.errors import EmptyName, HistoryUnavailable, PresetNotFound
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Choice
from thai_chat.domain.options import Options
from thai_chat.domain.people import Person
from thai_chat.domain.ports.presets import PresetStore
from thai_chat.domain.presets import Preset
from thai_chat.domain.repeating_errors import KeyReused
from thai_chat.domain.versions import require_version

_FRESH_S = 15.0
"""How long what was read serves every reply of a person; another process's change is seen after it."""
_MOST_PEOPLE = 1_000


class Presets:
    """A shared preset can be used by everybody, and changed by its owner alone, who is an administrator."""

    def __init__(self, store: PresetStore, options: Options, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the store, and the options that some backend passes on to its servers."""
        self._options = options
        self._store = store
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Sequence[Preset]]] = OrderedDict()

    async def page(self, person: Person) -> Sequence[Preset]:
        """Return the person's own presets and those that others share, by name."""
        return await self._read(person.user_id)

    async def make(
        self,
        person: Person,
        *,
        name: str,
        options: JsonObject,
        choice: Choice | None = None,
        preset_id: UUID | None = None,
    ) -> Preset:
        """Make a preset, once where its id is given. Raises EmptyName, BadOption, and KeyReused where that id has been
        given to another, or to this one before it was changed."""
        wanted = Preset(
            preset_id=preset_id or uuid7(),
            user_id=person.user_id,
            preset_name=_name(name),
            backend=choice.backend if choice else None,
            model=choice.model if choice else None,
            options=checked(options, self._options),
            updated_at=datetime.now(UTC),
        )
        if preset_id and (known := await self._own(preset_id, person)):
            if replace(known, updated_at=wanted.updated_at) != wanted:
                raise KeyReused
            return known
        made = await self._store.save(wanted)
        self._known.pop(person.user_id, None)
        return made

    async def change(
        self,
        preset_id: UUID,
        person: Person,
        *,
        name: str | None = None,
        options: JsonObject | None = None,
        of: tuple[str, str] | tuple[None, None] | None = None,
        is_default: bool | None = None,
        is_shared: bool | None = None,
        expected: Collection[str] | None = None,
    ) -> Preset:
        """Change a preset; what is None stays. `of` is the backend and the model, both None for any, where a default is
        one no longer.

        A new default takes the place of its model's earlier one; one without a model can't be a default. Raises
        PresetNotFound, EmptyName, BadOption, OnlyAdministratorsShare for what would be shared then, and
        ChangedMeanwhile where the preset has none of the expected versions.
        """
        new_name = None if name is None else _name(name)
        new_options = None if options is None else checked(options, self._options)

        def changed(kept: Preset) -> Preset:
            require_version(kept, expected)
            backend, model = kept.of if of is None else of
            will_be_shared = kept.is_shared if is_shared is None else is_shared
            if will_be_shared and not person.is_administrator:
                raise OnlyAdministratorsShare
            return replace(
                kept,
                backend=backend,
                model=model,
                preset_name=new_name or kept.preset_name,
                options=kept.options if new_options is None else new_options,
                is_default=(kept.is_default if is_default is None else is_default) and model is not None,
                is_shared=will_be_shared,
                updated_at=datetime.now(UTC),
            )

        saved = await self._store.change(preset_id, person.user_id, changed)
        self._known.pop(person.user_id, None)
        return saved

    async def get(self, preset_id: UUID, person: Person) -> Preset:
        """Return a preset that the person may use. Raises PresetNotFound."""
        found = next((preset for preset in await self._read(person.user_id) if preset.preset_id == preset_id), None)
        if found is None:
            raise PresetNotFound
        return found

    async def delete(self, preset_id: UUID, person: Person, *, expected: Collection[str] | None = None) -> None:
        """Delete a preset. Raises PresetNotFound, and ChangedMeanwhile as `change` does."""
        await self._store.delete(preset_id, person.user_id, expected)
        self._known.pop(person.user_id, None)

    async def default_options(self, user_id: str, choice: Choice) -> JsonObject:
        """Return what a session's owner has set for the model; nothing while that can't be read and never was."""
        read_at, presets = self._known.get(user_id, (0.0, ()))
        if user_id not in self._known or self._clock() - read_at > _FRESH_S:
            with contextlib.suppress(HistoryUnavailable):
                presets = await self._read(user_id)
        wanted = (choice.backend, choice.model)
        return next(
            (one.options for one in presets if one.is_default and one.user_id == user_id and one.of == wanted), {}
        )

    async def _own(self, preset_id: UUID, person: Person) -> Preset | None:
        found = await self._read(person.user_id)
        return next((one for one in found if (one.preset_id, one.user_id) == (preset_id, person.user_id)), None)

    async def _read(self, user_id: str) -> Sequence[Preset]:
        found = await self._store.usable(user_id)
        self._known[user_id] = (self._clock(), found)
        self._known.move_to_end(user_id)
        while len(self._known) > _MOST_PEOPLE:
            self._known.popitem(last=False)
        return found


def _name(name: str) -> str:
    require_storable(name)
    shown = short_name(name)
    if not shown:
        raise EmptyName
    return shown
