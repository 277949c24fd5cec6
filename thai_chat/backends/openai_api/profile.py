"""Facts about OpenAI's two APIs that no answer of theirs tells, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping

from thai_chat.domain.options import TOOLS

RENAMED_PARAMETERS: Mapping[str, str] = {"max_tokens": "max_completion_tokens"}
"""Refused parameters that live on under another name (GPT-5 and the o-series refuse `max_tokens`)."""

STREAMING_REFUSED_S = 15 * 60
"""How long an organisation's missing verification is believed; OpenAI says that it takes up to 15 minutes to spread."""

VERIFIED_ONLY = frozenset({"stream", "reasoning.summary"})
"""The parameters that OpenAI refuses to organisations that are not verified and takes from those that are."""

RESPONSES_PATHS: Mapping[str, str] = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
    "response_format": "text.format",
}
"""Where the Responses API has an option of Chat Completions, if under another name."""
RESPONSES_LACKS = TOOLS | {"seed", "stop", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs"}
"""Options of Chat Completions that the Responses API does not have (its reference, `openai` 3.52), or not for us."""
RESPONSES_LEAST_TOKENS = 16
"""A smaller `max_output_tokens` is refused."""

_THINKS = re.compile(r"^(ft:)?(gpt-([5-9]|\d\d)|o\d|codex)")
_THINKS_NOT = re.compile(r"chat|audio|realtime|image|search|transcribe|tts|live")


def thinks(model: str) -> bool:
    """Tell whether an OpenAI model reasons before it answers, by its name alone: GPT-5 and later, the o-series,
    codex."""
    return bool(_THINKS.match(model)) and not _THINKS_NOT.search(model)
