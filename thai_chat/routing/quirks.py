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

THAI_TOKENS: tuple[tuple[re.Pattern[str], float], ...] = (
    (re.compile(r"qwen-?(3\.[5-9]|[4-9](?!b))"), 0.28),
    (re.compile(r"qwen|qwq|deepseek-r1:(?!671b)"), 0.58),  # Ollama's deepseek-r1 are Qwens but for the largest
    (re.compile(r"gemma|gemini"), 0.34),
    (re.compile(r"llama-?3"), 0.50),
    (re.compile(r"llama-?2|tinyllama"), 1.10),
    (re.compile(r"deepseek"), 0.41),
    (re.compile(r"gpt-(4o|4\.[1-9]|[5-9]|oss)|chatgpt-|(^|/|:)o\d"), 0.42),
    (re.compile(r"gpt-(4|3\.5)"), 1.00),
)
"""Tokens that a Thai code point takes, by the model's name in lower case, the first that fits.

Measured on the tokenizers of Qwen3 and 3.6, Gemma 3, Llama 3.1 and 2, DeepSeek V3, GPT-4o, gpt-oss and GPT-3.5; any one
figure would be wrong by twice for some."""
OTHER_THAI_TOKENS = 0.48

RENAMED_PARAMETERS: Mapping[str, str] = {"max_tokens": "max_completion_tokens"}
"""Refused parameters that live on under another name (GPT-5 and the o-series refuse `max_tokens`)."""

STREAMING_REFUSED_S = 15 * 60
"""How long an organisation's missing verification is believed; OpenAI says that it takes up to 15 minutes to spread."""

VERIFIED_ONLY = frozenset({"stream", "reasoning.summary"})
"""What OpenAI refuses to organisations that are not verified and gives to those that are."""

OPENAI_HOST = "api.openai.com"
"""Regions have addresses below it ("eu.api.openai.com")."""

RESPONSES_PATHS: Mapping[str, str] = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
    "response_format": "text.format",
}
"""Where the Responses API has an option of Chat Completions, if under another name."""
TOOLS = frozenset({"tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"})
"""They make a model ask for something to be done instead of answering, and nobody here would do it."""
RESPONSES_LACKS = TOOLS | {"seed", "stop", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs"}
"""Options of Chat Completions that the Responses API does not have (its reference, `openai` 3.52), or not for us."""
RESPONSES_LEAST_TOKENS = 16
"""A smaller `max_output_tokens` is refused."""

CLOUD_BACKENDS = frozenset({"openai"})
"""What is put to them leaves the user's own servers; the others are their own, wherever they stand."""
DEMO_NOTE = "demo_model"
"""The note of a model that only shows how the page works, and is no answer to a question."""

_OLLAMA_CLOUD = re.compile(r"[-:]cloud$")

_OPENAI_CHAT = re.compile(r"^(gpt-|chatgpt-|o\d|ft:gpt-|ft:o\d)")
_OPENAI_OTHER = re.compile(
    r"audio|realtime|transcribe|tts|image|search|embedding|moderation|live"
    r"|gpt-3\.5-turbo-instruct|gpt-4-base"  # the old completions endpoint
    r"|deep-research|computer-use"  # they work with tools only
)
_THINKS = re.compile(r"^(ft:)?(gpt-([5-9]|\d\d)|o\d|codex)")
_THINKS_NOT = re.compile(r"chat|audio|realtime|image|search|transcribe|tts|live")
_NOT_CHAT = re.compile(r"embed|whisper|tts|moderation|rerank|guard|stable-diffusion|flux|dall-e|transcribe")
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4})(-preview)?$")

