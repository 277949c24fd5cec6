"""`/api/presets`: options for models under a name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from thai_chat.api.dependencies import Asking, Noting, Service
from thai_chat.api.refusing import refuses
from thai_chat.api.repeating import NOT_REPEATED, Repeated
from thai_chat.api.schemas import Short
from thai_chat.api.tags import MADE_TAGGED, NOT_CHANGED, SEEN, TAGGED, IfMatch, IfNoneMatch, tag_of
from thai_chat.chat.options import checked
from thai_chat.chat.text import identifier
from thai_chat.domain.account_errors import OnlyAdministratorsShare
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import (
    BadOption,
    EmptyName,
    HistoryRefused,
    PresetNotFound,
    UnknownOption,
    UnreadableText,
)
from thai_chat.domain.messages import SESSION_NAME_CHARS, Choice
from thai_chat.domain.people import Person
from thai_chat.domain.presets import Preset
from thai_chat.domain.repeating_errors import BadTag

router = APIRouter(prefix="/api/presets", tags=["presets"])

Name = Annotated[str, StringConstraints(max_length=SESSION_NAME_CHARS)]
Options = dict[str, Any]
_WRONG = (BadOption, UnknownOption, EmptyName, UnreadableText, HistoryRefused)


class NewPreset(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"preset_name": "ผู้ช่วยสั้น ๆ", "options": {"system_prompt": "ตอบสั้น ๆ", "temperature": 0.2}}
        },
    )

    preset_name: Name
    options: Options = Field(
        default_factory=dict, description="system_prompt, temperature, top_p, top_k, ...; null: nothing"
    )
    backend: Short | None = Field(default=None, description="With `model`: the model that it is meant for")
    model: Short | None = None


class PresetPatch(BaseModel):
    """The changes of a preset: what is named is changed, the rest stays."""

    model_config = ConfigDict(extra="forbid")

    preset_name: Name | None = None
    options: Options | None = Field(
        default=None, description="In place of those before", examples=[{"temperature": 0.2}]
    )
    backend: Short | None = Field(default=None, description="With `model`: another model; null for both: any model")
    model: Short | None = None
    is_default: bool | None = Field(default=None, description="Used in every session that has no options of its own")
    is_shared: bool | None = Field(default=None, description="Everybody here may use it")


class PresetBody(BaseModel):
    preset_id: UUID
    preset_name: str
    backend: str | None = Field(description="With `model`: the model that it is meant for; null: any")
    model: str | None
    options: dict[str, object] = Field(description="Options for models", examples=[{"temperature": 0.2}])
    is_default: bool = Field(description="Used in every session that has no options of its own")
    is_shared: bool = Field(description="Everybody here may use it")
    is_own: bool = Field(description="Whether it is of who asks")
    updated_at: datetime


class PresetsBody(BaseModel):
    presets: list[PresetBody] = Field(description="By name")


class CheckedOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    options: Options = Field(description="Options for models", examples=[{"temperature": 0.2}])


@router.get("", response_model=PresetsBody, responses={**SEEN, **refuses(BadTag)})
async def list_presets(service: Service, person: Asking, seen: IfNoneMatch) -> Response:
    """List one's own presets and those that others share, by name."""
    return seen.answer(PresetsBody(presets=[_body(one, person) for one in await service.presets.page(person)]))


@router.get("/{preset_id}", response_model=PresetBody, responses={**SEEN, **refuses(BadTag, PresetNotFound)})
async def get_preset(preset_id: str, service: Service, person: Asking, seen: IfNoneMatch) -> Response:
    """Return a preset: one's own, or one that somebody shares."""
    found = await service.presets.get(identifier(preset_id), person)
    return seen.answer(_body(found, person), tag_of(found))


@router.post("", status_code=201, responses={**MADE_TAGGED, **refuses(*_WRONG, *NOT_REPEATED)})
async def create_preset(
    body: NewPreset, service: Service, person: Asking, repeated: Repeated, response: Response
) -> PresetBody:
    """Make a preset: options for models under a name."""
    of = _of(body)
    choice = Choice(*of) if of[0] else None
    made = await service.presets.make(
        person,
        name=body.preset_name,
        options=body.options,
        choice=choice,
        preset_id=repeated.id_for(person, made="preset") if repeated.key() else None,
    )
    response.headers["ETag"] = tag_of(made)
    return _body(made, person)


@router.post("/check", responses=refuses(BadOption, UnknownOption, UnreadableText))
async def check_options(body: CheckedOptions, service: Service, person: Asking) -> CheckedOptions:
    """Return the options as they would be kept, without empty texts; nothing is kept. For a session that its first
    question is going to make."""
    return CheckedOptions(options=dict(checked(body.options, service.options)))


@router.patch(
    "/{preset_id}",
    responses={**TAGGED, **refuses(*_WRONG, PresetNotFound, OnlyAdministratorsShare, *NOT_CHANGED)},
)
async def change_preset(
    preset_id: str,
    body: PresetPatch,
    service: Service,
    person: Asking,
    notes: Noting,
    expected: IfMatch,
    response: Response,
) -> PresetBody:
    """Change a preset of one's own. Where there are accounts, one that is shared is an administrator's."""
    changed = await service.presets.change(
        identifier(preset_id),
        person,
        name=body.preset_name,
        options=body.options,
        of=_of(body) if body.model_fields_set & {"backend", "model"} else None,
        is_default=body.is_default,
        is_shared=body.is_shared,
        expected=expected,
    )
    response.headers["ETag"] = tag_of(changed)
    if body.is_shared is not None:
        notes.put(Action.PRESET_SHARED, target=str(changed.preset_id), details={"is_shared": changed.is_shared})
    return _body(changed, person)


@router.delete("/{preset_id}", status_code=204, responses=refuses(PresetNotFound, *NOT_CHANGED))
async def delete_preset(preset_id: str, service: Service, person: Asking, expected: IfMatch) -> None:
    """Delete a preset of one's own."""
    await service.presets.delete(identifier(preset_id), person, expected=expected)


def _of(body: NewPreset | PresetPatch) -> tuple[str, str] | tuple[None, None]:
    """Return backend and model, or None for both. Half of them would be a preset for something else than was meant.

    Raises BadOption.
    """
    if body.backend and body.model:
        return body.backend, body.model
    if body.backend or body.model:
        raise BadOption(param="model" if body.backend else "backend", allowed="backend + model")
    return None, None


def _body(preset: Preset, person: Person) -> PresetBody:
    return PresetBody(
        preset_id=preset.preset_id,
        preset_name=preset.preset_name,
        backend=preset.backend,
        model=preset.model,
        options=dict(preset.options),
        is_default=preset.is_default and preset.user_id == person.user_id,
        is_shared=preset.is_shared,
        is_own=preset.user_id == person.user_id,
        updated_at=preset.updated_at.astimezone(UTC),
    )
