"""The words of an error for clients, which may tell more than its code does."""

from __future__ import annotations

from thai_chat import texts
from thai_chat.domain.errors import ThaiChatError
from thai_chat.texts import Language

_TELLING = (("unknown", "unknown_fields"), ("fields", "bad_fields"), ("no_json_object", "no_json_object"))
"""The params that choose a text."""


def message_of(error: ThaiChatError, language: Language) -> str:
    code = next((text for param, text in _TELLING if error.params.get(param)), error.code)
    return texts.text(code, language, error.params)
