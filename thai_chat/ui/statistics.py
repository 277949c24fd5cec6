"""What the statistics panel shows; the browser formats numbers and days in the reader's own way."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from thai_chat import texts
from thai_chat.domain.messages import Statistics
from thai_chat.ui.window import Value

DAYS = 14
HOME = "Asia/Bangkok"
"""Whose midnight cuts the days when the browser does not say where it is."""


def statistics_of(statistics: Statistics) -> Value:
    return {
        "sessions": statistics.sessions,
        "messages": statistics.messages,
        "prompt_tokens": statistics.prompt_tokens,
        "completion_tokens": statistics.completion_tokens,
        "by_model": [
            {
                "backend": texts.label_of(usage.backend),
                "model": usage.model,
                "replies": usage.replies,
                "prompt_tokens": usage.prompt_tokens,
                "completion_tokens": usage.completion_tokens,
                "first_token_ms": usage.first_token_ms,
            }
            for usage in statistics.by_model
        ],
        "by_day": [{"day": day.day, "messages": day.messages, "tokens": day.tokens} for day in statistics.by_day],
    }


def time_zone(name: object) -> str:
    """`name` as the browser says it, when it is one."""
    try:
        return ZoneInfo(name).key if isinstance(name, str) and name else HOME
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return HOME
