"""Checks of what people type, before anything is stored or sent."""

from __future__ import annotations

import re
from uuid import UUID

from thai_chat.domain.errors import EmptyQuestion, InvalidIdentifier, QuestionTooLong, UnreadableText
from thai_chat.domain.messages import MAX_QUESTION_CHARS

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def checked_question(text: str) -> str:
    """The text without white space around it. Raises EmptyQuestion, QuestionTooLong or UnreadableText."""
    if len(text) > MAX_QUESTION_CHARS:
        raise QuestionTooLong(limit=MAX_QUESTION_CHARS, length=len(text))
    require_storable(text)
    question = text.strip()
    if not question:
        raise EmptyQuestion
    return question


def require_storable(text: str) -> None:
    """Raises UnreadableText for code points that no store can keep."""
    if _NOT_STORABLE.search(text):
        raise UnreadableText


def storable(text: str) -> str:
    """What a model sent, with the few code points that no store can keep replaced by U+FFFD."""
    return _NOT_STORABLE.sub("\ufffd", text)


def identifier(value: str) -> UUID:
    """Raises InvalidIdentifier when the value is not a UUID in its usual form."""
    try:
        return UUID(value)
    except ValueError as exc:
        raise InvalidIdentifier from exc
