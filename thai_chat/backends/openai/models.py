"""The facts that the names of a cloud's models tell of them, as data."""

from __future__ import annotations

import re

OPENAI_HOST = "api.openai.com"
"""Regions have addresses below it ("eu.api.openai.com")."""

_OPENAI_CHAT = re.compile(r"^(gpt-|chatgpt-|o\d|ft:gpt-|ft:o\d)")
_OPENAI_OTHER = re.compile(
    r"audio|realtime|transcribe|tts|image|search|embedding|moderation|live"
    r"|gpt-3\.5-turbo-instruct|gpt-4-base"  # the old completions endpoint
    r"|deep-research|computer-use"  # they work with tools only
)
_NOT_CHAT = re.compile(r"embed|whisper|tts|moderation|rerank|guard|stable-diffusion|flux|dall-e|transcribe")
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4})(-preview)?$")


def chats(model: str, *, host: str) -> bool:
    """Tell whether a model of an OpenAI-compatible cloud answers chat completions, by its name alone.

    OpenAI's list holds every kind of model and says no word on what each is for; other clouds list mostly chat models.
    """
    if is_openai(host):
        return bool(_OPENAI_CHAT.match(model)) and not _OPENAI_OTHER.search(model)
    return not _NOT_CHAT.search(model.lower())


def is_openai(host: str) -> bool:
    return host == OPENAI_HOST or host.endswith(f".{OPENAI_HOST}")


def is_snapshot(model: str) -> bool:
    """Tell a dated copy of a model that is listed under its plain name too ("gpt-5-2025-08-07", "gpt-4-0613")."""
    return bool(_SNAPSHOT.search(model))
