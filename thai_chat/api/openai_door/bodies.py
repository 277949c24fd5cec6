"""The body of a program's request: read whole, bounded, and taken apart into what is ours and what goes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from fastapi import Request
from uuid_utils.compat import uuid7

from thai_chat.chat.text import identifier
from thai_chat.domain.errors import BadInput
from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.openai_errors import NotAnObject, NotKept, NotTaken, TooManyValues
from thai_chat.domain.ports.relay import RelayCall, RelayKind

SESSION = "x-thai-chat-session"
_MOST_VALUES = 500_000
_SIGNS = (b",", b"{", b"[")
_NOT_TAKEN = ("models", "fallbacks", "background")
"""The fields that are refused. `models` and `fallbacks` name other models to a gateway, which the person may not be
allowed to use. An answer in the `background` has used nothing yet when it is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramBody:
    """A program's request, and the session in which it is to be kept."""

    model: str
    call: RelayCall
    session_id: UUID | None


async def read(request: Request, kind: RelayKind) -> ProgramBody:
    """Return what a program asks. Raises BadInput for what can't be passed on to any server."""
    body = _parsed(await request.body())
    model, stream = body.pop("model", None), body.pop("stream", False)
    if not isinstance(model, str) or not model.strip():
        raise BadInput(fields="model")
    if not isinstance(stream, bool | None):
        raise BadInput(fields="stream")
    if stream and kind is RelayKind.EMBEDDINGS:
        raise BadInput(fields="stream")
    for name in _NOT_TAKEN:
        if body.get(name):
            raise NotTaken(fields=name)
    session_id = _session(request.headers.get(SESSION), body)
    if session_id and kind is not RelayKind.CHAT:
        raise NotKept
    call = RelayCall(kind=kind, body=body, stream=bool(stream))
    return ProgramBody(model=model.strip(), call=call, session_id=session_id)


def _parsed(content: bytes) -> dict[str, JsonValue]:
    """Return the JSON. Its values are counted first: the time that they take is the whole server's, whose loop waits.
    Texts and pictures may be long, they take next to none."""
    if sum(map(content.count, _SIGNS)) > _MOST_VALUES:
        raise TooManyValues(limit=_MOST_VALUES)
    try:
        body: Any = orjson.loads(content)
    except orjson.JSONDecodeError as exc:
        raise BadInput from exc
    if not isinstance(body, dict):
        raise NotAnObject
    return body


def _session(header: str | None, body: dict[str, JsonValue]) -> UUID | None:
    """Return the session in which the turn is kept, and take its id out of the body: it says nothing to a server."""
    metadata = body.get("metadata")
    if isinstance(metadata, Mapping) and "session_id" in metadata:
        named = metadata["session_id"]
        if not isinstance(named, str):
            raise BadInput(fields="metadata.session_id")
        header = header or named
        rest = {name: value for name, value in metadata.items() if name != "session_id"}
        if rest:
            body["metadata"] = rest
        else:
            del body["metadata"]
    if not header:
        return None
    return uuid7() if header == "new" else identifier(header)
