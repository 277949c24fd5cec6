"""Fits a prompt to a window by the server's own count of its tokens, where the estimate alone could be wrong."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from thai_chat.chat.prompt import Prompt, budget
from thai_chat.domain.backend_errors import BackendError
from thai_chat.domain.messages import Role
from thai_chat.domain.ports.backend import PromptMessage

logger = logging.getLogger(__name__)

Build = Callable[[float], Prompt]
"""Makes a prompt, taking a text for so many times its estimated tokens."""
Count = Callable[[Sequence[PromptMessage]], Awaitable[int | None]]
"""None where the server does not count."""

_CERTAIN = 0.35
"""Where a model's name says nothing, the oldest tokenizers take twice what is estimated: a prompt that is estimated at
less than this share of the window fits even so, and needs no counting."""
_COUNTS = 3


async def fitted(build: Build, count: Count, *, context_window: int | None) -> Prompt:
    """Return the fullest prompt that was seen to fit; where nothing counts, the one that fits by the estimate."""
    prompt = build(1.0)
    if context_window is None or (not prompt.is_full and prompt.estimated_tokens < _CERTAIN * context_window):
        return prompt
    best: Prompt | None = None
    for _ in range(_COUNTS):
        exact = await _counted(count, prompt)
        if exact is None:
            return best or prompt
        fits = exact <= budget(context_window)
        counted = _with_count(prompt, exact)
        if fits and (best is None or len(counted.messages) > len(best.messages)):
            best = counted
        following = build(exact / max(1, prompt.estimated_tokens))
        if following.messages == prompt.messages or (fits and len(following.messages) < len(prompt.messages)):
            return best or counted
        prompt = following
    return best or prompt


async def _counted(count: Count, prompt: Prompt) -> int | None:
    begun = [PromptMessage(Role.ASSISTANT, prompt.reply_so_far)] if prompt.reply_so_far else []
    try:
        return await count([*prompt.messages, *begun])
    except BackendError as error:
        logger.info("tokens are estimated: counting failed with %s", error.code)
        return None


def _with_count(prompt: Prompt, exact: int) -> Prompt:
    return replace(prompt, context_used=replace(prompt.context_used, exact_tokens=exact))
