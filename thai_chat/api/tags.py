"""Entity tags (RFC 9110): what a client has is not sent again, and what it has not seen it does not change."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from thai_chat.api.refusing import Responses
from thai_chat.domain.messages import Session
from thai_chat.domain.presets import Preset
from thai_chat.domain.repeating_errors import BadTag, ChangedMeanwhile
from thai_chat.domain.versions import version_of

_RUNNING = "-running"
_TAG = re.compile(r'(W/)?"([!#-~\x80-\xff]*)"')
_TAGS = re.compile(rf"[\s,]*{_TAG.pattern}(?:\s*,[\s,]*{_TAG.pattern})*[\s,]*")
_TAG_HEADER: dict[str, Any] = {
    "ETag": {"description": "The version, for If-Match and If-None-Match", "schema": {"type": "string"}}
}
TAGGED: Responses = {200: {"headers": _TAG_HEADER}}
MADE_TAGGED: Responses = {201: {"headers": _TAG_HEADER}}
SEEN: Responses = {**TAGGED, 304: {"description": "It is still what `If-None-Match` names"}}
NOT_CHANGED = (BadTag, ChangedMeanwhile)
"""The errors of a change with If-Match, for `refuses`."""

_ANY: Sequence[tuple[bool, str]] = ((False, "*"),)
Expected = Collection[str] | None
"""The versions that may be changed; None: every one."""


def tag_of(kept: Session | Preset, *, running: bool = False) -> str:
    """Return the tag of what is answered. A session with a reply that grows shows so, and has another one."""
    return f'"{version_of(kept)}{_RUNNING if running else ""}"'


async def _expected(
    request: Request,
    _: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description="Change it only if this is still its `ETag`; else it is refused, `changed_meanwhile`",
            examples=['"8d0e3c5a9b7f1d2e4c6a8b0d"'],
        ),
    ] = None,
) -> Expected:
    """Return the versions that If-Match names: what stands behind them in a tag says how they were shown. A weak tag
    names none (RFC 9110, 13.1.1)."""
    tags = _tags(request, "If-Match")
    if tags is None or tags == _ANY:
        return None
    return {tag.partition("-")[0] for is_weak, tag in tags if not is_weak}


@dataclass(frozen=True, slots=True)
class Seen:
    """The tags of what a client has already, each with whether it is weak; `_ANY` is whatever there is."""

    tags: Sequence[tuple[bool, str]]

    def has(self, tag: str) -> bool:
        """Compare weakly, as RFC 9110 wants it of If-None-Match."""
        return self.tags == _ANY or any(f'"{known}"' == tag for _, known in self.tags)

    def answer(self, body: BaseModel, tag: str | None = None, *, version: str = "") -> Response:
        """Answer with the body under its tag, or that the client has it.

        Without a tag it is the body's sum, behind the version of what can be changed by it.
        """
        content = body.model_dump_json().encode()
        tag = tag or f'"{version}-{blake2b(content, digest_size=12).hexdigest()}"'
        if self.has(tag):
            return Response(status_code=304, headers={"ETag": tag})
        return Response(content, media_type="application/json", headers={"ETag": tag})


async def _seen(
    request: Request,
    _: Annotated[
        str | None,
        Header(
            alias="If-None-Match",
            description="Answer 304 without a body if this is still the `ETag`",
            examples=['"8d0e3c5a9b7f1d2e4c6a8b0d"'],
        ),
    ] = None,
) -> Seen:
    return Seen(_tags(request, "If-None-Match") or ())


def _tags(request: Request, name: str) -> Sequence[tuple[bool, str]] | None:
    """Return whether each tag of the header is weak, and what is in its quotes; None without the header. Raises
    BadTag."""
    if name not in request.headers:
        return None
    value = ",".join(request.headers.getlist(name)).strip()
    if value == "*":
        return _ANY
    if not _TAGS.fullmatch(value):
        raise BadTag(name=name)
    return [(bool(weak), tag) for weak, tag in _TAG.findall(value)]


IfMatch = Annotated[Expected, Depends(_expected)]
IfNoneMatch = Annotated[Seen, Depends(_seen)]
