"""Presets: what people keep of options for their models."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from thai_chat.domain.json_types import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Options for models under a name."""

    preset_id: UUID
    user_id: str
    preset_name: str
    updated_at: datetime
    backend: str | None = None
    model: str | None = None
    """The model that it is meant for; None is any."""
    options: JsonObject = field(default_factory=dict)
    is_default: bool = False
    """Used for its model in every session that has no options of its own; one for each model of a person."""
    is_shared: bool = False

    @property
    def of(self) -> tuple[str | None, str | None]:
        return self.backend, self.model
