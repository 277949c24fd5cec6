"""What a model is sent: a pure choice of messages that fit its context window, with an account of what was left out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from thai_chat.domain.messages import JsonObject, Message, Role
from thai_chat.domain.ports import PromptMessage

# Measured on tokenizers of 2026: some 0.65 tokens a Thai code point, 0.25 an ASCII one, one for most others.
_THAI = re.compile("[\u0e00-\u0e7f]")
_ASCII = re.compile("[\x00-\x7f]")
_TOKENS_PER_MESSAGE = 4
"""Role and separators of a chat template."""
_REPLY_SHARE = 4
"""A quarter of the window, at most _REPLY_TOKENS, is left for the reply."""
_REPLY_TOKENS = 2048


@dataclass(frozen=True, slots=True)
class Prompt:
    messages: Sequence[PromptMessage]
    """Oldest first; the question is the last."""
    context_used: JsonObject
    """How many messages were sent and left out, the estimated tokens, the window: kept with the reply."""


def estimate_tokens(text: str) -> int:
    """Tokens of a text without asking a tokenizer; chars / 4 would be wrong for Thai by 2.5 times."""
    thai = len(_THAI.findall(text))
    ascii_count = len(_ASCII.findall(text))
    return math.ceil(thai * 0.65 + ascii_count * 0.25 + (len(text) - thai - ascii_count))


def build_prompt(
    history: Sequence[Message],
    question: str,
    *,
    context_window: int | None,
    max_messages: int,
    earlier_messages: int | None = None,
    reply_so_far: str = "",
) -> Prompt:
    """`history` is oldest first and ends before the question. Replies without text are not sent.

    `reply_so_far` is what the model goes on from; it stands behind the question and takes its part of the window.
    `earlier_messages` is how many there are before the question, when `history` has only the last of them.

    As many of the newest messages as fit are taken; the question always is, even when it alone is too long: then the
    server's own answer to that is better than a question cut in silence.
    """
    sayable = [message for message in history if message.content.strip()]
    asked = estimate_tokens(question) + estimate_tokens(reply_so_far) + _TOKENS_PER_MESSAGE
    budget = _budget(context_window) - asked
    taken: list[PromptMessage] = []
    used = 0.0
    for message in reversed(sayable[-max_messages:]):
        cost = estimate_tokens(message.content) + _TOKENS_PER_MESSAGE
        if used + cost > budget:
            break
        used += cost
        taken.append(PromptMessage(message.role, message.content))
    # Chat templates want the question of a reply before it: a reply that lost its question goes too.
    while taken and taken[-1].role is Role.ASSISTANT:
        taken.pop()
    messages = (*reversed(taken), PromptMessage(Role.USER, question))
    return Prompt(
        messages,
        {
            "messages_sent": len(taken),
            "messages_left_out": max(earlier_messages or 0, len(sayable)) - len(taken),
            "estimated_tokens": asked + sum(estimate_tokens(m.content) + _TOKENS_PER_MESSAGE for m in taken),
            "context_window": context_window,
        },
    )


def _budget(context_window: int | None) -> float:
    if context_window is None:
        return math.inf
    return context_window - min(context_window // _REPLY_SHARE, _REPLY_TOKENS)
