"""The facts that the names of models tell where their servers say no word on them, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from thai_chat.domain.messages import MODEL_CHARS
from thai_chat.domain.ports.backend import ModelInfo

_NOT_CHAT = re.compile(
    r"embed|whisper|moderation|rerank|guard|stable-diffusion|sdxl|flux|dall-e|transcribe|imagen|minilm|colbert"
    r"|(?<![a-z])(bge|e5|gte|tts|asr|sora|veo|kokoro|bark|lyria|clip|siglip|wav2vec2?)(?![a-z\d])"
)
"""Embedding, reranking, speech, pictures, films, and verdicts on what others say."""
_VISION = re.compile(
    r"(?<![a-z])(vl\d*|vlm|vision|llava|bakllava|pixtral|ocr|moondream|minicpm-v|internvl|multimodal)(?![a-z])"
    r"|gemma-?3n|gemma-?3(?!.*(270m|1b))|llama-?4|qwen[\d.]*-?omni|(?<![a-z])gemini"
)
_THINKING = re.compile(
    r"(?<![a-z])(thinking|reasoner|reasoning|r1|qwq|magistral|gpt-oss)(?![a-z])|qwen3(?!.*(instruct|coder|embed))|glm-4\.[5-9]"
)
_STRENGTHS: Mapping[str, re.Pattern[str]] = {
    "code": re.compile(r"cod(e|er|ing)(?![a-z])|codestral|devstral|starcoder|codellama|codegemma|codex"),
    "thai": re.compile(
        r"(?<![a-z])(typhoon|openthaigpt|sailor|sea-?lion|wangchan\w*|pathumma|thai|thalle|chinda|han-?llm)"
    ),
    "small": re.compile(r"(?<![\d.a-z])([0-3](\.\d+)?b|\d{2,3}m)(?![a-z])|(?<![a-z])(nano|tiny|smollm\d*)(?![a-z])"),
}
"""Names of `ModelInfo.strength`, the one that says the most first."""
_CHAT_TYPES = ("chat", "language", "code")
_OTHER_TYPES = ("embedding", "image", "moderation", "rerank", "audio")


def chats_by_name(model: str) -> bool:
    return not _NOT_CHAT.search(model[:MODEL_CHARS].lower())


def described(model: str, **told: Any) -> ModelInfo:
    """Return the model with what its server has told of it; its name fills in what was not told or is None."""
    name = model[:MODEL_CHARS].lower()
    facts = {
        "chats": chats_by_name(model),
        "vision": bool(_VISION.search(name)),
        "thinking": bool(_THINKING.search(name)),
        "strength": next((strength for strength, pattern in _STRENGTHS.items() if pattern.search(name)), None),
    }
    return ModelInfo(model=model, **facts | {fact: value for fact, value in told.items() if value is not None})


def told_in(card: Mapping[str, Any]) -> dict[str, bool]:
    """Return the facts that an entry of a list of models tells; most servers tell nothing.

    OpenRouter has `architecture` and `supported_parameters`, Mistral `capabilities`, Together `type`.
    """
    told: dict[str, bool] = {}
    architecture, capabilities = card.get("architecture"), card.get("capabilities")
    if isinstance(architecture, Mapping):
        if inputs := _words(architecture.get("input_modalities")):
            told["vision"] = "image" in inputs
        if outputs := _words(architecture.get("output_modalities")):
            told["chats"] = "text" in outputs
    if isinstance(capabilities, Mapping):
        for name, fact in (("completion_chat", "chats"), ("vision", "vision"), ("reasoning", "thinking")):
            if isinstance(capabilities.get(name), bool):
                told[fact] = capabilities[name]
    if parameters := _words(card.get("supported_parameters")):
        told["thinking"] = "reasoning" in parameters
    if (kind := card.get("type")) in _CHAT_TYPES or kind in _OTHER_TYPES:
        told["chats"] = kind in _CHAT_TYPES
    return told


def _words(value: object) -> Sequence[str]:
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