CONTEXT_OVERFLOW = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # vLLM, from 0.10 to 0.14
        r"too large: (?P<reply>\d+)\..*?maximum context length is (?P<limit>\d+).*?has (?P<prompt>\d+) input tokens",
        # vLLM from 0.15
        r"context length is (?P<limit>\d+).*?has (?P<prompt>\d+) input tokens plus (?P<reply>\d+)",
        r"context length is (?P<limit>\d+).*?requested (?P<reply>\d+) output tokens.*?"
        r"prompt contains (?:at least )?(?P<prompt>\d+) input tokens",
        # OpenAI, vLLM until 0.10
        r"context length is (?P<limit>\d+).*?requested (?P<requested>\d+) tokens \((?P<prompt>\d+) (?:in|of)",
        r"context length is (?P<limit>\d+).*?resulted in (?P<prompt>\d+) tokens",
        r"context length is (?P<limit>\d+).*?prompt contains at least (?P<prompt>\d+)",  # vLLM 0.32
        r"context length is (?P<limit>\d+).*?requested (?:about )?(?P<requested>\d+)",
        r"input length \((?P<prompt>\d+)\) exceeds model's maximum context length \((?P<limit>\d+)\)",  # vLLM
        r"\(total length (?P<prompt>\d+)\) is longer than the maximum model length of (?P<limit>\d+)",  # vLLM
        r"request \((?P<prompt>\d+) tokens\) exceeds the available context size \((?P<limit>\d+) tokens\)",  # llama.cpp
        r"maximum context length",
        r"max_(?:completion_)?tokens must be at least 1, got -\d+",  # vLLM: nothing is left for the reply
        r"exceeds? the (?:available |model's )?context (?:size|length|window)",
        r"(?:prompt|decoder prompt).{0,80}longer than the maximum model length",  # vLLM
        r"(?:prompt|input) is too long|context (?:length|window) exceeded",
        r"reduce the length of the (?:messages|prompt)",
    )
)
"""Wordings of "this does not fit", most telling first; the groups are tokens, as in `ContextOverflow`."""

OVERFLOW_CODES = frozenset({"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"})

REFUSED_PARAMETER_CODES = frozenset(
    {
        "unsupported_parameter",
        "unsupported_value",
        "unknown_parameter",
        "invalid_value",
    }
)
REFUSED_VALUE_CODES = frozenset({"unsupported_value", "invalid_value"})
"""Those of them that speak of this one value, or of this use."""
REFUSED_PARAMETER = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"unsupported parameter: '(?P<param>[\w.]+)'",
        r"unknown parameter: '(?P<param>[\w.]+)'",
        r"unrecognized request arguments? supplied: (?P<param>\w+)",
        r"extra_forbidden.{0,20}'loc': [(\[]'body', '(?P<param>\w+)'",  # vLLM in 2024, and others with its checks
        r"(?P<param>thinking_token_budget) (?:is set but|needs the reasoning)",  # vLLM without a reasoning parser
    )
)
"""For gateways that drop `error.param` and `error.code` on the way, and for servers that never had them."""
REFUSED_VALUE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"unsupported value: '(?P<param>[\w.]+)'",
        r"^field '(?P<param>\w+)': ",  # llama.cpp
        r"^(?P<param>[a-z]+(?:_[a-z]+)*) must be ",  # vLLM: "frequency_penalty must be in [-2, 2], got 5.0."
    )
)
ONLY_THE_DEFAULT = re.compile(r"only the default", re.IGNORECASE)
"""A value was refused, and so will every other one."""
NOT_OPTIONAL = frozenset({"messages", "model", "input", "prompt", "input_tokens"})
"""Parameters that an error may name but that can't be left out."""

