"""The options that are passed on to llama.cpp's server."""

from __future__ import annotations

from thai_chat.backends.options import TEMPLATE_SWITCHES
from thai_chat.domain.options import Options, count, number
from thai_chat.domain.sampling import COMMON, SAMPLING

SLOT_CONTEXT = 4096
"""Tokens that one conversation has."""

OPTIONS: Options = {
    **COMMON,
    **SAMPLING,
    "repeat_penalty": number(0, 10),
    "repeat_last_n": count(0, SLOT_CONTEXT),
    "typical_p": number(0, 1),
    "mirostat": count(0, 2),
    "mirostat_tau": number(0, 100),
    "mirostat_eta": number(0, 1),
    "chat_template_kwargs": TEMPLATE_SWITCHES,
}
"""The options of llama.cpp's tools/server/README.md."""
