"""The options that are passed on to OpenAI, and to other clouds with its API."""

from __future__ import annotations

from thai_chat.backends.options import TEMPLATE_SWITCHES
from thai_chat.domain.options import Options, count, fields, flag, one_of
from thai_chat.domain.sampling import COMMON, EFFORTS, MOST_TOKENS, SAMPLING

OPTIONS: Options = {
    **COMMON,
    "verbosity": one_of("low", "medium", "high"),
    "service_tier": one_of("auto", "default", "flex"),
    # Other clouds with its API take these, for open models.
    **SAMPLING,
    "chat_template_kwargs": TEMPLATE_SWITCHES,
    "enable_thinking": flag(),
    "thinking": fields({"type": one_of("enabled", "disabled")}),
    "reasoning": fields(
        {"effort": one_of(*EFFORTS), "max_tokens": count(1, MOST_TOKENS), "enabled": flag(), "summary": one_of("auto")}
    ),
}
"""The options of OpenAI's reference of Chat Completions (`openai` 3.52), and of OpenRouter's, SiliconFlow's and
Z.ai's."""
