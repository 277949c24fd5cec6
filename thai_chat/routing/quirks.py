"""Facts about models and their servers that no protocol tells, as data.

Where a fact comes from is said beside it; when a vendor changes its mind, this is the only file to touch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

THINKING_TAGS: tuple[tuple[str, str], ...] = (
    ("<think>", "</think>"),  # DeepSeek-R1, Qwen3, most fine-tunes of them
    ("<thinking>", "</thinking>"),
    ("[THINK]", "[/THINK]"),  # Magistral
)
"""Opening and closing tags around thinking in the content, where the server was started without a reasoning parser."""

RENAMED_PARAMETERS: Mapping[str, str] = {"max_tokens": "max_completion_tokens"}
"""Refused parameters that live on under another name (GPT-5 and the o-series refuse `max_tokens`)."""

STREAMING_REFUSED_S = 15 * 60
"""How long an organisation's missing verification is believed; OpenAI says that it takes up to 15 minutes to spread."""

OPENAI_HOST = "api.openai.com"

CLOUD_BACKENDS = frozenset({"openai"})
"""What is put to them leaves the user's own servers; the others are their own, wherever they stand."""
DEMO_NOTE = "demo_model"
"""The note of a model that only shows how the page works, and is no answer to a question."""

_OLLAMA_CLOUD = re.compile(r"[-:]cloud$")

_OPENAI_CHAT = re.compile(r"^(gpt-|chatgpt-|o\d|ft:gpt-|ft:o\d)")
_OPENAI_OTHER = re.compile(
    r"audio|realtime|transcribe|tts|image|search|embedding|moderation|live"
    r"|gpt-3\.5-turbo-instruct|gpt-4-base"  # the old completions endpoint
    r"|-pro\b|codex|deep-research|computer-use"  # the Responses API only
)
_NOT_CHAT = re.compile(r"embed|whisper|tts|moderation|rerank|guard|stable-diffusion|flux|dall-e|transcribe")
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4})(-preview)?$")

CONTEXT_OVERFLOW = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # OpenAI, vLLM until 0.10
        r"maximum context length is (?P<window>\d+) tokens.*?(?:requested|resulted in|contains at least) "
        r"(?:about )?(?P<asked>\d+)",
        r"input length \((?P<asked>\d+)\) exceeds model's maximum context length \((?P<window>\d+)\)",  # vLLM
        r"maximum context length is (?P<window>\d+).*?request has (?P<asked>\d+) input tokens",  # vLLM
        r"request \((?P<asked>\d+) tokens\) exceeds the available context size \((?P<window>\d+) tokens\)",  # llama.cpp
        r"maximum context length",
        r"max_(?:completion_)?tokens must be at least 1, got -\d+",  # vLLM: nothing is left for the reply
        r"exceeds? the (?:available |model's )?context (?:size|length|window)",
        r"(?:prompt|decoder prompt).{0,80}longer than the maximum model length",  # vLLM
        r"(?:prompt|input) is too long|context (?:length|window) exceeded",
        r"reduce the length of the (?:messages|prompt)",
    )
)
"""Wordings of "this does not fit", most telling first; `window` and `asked` are tokens."""

OVERFLOW_CODES = frozenset({"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"})

REFUSED_PARAMETER_CODES = frozenset(
    {
        "unsupported_parameter",
        "unsupported_value",
        "unknown_parameter",
        "invalid_value",
    }
)
REFUSED_PARAMETER = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"unsupported (?:parameter|value): '(?P<param>[\w.]+)'",
        r"unknown parameter: '(?P<param>[\w.]+)'",
        r"unrecognized request arguments? supplied: (?P<param>\w+)",
    )
)
"""For gateways that drop `error.param` and `error.code` on the way."""

LOADING = re.compile(r"loading model|model is (?:still |being )?load", re.IGNORECASE)
NOT_VERIFIED_TO_USE = re.compile(r"must be verified to use", re.IGNORECASE)


def chats(model: str, *, host: str) -> bool:
    """Whether a model of an OpenAI-compatible cloud answers chat completions, by its name alone.

    OpenAI's list holds every kind of model and says no word on what each is for; other clouds list mostly chat models.
    """
    if host == OPENAI_HOST:
        return bool(_OPENAI_CHAT.match(model)) and not _OPENAI_OTHER.search(model)
    return not _NOT_CHAT.search(model.lower())


def is_cloud(backend: str, model: str) -> bool:
    """Whether a question to the model goes to somebody else's machine.

    Ollama passes models with the tag "cloud" ("gpt-oss:120b-cloud") on to ollama.com.
    """
    return backend in CLOUD_BACKENDS or (backend == "ollama" and bool(_OLLAMA_CLOUD.search(model)))


def is_snapshot(model: str) -> bool:
    """A dated copy of a model that is listed under its plain name too ("gpt-5-2025-08-07", "gpt-4-0613")."""
    return bool(_SNAPSHOT.search(model))
