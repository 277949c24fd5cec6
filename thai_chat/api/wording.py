"""The words of an error for clients, which may tell more than its code does."""

from __future__ import annotations

from pydantic_core import PydanticCustomError

from thai_chat import texts
from thai_chat.domain.errors import ThaiChatError
from thai_chat.texts import Language

_TELLING = (("unknown", "unknown_fields"), ("fields", "bad_fields"), ("no_json_object", "no_json_object"))
"""The params that choose a text."""
UNFIT = "unfit"


def unfit(code: str, **params: str) -> PydanticCustomError:
    """Return the error of a body whose fields don't go together; `code` is that of the text which tells it."""
    return PydanticCustomError(UNFIT, "The fields don't go together", {UNFIT: code, **params})


def message_of(error: ThaiChatError, language: Language) -> str:
    code = str(error.params.get(UNFIT) or "") or next(
        (text for param, text in _TELLING if error.params.get(param)), error.code
    )
    return texts.text(code, language, error.params)
