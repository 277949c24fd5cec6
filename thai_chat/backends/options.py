"""An option that several servers of open models take: switches of the model's own template."""

from __future__ import annotations

from thai_chat.domain.options import switches

_TEMPLATES_OWN = frozenset(
    {
        "add_generation_prompt",
        "chat_template",
        "continue_final_message",
        "conversation",
        "documents",
        "max_length",
        "messages",
        "padding",
        "return_assistant_tokens_mask",
        "return_dict",
        "return_tensors",
        "tokenize",
        "tokenizer_kwargs",
        "tools",
        "truncation",
    }
)
"""Parameters of `apply_chat_template` itself (transformers), which would change what the model is asked, or hang the
server."""
TEMPLATE_SWITCHES = switches(without=_TEMPLATES_OWN)
