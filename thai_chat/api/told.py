"""Tells in the reader's language what the facts of a reply hold as codes: why it failed, and its notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import BaseModel, Field

from thai_chat import texts
from thai_chat.domain.backend_errors import BackendError
from thai_chat.domain.fact_values import (
    ReplyError,
)
from thai_chat.domain.facts import (
    ReplyFacts,
    facts_of,
    has_notices,
)
from thai_chat.domain.messages import Message, Status
from thai_chat.texts import Language


class NoticeBody(BaseModel):
    code: str = Field(description="What it is about; it stays the same between versions")
    message: str = Field(description="For people, in the language of Accept-Language", examples=["vLLM answered."])


class Told(NamedTuple):
    problem: str | None
    notices: Sequence[NoticeBody]


_NOTHING = Told(None, ())


def told(message: Message, language: Language) -> Told:
    """Return what is to be told of a message; whoever wrote its metadata, only texts of errors and notices."""
    if message.status is not Status.FAILED and not has_notices(message):
        return _NOTHING  # without reading all that is known, of each of thousands
    facts = facts_of(message)
    return Told(_problem(message, facts, language), _notices(facts, language))


def _problem(message: Message, facts: ReplyFacts, language: Language) -> str | None:
    if message.status is not Status.FAILED:
        return None
    error = facts.error or ReplyError(BackendError.code)
    params = {"backend": message.backend, "model": message.model, **error.params}
    return texts.text(error.code if texts.is_told(error.code) else texts.UNKNOWN, language, params)


def _notices(facts: ReplyFacts, language: Language) -> list[NoticeBody]:
    return [
        NoticeBody(code=notice.code, message=texts.text(notice.code, language, notice.params))
        for notice in facts.notices or ()
        if texts.is_told(notice.code)
    ]
