"""`/api/keys`: a person's API keys, by which programs ask in their name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.api.dependencies import Address, Asking, People
from thai_chat.api.refusing import refuses
from thai_chat.api.repeating import SECRET_NOT_REPEATED, Repeated
from thai_chat.domain.account_errors import KeyNotFound, NotAdministrator, TooManyKeys
from thai_chat.domain.errors import UnreadableText
from thai_chat.domain.keys import KEY_NAME_CHARS, MOST_KEYS, ApiKey
from thai_chat.domain.people import Scope

router = APIRouter(prefix="/api/keys", tags=["people"])

_LONGEST_S = 10 * 366 * 24 * 3600


class NewKey(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"name": "nightly export", "scopes": ["read"], "expires_in_s": 7_776_000}},
    )

    name: str = Field(min_length=1, max_length=KEY_NAME_CHARS, description="For its owner, to tell keys apart")
    scopes: list[Scope] = Field(
        min_length=1,
        max_length=len(Scope),
        description="read: all that changes nothing; chat: asking and changing, with read in it; admin: all that an "
        "administrator may, for administrators alone",
    )
    expires_in_s: int | None = Field(
        default=None,
        ge=1,
        le=_LONGEST_S,
        description="Seconds from now; without it a key is good until it is deleted",
    )


class KeyBody(BaseModel):
    key_id: str = Field(description="The part of the key that is no secret")
    name: str = Field(description="For its owner, to tell keys apart", examples=["nightly export"])
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None = Field(description="The last use, to the minute")


class MadeKeyBody(KeyBody):
    key: str = Field(description="The key itself: it is shown by this answer alone and kept nowhere")


class KeysBody(BaseModel):
    keys: list[KeyBody] = Field(description="The newest first")


@router.get("")
async def list_keys(people: People, person: Asking) -> KeysBody:
    """List one's own keys, also those that have expired."""
    return KeysBody(keys=[_body(key) for key in await people.keys.of(person)])


@router.post(
    "",
    status_code=201,
    description=f"Make a key; a person has at most {MOST_KEYS}. A key can't make keys.",
    responses=refuses(TooManyKeys, NotAdministrator, UnreadableText, *SECRET_NOT_REPEATED),
)
async def create_key(body: NewKey, people: People, person: Asking, address: Address, repeated: Repeated) -> MadeKeyBody:
    lasts = timedelta(seconds=body.expires_in_s) if body.expires_in_s else None
    key, text = await people.keys.make(
        person,
        name=body.name,
        scopes=body.scopes,
        lasts=lasts,
        address=address,
        idempotency_key=repeated.key(),
    )
    return MadeKeyBody(**_body(key).model_dump(), key=str(text))


@router.delete("/{key_id}", status_code=204, responses=refuses(KeyNotFound))
async def delete_key(key_id: str, people: People, person: Asking, address: Address) -> None:
    """Delete a key. Whoever asks by it is refused, at the latest some seconds later."""
    await people.keys.revoke(person, key_id, address=address)


def _body(key: ApiKey) -> KeyBody:
    return KeyBody(
        key_id=key.key_id,
        name=key.key_name,
        scopes=list(key.scopes),
        created_at=key.created_at.astimezone(UTC),
        expires_at=key.expires_at.astimezone(UTC) if key.expires_at else None,
        used_at=key.used_at.astimezone(UTC) if key.used_at else None,
    )
