"""The options that people set for any model, by OpenAI's names; each kind of backend has its own list over them.

Left out on purpose: what starts other work than one reply (`n`, `best_of`, beam search, tools, `logprobs`), what a
server decides for itself (`chat_template`, `priority`, `kv_transfer_params`, caches, `ignore_eos`), and what can hang a
server by its content alone (regular expressions and grammars to decode by).
"""

from __future__ import annotations

from thai_chat.domain.options import Options, biases, count, number, one_of, schema, words

MOST_TOKENS = 1_000_000
"""No model of 2026 writes more in one reply."""
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
TOKENS = count(1, MOST_TOKENS)

COMMON: Options = {
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "max_tokens": TOKENS,
    "max_completion_tokens": TOKENS,
    "presence_penalty": number(-2, 2),
    "frequency_penalty": number(-2, 2),
    "seed": count(-(2**63), 2**63 - 1),
    "stop": words(),
    "logit_bias": biases(),
    "response_format": schema(),
    "reasoning_effort": one_of(*EFFORTS),
}

SAMPLING: Options = {
    "top_k": count(-1, MOST_TOKENS),
    "min_p": number(0, 1),
    "repetition_penalty": number(0, 10),
}
"""The options that servers of open models know beside OpenAI's."""
