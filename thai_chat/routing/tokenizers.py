"""The tokens that the tokenizers of model families make of Thai, as data: a family is the same on every server."""

from __future__ import annotations

import re

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
