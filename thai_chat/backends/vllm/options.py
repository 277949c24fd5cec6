"""The options that are passed on to vLLM."""

from __future__ import annotations

from thai_chat.backends.options import TEMPLATE_SWITCHES
from thai_chat.domain.options import Options, count, fields, flag, schema, whole_numbers, words
from thai_chat.domain.sampling import COMMON, MOST_TOKENS, SAMPLING

OPTIONS: Options = {
    **COMMON,
    **SAMPLING,
    "min_tokens": count(0, MOST_TOKENS),
    "thinking_token_budget": count(0, MOST_TOKENS),
    "stop_token_ids": whole_numbers(64, 10_000_000),
    "bad_words": words(64),
    "include_stop_str_in_output": flag(),
    "skip_special_tokens": flag(),
    "spaces_between_special_tokens": flag(),
    "include_reasoning": flag(),
    "chat_template_kwargs": TEMPLATE_SWITCHES,
    "guided_choice": words(100),
    "guided_json": schema(),
    "structured_outputs": fields({"choice": words(100), "json": schema()}),
}
"""The options of vLLM's SamplingParams and ChatCompletionRequest (0.32); the two `guided_` are those of servers before
0.12."""
