"""The facts that the names of a cloud's models tell of them, as data."""

from __future__ import annotations

import re

from thai_chat.backends.named import chats_by_name

OPENAI_HOST = "api.openai.com"
"""Regions have addresses below it ("eu.api.openai.com")."""

_OPENAI_CHAT = re.compile(r"^(gpt-|chatgpt-|o\d|ft:gpt-|ft:o\d)")
_OPENAI_OTHER = re.compile(
    r"audio|realtime|transcribe|tts|image|search|embedding|moderation|live"
    r"|gpt-3\.5-turbo-instruct|gpt-4-base"  # the old completions endpoint
    r"|deep-research|computer-use"  # they work with tools only
)
_OPENAI_SEES = re.compile(
    r"^(ft:)?(gpt-4o|gpt-4\.1|gpt-4-turbo|gpt-([5-9]|\d\d)|chatgpt-4o|o1(?!-mini)|o3(?!-mini)|o4|codex)"
)
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4})(-preview)?$")


def chats(model: str, *, host: str) -> bool:
    """Tell whether a model of an OpenAI-compatible cloud answers chat completions, by its name alone.

    OpenAI's list holds every kind of model and says no word on what each is for; other clouds list mostly chat models.
    """
    if is_openai(host):
        return bool(_OPENAI_CHAT.match(model)) and not _OPENAI_OTHER.search(model)
    return chats_by_name(model)


def sees(model: str) -> bool:
    """Tell whether a chat model of OpenAI's reads pictures, by its name alone."""
    return bool(_OPENAI_SEES.match(model))


def is_openai(host: str) -> bool:
    return host == OPENAI_HOST or host.endswith(f".{OPENAI_HOST}")


def is_snapshot(model: str) -> bool:
    """Tell a dated copy of a model that is listed under its plain name too ("gpt-5-2025-08-07", "gpt-4-0613")."""
    return bool(_SNAPSHOT.search(model))
