"""What an import makes of files, read in the test itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.foreign_exports import (
    Json,
    as_file,
)
from tests.unit.test_transfer_files import LIMITS, read
from tests.uploads import upload
from thai_chat.chat.transfer.files import Import
from thai_chat.chat.transfer.upload import GivenFile, Upload
from thai_chat.domain.messages import Role
from thai_chat.domain.transfer import KeptSession

EXPORTS = Path(__file__).parent / "exports"


def kept(name: str) -> bytes:
    return (EXPORTS / name).read_bytes()


def only(value: object) -> KeptSession:
    (session,) = read(as_file(value))
    return session


def reasoning(session: KeptSession) -> list[object]:
    return [kept.message.metadata.get("reasoning") for kept in session.messages if kept.message.role is Role.ASSISTANT]


def read_named(files: Mapping[str, bytes]) -> tuple[list[KeptSession], list[Mapping[str, Any]]]:
    """The sessions of files under their names, and why others were left out."""
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
