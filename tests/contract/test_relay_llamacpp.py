"""The way of programs to the real llama.cpp server with the demo model."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.test_relay import MAKERS
from tests.standins.llamacpp import demo
from tests.standins.relays import chat, deltas, embed, reasons, relay, respond, said
from thai_chat.backends.llamacpp.backend import DEMO_MODEL
from thai_chat.backends.registry import KINDS
from thai_chat.domain.backend_errors import NotOffered
from thai_chat.domain.relay_errors import RelayRefused

HELLO = [{"role": "user", "content": "Say hello."}]


def test_every_kind_is_held_to_the_contract() -> None:
    assert [*MAKERS, "llamacpp"] == [kind.name for kind in KINDS]


async def test_a_program_is_answered_by_llamacpp_in_all_forms_that_it_has(tmp_path: Path) -> None:
    async with demo(tmp_path) as backend:
        few = {"messages": HELLO, "max_tokens": 6, "seed": 3, "logprobs": True}
        chunks = await relay(backend, chat(**few, stream_options={"include_usage": True}), model=DEMO_MODEL)
        assert said(chunks).strip()
        assert reasons(chunks) == ["length"]
        assert deltas(chunks)[0]["role"] == "assistant"
        assert chunks[-1]["choices"] == []
        assert chunks[-1]["usage"]["completion_tokens"] == 6
        spoken = [chunk for chunk in chunks if said([chunk])]
        assert spoken[0]["choices"][0]["logprobs"]["content"][0]["token"]

        (whole,) = await relay(backend, chat(**few, stream=False), model=DEMO_MODEL)
        assert whole["choices"][0]["message"]["content"].strip()
        assert whole["usage"]["completion_tokens"] == 6

        events = await relay(backend, respond(input="Say hello.", max_output_tokens=16), model=DEMO_MODEL)
        assert events[0]["type"] == "response.created"
        assert events[-1]["type"] == "response.completed"

        with pytest.raises(NotOffered):
            await relay(backend, embed("hello"), model=DEMO_MODEL)
        with pytest.raises(RelayRefused) as raised:
            await relay(backend, chat(messages="no list"), model=DEMO_MODEL)
        assert raised.value.words.message
        with pytest.raises(RelayRefused) as raised:
            await relay(backend, chat(messages=[{"role": "user", "content": "word " * 6000}]), model=DEMO_MODEL)
        assert raised.value.words.code == "context_length_exceeded"
