"""The names of models, and the entries of lists, tell what the models can do."""

from __future__ import annotations

from typing import Any

import pytest

from thai_chat.backends.named import chats_by_name, described, told_in
from thai_chat.backends.openai.models import sees

CHATTING = [
    "llama3.2:3b", "qwen3:8b", "typhoon2.1-gemma3-12b", "gemma3:4b", "mistral-small3.1", "gpt-oss:20b", "clippy-7b",
    "hf.co/scb10x/typhoon2-8b-gguf:Q4_K_M", "beagle-7b", "asrar-chat", "e500-chat", "ttsuki-13b", "typhoon-ocr-7b",
]  # fmt: skip
OTHERS = [
    "bge-m3", "BAAI/bge-m3", "intfloat/multilingual-e5-large", "nomic-embed-text:latest", "text-embedding-3-large",
    "jina-reranker-v2", "whisper-large-v3", "tts-1-hd", "typhoon-asr-realtime", "flux.1-dev", "stable-diffusion-3",
    "dall-e-3", "omni-moderation-latest", "llama-guard-3-8b", "all-minilm:33m", "imagen-4.0", "veo-3.0", "sora-2",
    "gte-large", "kokoro-82m",
]  # fmt: skip


@pytest.mark.parametrize("model", CHATTING)
def test_models_that_chat_are_told_by_their_names(model: str) -> None:
    assert chats_by_name(model)


@pytest.mark.parametrize("model", OTHERS)
def test_models_that_do_something_else_are_told_by_their_names(model: str) -> None:
    assert not chats_by_name(model)


@pytest.mark.parametrize(
    ("model", "vision", "thinking", "strength"),
    [
        ("qwen2.5-vl-7b-instruct", True, False, None),
        ("llama3.2-vision:11b", True, False, None),
        ("gemma3:12b", True, False, None),
        ("gemma3:1b", False, False, "small"),
        ("gemma2:27b", False, False, None),
        ("qwen3:8b", False, True, None),
        ("qwen3-4b-instruct-2507", False, False, None),
        ("deepseek-r1:14b", False, True, None),
        ("gpt-oss:120b", False, True, None),
        ("qwen2.5-coder:7b", False, False, "code"),
        ("codestral-22b", False, False, "code"),
        ("typhoon2.1-12b-instruct", False, False, "thai"),
        ("openthaigpt1.5-7b", False, False, "thai"),
        ("llama-sea-lion-v3.5-8b", False, False, "thai"),
        ("llama3.2:1b", False, False, "small"),
        ("llama3.1-70b", False, False, None),
        ("qwen2.5:0.5b", False, False, "small"),
        ("mistral-small-24b", False, False, None),
        ("thai-large", False, False, "thai"),
    ],
)
def test_what_else_a_name_tells(model: str, vision: bool, thinking: bool, strength: str | None) -> None:
    info = described(model)
    assert (info.vision, info.thinking, info.strength) == (vision, thinking, strength)


def test_what_a_server_tells_goes_before_the_name() -> None:
    info = described("bge-vision-r1", chats=True, vision=False, thinking=None)
    assert (info.chats, info.vision, info.thinking) == (True, False, True)


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ({"id": "x"}, {}),
        ({"architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]}},
         {"vision": True, "chats": True}),
        ({"architecture": {"input_modalities": ["text"], "output_modalities": ["image"]}},
         {"vision": False, "chats": False}),
        ({"capabilities": {"completion_chat": False, "vision": True}}, {"chats": False, "vision": True}),
        ({"supported_parameters": ["tools", "reasoning"]}, {"thinking": True}),
        ({"type": "embedding"}, {"chats": False}),
        ({"type": "chat"}, {"chats": True}),
        ({"type": "model", "capabilities": ["completion"], "architecture": "llama"}, {}),
        ({"type": ["chat"], "capabilities": {"vision": "yes"}, "architecture": {"input_modalities": 3}}, {}),
    ],
)  # fmt: skip
def test_what_an_entry_of_a_list_tells(card: dict[str, Any], told: dict[str, bool]) -> None:
    assert told_in(card) == told


@pytest.mark.parametrize(
    ("model", "is_seeing"),
    [("gpt-5.2", True), ("gpt-4o-mini", True), ("gpt-4.1", True), ("o3", True), ("o4-mini", True), ("o3-mini", False),
     ("o1-mini", False), ("gpt-3.5-turbo", False), ("gpt-4", False), ("gpt-4-0613", False)],
)  # fmt: skip
def test_openais_models_that_read_pictures_are_told_by_their_names(model: str, is_seeing: bool) -> None:
    assert sees(model) is is_seeing
