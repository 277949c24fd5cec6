"""How many tokens a text is, without asking a tokenizer."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from thai_chat.routing.tokenizers import OTHER_THAI_TOKENS, THAI_TOKENS

_THAI = re.compile("[\u0e00-\u0e7f]+")
_THAI_BYTES = 3
_BYTES_PER_TOKEN = 4
"""The bytes of UTF-8 in a token, in everything but Thai: English and code within a tenth, Cyrillic, Chinese and
Japanese within a half."""

TOKENS_PER_MESSAGE = 4
"""Role and separators of a chat template."""


def estimate_tokens(text: str, model: str = "") -> int:
    """Estimate the tokens of a text.

    For Thai within 25 % over a conversation, where the model's name tells its tokenizer (`docs/backends.md`).
    """
    thai = sum(map(len, _THAI.findall(text)))
    other_bytes = len(text.encode(errors="replace")) - thai * _THAI_BYTES
    return math.ceil(thai * _thai_rate(model) + other_bytes / _BYTES_PER_TOKEN)


@lru_cache(maxsize=256)
def _thai_rate(model: str) -> float:
    name = model.lower()
    return next((rate for pattern, rate in THAI_TOKENS if pattern.search(name)), OTHER_THAI_TOKENS)