LOADING = re.compile(r"loading model|model is (?:still |being )?load", re.IGNORECASE)
ENGINE_DEAD = re.compile(
    r"enginecore encountered an issue|enginedeaderror|engine (?:is |has )?(?:dead|died)|background loop has errored",
    re.IGNORECASE,
)
BROKEN_OFF = frozenset({"abort", "error"})
"""Finish reasons of replies that are not whole: vLLM's and SGLang's engine gave up, OpenRouter's provider failed."""
NO_SUCH_MODEL = re.compile(
    r"\bmodel\b.{0,300}(?:not (?:be )?found|not exist|n't exist|not (?:available|loaded|served)|unknown)"
    r"|(?:no such|unknown|invalid|unsupported|missing) model\b|not a valid model|no model (?:named|called|found|with)"
    r"|not found.{0,40}\bmodel\b(?!s)",
    re.IGNORECASE | re.DOTALL,
)
"""In the words of a 404: vLLM, llama.cpp, OpenAI, LiteLLM, Ollama and others each have their own."""
NO_CHAT_TEMPLATE = re.compile(
    r"chat template is no longer allowed|must provide a chat template|chat_template is not set"
    r"|(?:no|without a|not have a|missing a) chat[ _]template",
    re.IGNORECASE,
)
"""transformers' words, which vLLM hands on (vllm-project/vllm #39279), and those before transformers 4.44."""
NOT_VERIFIED_TO_USE = re.compile(r"must be verified to use", re.IGNORECASE)
RESPONSES_ONLY = re.compile(
    r"only supported in v1/responses|not supported in the v1/chat/completions endpoint", re.IGNORECASE
)
RATE_CODES = frozenset({"rate_limit_exceeded"})
QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})


OLLAMA = "ollama"
OLLAMA_DEFAULT_TAG = ":latest"
OLLAMA_QUEUE_FULL = re.compile(r"server busy|maximum pending requests", re.IGNORECASE)
OLLAMA_NO_MEMORY = re.compile(r"requires more system memory|out of memory|unable to allocate|cudaMalloc failed", re.I)
OLLAMA_NOT_SUPPORTED = re.compile(r"does not support (?P<param>thinking|tools)", re.IGNORECASE)
OLLAMA_WRONG_TYPE = re.compile(r'option "(?P<param>\w+)" must be of type', re.IGNORECASE)
OLLAMA_NO_MODEL = re.compile(r"model .{1,200} not found", re.IGNORECASE)
OLLAMA_NOT_IN_REGISTRY = re.compile(
    r"file does not exist|manifest.{0,40}(?:not found|unknown|40[134])|invalid model name", re.IGNORECASE
)
"""The last three cases of a fetch: no such model, one that is not open to everybody, no name of a model."""

OLLAMA_THINKING_LEVELS: Mapping[str, tuple[bool | str, ...]] = {
    "gptoss": ("low", "medium", "high"),
    "gpt-oss": ("low", "medium", "high"),
}
"""Families that think by levels, for servers from before `/api/show` had `thinking.values`; all others: on or off."""


def chats(model: str, *, host: str) -> bool:
    """Whether a model of an OpenAI-compatible cloud answers chat completions, by its name alone.

    OpenAI's list holds every kind of model and says no word on what each is for; other clouds list mostly chat models.
    """
    if is_openai(host):
        return bool(_OPENAI_CHAT.match(model)) and not _OPENAI_OTHER.search(model)
    return not _NOT_CHAT.search(model.lower())


def is_cloud(backend: str, model: str) -> bool:
    """Whether a question to the model goes to somebody else's machine.

    Ollama passes models with the tag "cloud" ("gpt-oss:120b-cloud") on to ollama.com.
    """
    return backend in CLOUD_BACKENDS or (backend == OLLAMA and bool(_OLLAMA_CLOUD.search(model)))


def is_openai(host: str) -> bool:
    return host == OPENAI_HOST or host.endswith(f".{OPENAI_HOST}")


def thinks(model: str) -> bool:
    """Whether an OpenAI model thinks before it answers, by its name alone: GPT-5 and later, the o-series, codex."""
    return bool(_THINKS.match(model)) and not _THINKS_NOT.search(model)


def is_snapshot(model: str) -> bool:
    """A dated copy of a model that is listed under its plain name too ("gpt-5-2025-08-07", "gpt-4-0613")."""
    return bool(_SNAPSHOT.search(model))
