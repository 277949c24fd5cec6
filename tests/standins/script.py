"""The script of a stand-in model server: the text it says to a request and how it goes wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from itertools import cycle, islice
from typing import Literal

from thai_chat.domain.json_types import JsonObject, JsonValue

PASSAGE = (
    "สวัสดีครับ น้ำใจคนไทยไม่เคยเปลี่ยน 🇹🇭 วันนี้เราใช้ **PostgreSQL 18** กับ Python 3.11 "
    "เก็บทุกข้อความไว้ไม่ให้หาย 👩‍💻 ก๋วยเตี๋ยวต้มยำกุ้ง ราคา ๖๕ บาท (approx. $2) ที่ตลาดน้ำอัมพวา\n\n"
)

Fault = Literal["close", "silence", "page", "drop", "drop_after_finish", "end", "garbage", "error", "hang"]

Overflow = Literal["openai", "vllm-0.9", "vllm-0.12", "vllm-0.15", "vllm-0.32", "vllm-input", "vllm-max-tokens"]
"""The wordings of a context overflow, by who uses them."""


def thai_tokens(count: int) -> tuple[str, ...]:
    """Return `count` pieces of 1-4 code points, as a tokenizer cuts: anywhere, also before a vowel or a tone mark."""
    pieces, at = [], 0
    for size in cycle((2, 3, 1, 4)):
        pieces.append(PASSAGE[at : at + size])
        at += size
        if at >= len(PASSAGE):
            break
    return tuple(islice(cycle(pieces), count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One way to answer. Times are milliseconds."""

    tokens: tuple[str, ...] = thai_tokens(20)
    reasoning: tuple[str, ...] = ()
    """Said before `tokens`, in the field of `reasoning_field`."""
    reasoning_field: str = "reasoning"
    tool_calls: tuple[tuple[str, str], ...] = ()
    """The calls of tools behind `tokens`: names, and arguments as JSON."""
    first_delay_ms: float = 0
    delay_ms: float = 0
    end_delay_ms: float = 0
    """Between the last piece and the end of the body."""
    finish_reason: str = "stop"
    usage: bool = True
    status: int = 200
    error_body: str = ""
    """The body when `status` is not 200, as it goes over the wire."""
    retry_after: str = ""
    retry_after_ms: str = ""
    """The header that OpenAI and Azure send beside the other."""
    fault: Fault | None = None
    """close: no answer at all; silence: not even headers; page: HTML; the others after `fault_after` pieces."""
    fault_after: int = 0
    refuse_streaming: bool = False
    """True to refuse `stream`, as OpenAI does to an organisation that is not verified; without it the server
    answers."""
    never_streams: bool = False
    """Answer in one piece whatever is asked."""
    refused_params: tuple[str, ...] = ()
    """With dots for what is inside of another ("reasoning.summary")."""
    refused_values: tuple[str, ...] = ()
    """Like "reasoning_effort=minimal"."""
    engine_refuses: str = ""
    """A parameter that vLLM's engine looks at, when the stream is open already."""
    samples_unthinking: bool = False
    """True to take a temperature with reasoning effort "none" only, as GPT-5.1 does."""
    reasoning_tokens: int | None = None
    """In the usage, where it is told."""
    cached_tokens: int = 0
    """The tokens of the prompt that cost less, in the usage."""
    odd_counts: bool = False
    """The usage holds what can be no count."""
    responses_only: bool = False
    """Answer the Responses API only."""
    failed_code: str = ""
    """Responses API: end in `response.failed` with this code."""
    overflow: Overflow | None = None
    """The way and the words in which prompt and reply that don't fit the model's window are refused."""
    refuses_prefill: bool = False
    """The chat template does not let the last message be continued."""
    prefill_is_thinking: Literal["", "unless_told", "always"] = ""
    """When text that continues a message is taken for reasoning, as vLLM's reasoning parsers do: Qwen3's unless the
    template is told not to think, DeepSeek-R1's always."""
    ping: bool = False
    """Send a comment line before every piece, as llama.cpp and OpenRouter do while they work."""

    @property
    def text(self) -> str:
        return "".join(self.tokens)

    def at(self, piece: int) -> float:
        """Return the seconds after the start of the answer at which piece number `piece` (from 0) is due."""
        return (self.first_delay_ms + piece * self.delay_ms) / 1000


def script_from_json(body: JsonObject) -> Script:
    """Return the script that JSON describes: lists become tuples; `"tokens": 200` means that many Thai pieces."""
    known = {field.name for field in fields(Script)}
    values: dict[str, object] = {}
    for name, value in body.items():
        if name not in known:
            raise ValueError(f"a script has no {name}")
        values[name] = _tuples(value)
    if isinstance(values.get("tokens"), int):
        values["tokens"] = thai_tokens(int(str(values["tokens"])))
    return Script(**values)  # type: ignore[arg-type]


def _tuples(value: JsonValue) -> object:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def openai_error(
    status: int,
    message: str,
    *,
    code: str | int | None = None,
    param: str | None = None,
    kind: str = "invalid_request_error",
    retry_after: str = "",
) -> Script:
    """Return an error in the shape of OpenAI, newer vLLM and llama.cpp."""
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return Script(status=status, error_body=json.dumps(body, ensure_ascii=False), retry_after=retry_after)


def old_vllm_error(status: int, message: str, *, kind: str = "BadRequestError") -> Script:
    """Return an error in the shape of older vLLM: no envelope."""
    body = {"object": "error", "message": message, "type": kind, "param": None, "code": status}
    return Script(status=status, error_body=json.dumps(body, ensure_ascii=False))


def ollama_error(status: int, message: str) -> Script:
    return Script(status=status, error_body=json.dumps({"error": message}, ensure_ascii=False))
