"""Checks of what people type, before anything is stored or sent."""

from __future__ import annotations

import re
from uuid import UUID

from thai_chat.domain.errors import EmptyQuestion, InvalidIdentifier, QuestionTooLong, UnreadableText
from thai_chat.domain.messages import MAX_QUESTION_CHARS

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def checked_question(text: str) -> str:
    """Return the text without white space around it. Raises EmptyQuestion, QuestionTooLong or UnreadableText."""
    if len(text) > MAX_QUESTION_CHARS:
        raise QuestionTooLong(limit=MAX_QUESTION_CHARS, length=len(text))
    require_storable(text)
    question = text.strip()
    if not question:
        raise EmptyQuestion
    return question


def require_storable(text: str) -> None:
    """Refuse code points that no store can keep. Raises UnreadableText."""
    if _NOT_STORABLE.search(text):
        raise UnreadableText


def storable(text: str) -> str:
    """Return what a model sent, with the few code points that no store can keep replaced by U+FFFD."""
    return _NOT_STORABLE.sub("\ufffd", text)


def identifier(value: str) -> UUID:
    """Return the UUID that `value` is. Raises InvalidIdentifier when it is none in its usual form."""
    try:
        return UUID(value)
    except ValueError as exc:
        raise InvalidIdentifier from exc
