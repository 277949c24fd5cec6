"""The Responses API on its way to a program: what breaks is told, what only went otherwise goes through."""

from __future__ import annotations

from typing import Any

import pytest

from tests.routing import MODEL, at, routing
from tests.standins.openai_server import OpenAIStandin
from tests.standins.relays import relay, relayed, respond
from tests.standins.script import Fault, Script
from thai_chat.backends.timeouts import Timeouts
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendError, BackendFailed, BackendGarbled, BackendTimeout, ReplyCut
from thai_chat.domain.ports.relay import RelayKind, has_begun

IMPATIENT = Timeouts(first_token_s=0.3, between_tokens_s=0.3, whole_reply_s=0.3)


def said(events: list[Any]) -> str:
    return "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("end", ReplyCut),
        ("drop", ReplyCut),
        ("error", BackendFailed),
        ("garbage", BackendGarbled),
        ("hang", BackendTimeout),
    ],
)
async def test_a_broken_stream_is_told_behind_its_events(
    standin: OpenAIStandin, fault: Fault, error: type[BackendError]
) -> None:
    standin.script = Script(fault=fault, fault_after=3)
    backend = VLLMBackend(standin.base_url, timeouts=IMPATIENT)
    events: list[Any] = []
    with pytest.raises(error):
        await relay(backend, respond(), into=events)
    await backend.close()
    assert said(events) == "".join(standin.script.tokens[:3])


@pytest.mark.parametrize(
    ("script", "last"),
    [
        (Script(failed_code="server_error"), "response.failed"),
        (Script(finish_reason="length"), "response.incomplete"),
        (Script(never_streams=True), "response.completed"),
    ],
    ids=["failed", "incomplete", "in one piece"],
)
async def test_the_last_event_goes_through_as_it_is(
    standin: OpenAIStandin, vllm: VLLMBackend, script: Script, last: str
) -> None:
    standin.script = script
    events = await relay(vllm, respond())
    assert events[-1]["type"] == last
    assert events[-1]["response"]["object"] == "response"


async def test_an_answer_that_was_only_announced_is_asked_for_again(standin: OpenAIStandin) -> None:
    standin.script = Script(reasoning=("คิด",), fault="drop", fault_after=1)
    async with routing(*at(standin)) as router:
        with pytest.raises(ReplyCut):
            await relayed(router, MODEL, respond())
    assert standin.served == 3  # the pings of its thinking say nothing


@pytest.mark.parametrize("kind", ["response.created", "response.in_progress", "keepalive"])
def test_some_events_say_nothing_yet(kind: str) -> None:
    assert not has_begun(RelayKind.RESPONSES, {"type": kind})
    assert has_begun(RelayKind.RESPONSES, {"type": "response.output_text.delta", "delta": "ก"})
