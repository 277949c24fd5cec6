"""Names of models, as their servers have them and as the history can keep them."""

from __future__ import annotations

from hashlib import sha256

from thai_chat.domain.messages import MODEL_CHARS

_MARK_CHARS = 8
_SIDE_CHARS = (MODEL_CHARS - _MARK_CHARS - 2) // 2


def short_name(model: str) -> str:
    """Return the name itself; one that is longer than MODEL_CHARS as its ends around a mark that no other name has.

    vLLM calls a model by the path of its files when it is given no other name.
    """
    if len(model) <= MODEL_CHARS:
        return model
    mark = sha256(model.encode(errors="surrogatepass")).hexdigest()[:_MARK_CHARS]
    return f"{model[:_SIDE_CHARS]}…{mark}…{model[-_SIDE_CHARS:]}"
