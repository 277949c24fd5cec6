"""The prompt of a model: a pure choice of messages that fit its context window, with an account of what was left
out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from thai_chat.domain.fact_values import (
    ContextUsed,
)
from thai_chat.domain.messages import Message, Role
from thai_chat.domain.ports.backend import PromptMessage
from thai_chat.routing.tokens import TOKENS_PER_MESSAGE, estimate_tokens

_REPLY_SHARE = 4
"""A quarter of the window, at most _REPLY_TOKENS, is left for the reply."""
_REPLY_TOKENS = 2048


@dataclass(frozen=True, slots=True)
class Prompt:
    messages: Sequence[PromptMessage]
    """Oldest first, a system prompt before all; the question is the last."""
    reply_so_far: str
    """Goes behind them, and is no message of its own yet."""
    context_used: ContextUsed
    """The account of the context, which is kept with the reply."""
    estimated_tokens: int
    is_full: bool
    """True when messages were left out because the window has no room for them."""


def build_prompt(
    history: Sequence[Message],
    question: str,
    *,
    context_window: int | None,
    max_messages: int,
    earlier_messages: int | None = None,
    reply_so_far: str = "",
    system_prompt: str = "",
    model: str = "",
    scale: float = 1.0,
) -> Prompt:
    """Return the prompt of a question, with as many of the newest messages as fit.

    `history` is oldest first and ends before the question. Replies without text are not sent. `reply_so_far` is what
    the model goes on from; it stands behind the question and takes its part of the window. `earlier_messages` is how
    many there are before the question, when `history` has only the last of them. `model` says by which estimate;
    `scale` is how many times its estimate a text takes, where a server has counted.

    System prompt and question are always taken, even when they alone are too long: then the server's own answer to that
    is better than a question cut in silence.
    """
    sayable = [message for message in history if message.content.strip()]
    always = [text for text in (system_prompt, question, reply_so_far) if text]
    fixed = sum(_cost(text, model) for text in always)
    room = math.inf if context_window is None else budget(context_window)
    taken: list[PromptMessage] = []
    used, is_full = fixed, False
    for message in reversed(sayable[-max_messages:]):
        cost = _cost(message.content, model)
        if (used + cost) * scale > room:
            is_full = True
            break
        used += cost
        taken.append(PromptMessage(message.role, message.content))
    # Chat templates want the question of a reply before it: a reply that lost its question goes too.
    while taken and taken[-1].role is Role.ASSISTANT:
        used -= _cost(taken.pop().content, model)
    system = [PromptMessage(Role.SYSTEM, system_prompt)] if system_prompt else []
    return Prompt(
        (*system, *reversed(taken), PromptMessage(Role.USER, question)),
        reply_so_far,
        ContextUsed(
            messages_sent=len(taken),
            messages_left_out=max(earlier_messages or 0, len(sayable)) - len(taken),
            estimated_tokens=used,
            context_window=context_window,
        ),
        used,
        is_full,
    )


def budget(context_window: int) -> int:
    """Return how many tokens of the window a prompt may fill; the rest is for the reply."""
    return context_window - min(context_window // _REPLY_SHARE, _REPLY_TOKENS)


def _cost(text: str, model: str) -> int:
    return estimate_tokens(text, model) + TOKENS_PER_MESSAGE
