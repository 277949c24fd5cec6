"""How servers say what is wrong: wordings and codes, as data.

Where a fact comes from is said beside it.
"""

from __future__ import annotations

import re

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
"""The codes that speak of this one value, or of this use."""
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
"""The words of a refused parameter, for gateways that drop `error.param` and `error.code` on the way, and for servers
that never had them."""
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
"""The words of a 404: vLLM, llama.cpp, OpenAI, LiteLLM, Ollama and others each have their own."""
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
