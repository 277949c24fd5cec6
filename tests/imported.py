"""The sessions that an import makes of files, read in the test itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.foreign_exports import (
    Json,
    as_file,
)
from tests.uploads import upload
from thai_chat import texts
from thai_chat.chat.transfer.files import Import
from thai_chat.chat.transfer.upload import GivenFile, Upload
from thai_chat.domain.errors import ImportRefused
from thai_chat.domain.messages import Role
from thai_chat.domain.transfer import ImportLimits, KeptSession

EXPORTS = Path(__file__).parent / "exports"
LIMITS = ImportLimits()


def read(*contents: bytes, limits: ImportLimits = LIMITS) -> list[KeptSession]:
    given = upload(*contents)
    left_out: list[ImportRefused] = []
    opened = Import(given, limits, left_out=left_out.append)
    try:
        opened.open()
        found = [kept for kept, _ in opened.sessions()]
        assert len(found) == opened.total - sum("number" in one.params for one in left_out)
        return found
    finally:
        opened.close()
        given.close()


def refusal(content: bytes, limits: ImportLimits = LIMITS) -> Mapping[str, str | int | float]:
    with pytest.raises(ImportRefused) as caught:
        read(content, limits=limits)
    for language in texts.LANGUAGES:
        said = texts.text(caught.value.code, language, caught.value.params)
        assert "…" not in said.replace("{ … }", "").replace("[ … ]", ""), said
        assert "import_" not in said
    return caught.value.params


def dialog(session: KeptSession) -> list[tuple[str, str]]:
    """Return what is shown: who said what."""
    by_id = {kept.message.message_id: kept.message for kept in session.messages}
    shown = []
    message_id = session.session.leaf_id
    while message_id:
        message = by_id[message_id]
        shown.append((message.role.value, message.content))
        message_id = message.parent_id
    return shown[::-1]


def kept(name: str) -> bytes:
    return (EXPORTS / name).read_bytes()


def only(value: object) -> KeptSession:
    (session,) = read(as_file(value))
    return session


def reasoning(session: KeptSession) -> list[object]:
    return [kept.message.metadata.get("reasoning") for kept in session.messages if kept.message.role is Role.ASSISTANT]


def read_named(files: Mapping[str, bytes]) -> tuple[list[KeptSession], list[Mapping[str, Any]]]:
    """Return the sessions of files under their names, and why others were left out."""
    whole = upload(*files.values())
    given = Upload(
        whole.file, [GivenFile(name, one.start, one.size) for name, one in zip(files, whole.files, strict=True)]
    )
    left_out: list[Mapping[str, Any]] = []
    opened = Import(given, LIMITS, left_out=lambda refusal: left_out.append(refusal.params))
    try:
        opened.open()
        return [session for session, _ in opened.sessions()], left_out
    finally:
        opened.close()
        given.close()


def spoken(*words: str, **fields: Any) -> Json:
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[at % 2], "content": word} for at, word in enumerate(words)], **fields}


def ids(*values: object) -> list[object]:
    return [session.session.session_id for value in values for session in read(as_file(value))]


def own(**fields: Any) -> Json:
    """Return an export of ours with a session of one message, which has these fields."""
    message: Json = {
        "message_id": str(uuid4()),
        "parent_id": None,
        "role": "user",
        "content": "สวัสดี",
        "message_order": 1,
        "status": "complete",
        "created_at": "2026-11-21T04:00:00+00:00",
    }
    session: Json = {
        "session_id": str(uuid4()),
        "session_name": "ทักทาย",
        "backend": "vllm",
        "model": "m",
        "created_at": "2026-11-21T04:00:00+00:00",
        "messages": [{**message, **fields.pop("message", {})}],
    }
    if fields.pop("repeated", False):
        again = {**session["messages"][0], "message_id": str(uuid4()), "message_order": 2}
        session["messages"].append(again)
    return {"format": "thai-chat", "version": 1, "sessions": [{**session, **fields}]}
