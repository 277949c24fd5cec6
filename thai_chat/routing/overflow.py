"""How much smaller a prompt must be after a server said that it does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from thai_chat.domain.backend_errors import ContextOverflow
from thai_chat.domain.ports.backend import PromptMessage
from thai_chat.routing.tokens import TOKENS_PER_MESSAGE, estimate_tokens

_MARGIN = 0.9
_UNCOUNTED = 0.75
"""The share that is taken of what is estimated, where the server does not say by how much it was too low."""


def estimated_tokens(messages: Sequence[PromptMessage], model: str) -> int:
    return sum(estimate_tokens(message.content, model) + TOKENS_PER_MESSAGE for message in messages)


def smaller_window(error: ContextOverflow, messages: Sequence[PromptMessage], window: int | None, model: str) -> int:
    """Return the window to build the next prompt for, so that it fits where `messages`, built for `window`, did not.

    The error's own figures count most: by how much the estimate was too low, and what the server takes.
    """
    estimated = estimated_tokens(messages, model)
    limit, requested = _number(error, "limit"), _number(error, "requested")
    if limit is None:
        return min(estimated, window or estimated) // 2
    prompt = _number(error, "prompt") or requested
    room = limit - (requested - prompt if requested and prompt else 0)
    # vLLM stops counting at the first token that is too many: then the figure is only the least that it can be.
    is_counted = prompt is not None and requested != limit + 1
    scale = min(1.0, estimated / prompt) if prompt else 1.0
    if not is_counted:
        scale = min(scale, _UNCOUNTED)
    return max(1, int(min(room * scale, window or room) * _MARGIN))


def _number(error: ContextOverflow, name: str) -> int | None:
    value = error.params.get(name)
    return value if isinstance(value, int) and value > 0 else None
