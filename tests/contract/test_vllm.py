"""The ways of vLLM, each a switch of the stand-in: its health, its tokenizer, its templates, its limits."""

from __future__ import annotations

import pytest

from tests.standins.openai_server import OpenAIStandin
from tests.standins.replies import ask, request, text_of
from tests.standins.script import Overflow, Script
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import (
    BackendLoading,
    BackendUnreachable,
    ContextOverflow,
    EngineDead,
    NoChatTemplate,
    ReplyCut,
)
from thai_chat.domain.events import Notice, TextDelta, Usage
from thai_chat.domain.messages import Role
from thai_chat.domain.ports.backend import PromptMessage

QUESTION = [PromptMessage(Role.SYSTEM, "ตอบสั้น ๆ"), PromptMessage(Role.USER, "น้ำใจ")]
LONG = "ก" * 300


async def test_a_dead_engine_is_told_although_the_server_still_lists_its_models(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    standin.health_status = 503
    with pytest.raises(EngineDead) as caught:
        await vllm.models()
    assert caught.value.params == {"backend": "vllm"}


async def test_a_server_that_loads_its_model_is_told_from_a_dead_one(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    standin.health_status = 503
    standin.health_body = '{"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}'
    with pytest.raises(BackendLoading):
        await vllm.models()


async def test_a_port_that_does_not_answer_yet_is_unreachable(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    await standin.stop()
    with pytest.raises(BackendUnreachable):
        await vllm.models()


@pytest.mark.parametrize("status", [None, 401, 405, 500])
async def test_a_server_that_does_not_tell_its_health_is_judged_by_its_list(
    standin: OpenAIStandin, vllm: VLLMBackend, status: int | None
) -> None:
    standin.health_status = status
    assert [info.model for info in await vllm.models()] == ["standin"]


async def test_tokens_are_counted_by_the_server_with_the_models_template(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    assert await vllm.count_tokens("standin", QUESTION) == 1 + 9 // 3 + 1 + 5 // 3 + 2
    assert standin.counted == 1


async def test_a_server_that_does_not_count_is_not_asked_again(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    standin.tokenizes = False
    assert await vllm.count_tokens("standin", QUESTION) is None
    assert await vllm.count_tokens("standin", QUESTION) is None
    assert standin.counted == 1


async def test_openai_is_not_asked_to_count(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    assert await openai.count_tokens("standin", QUESTION) is None
    assert standin.counted == 0


async def test_a_model_without_a_chat_template_is_told_in_so_many_words(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    standin.chat_template = False
    for call in (ask(vllm, request()), vllm.count_tokens("standin", QUESTION)):
        with pytest.raises(NoChatTemplate) as caught:
            await call
        assert caught.value.params == {"backend": "vllm", "model": "standin"}


@pytest.mark.parametrize(
    ("wording", "figures"),
    [
        ("openai", {"limit": 100, "prompt": 101, "requested": 101}),
        ("vllm-0.9", {"limit": 100, "prompt": 101, "requested": 102}),
        ("vllm-0.12", {"limit": 100, "prompt": 101, "requested": 102}),
        ("vllm-0.15", {"limit": 100, "prompt": 101, "requested": 102}),
        ("vllm-0.32", {"limit": 100, "prompt": 101, "requested": 101}),
        ("vllm-input", {"limit": 100, "prompt": 101, "requested": 101}),
        ("vllm-max-tokens", {}),
    ],
)
async def test_every_wording_of_an_overflow_is_understood_with_its_figures(
    standin: OpenAIStandin, vllm: VLLMBackend, wording: Overflow, figures: dict[str, int]
) -> None:
    standin.models["standin"] = 100
    standin.script = Script(overflow=wording)
    with pytest.raises(ContextOverflow) as caught:
        await ask(vllm, request(question=LONG))
    assert caught.value.params == {"backend": "vllm", "model": "standin", **figures}
    assert len(standin.seen) == 1


@pytest.mark.parametrize("wording", ["vllm-0.9", "vllm-0.12", "vllm-0.15"])
async def test_a_reply_that_was_given_too_much_room_is_asked_for_again_with_what_there_is(
    standin: OpenAIStandin, vllm: VLLMBackend, wording: Overflow
) -> None:
    standin.models["standin"] = 1000
    standin.script = Script(overflow=wording)
    events = await ask(vllm, request(question=LONG, options={"max_tokens": 4000}))
    assert [seen.body["max_tokens"] for seen in standin.seen] == [4000, 899]
    assert Notice("reply_cap_lowered", {"tokens": 899}) in events
    assert text_of(events) == standin.script.text


async def test_a_reply_is_not_squeezed_into_what_is_hardly_any_room(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    standin.models["standin"] = 110
    standin.script = Script(overflow="vllm-0.9")
    with pytest.raises(ContextOverflow):
        await ask(vllm, request(question=LONG, options={"max_tokens": 4000}))


async def test_a_stopped_reply_has_the_counts_of_what_came(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    standin.script = Script(tokens=("สวัส", "ดี", "ครับ", "ผม", "ชื่อ") * 100, delay_ms=5)
    pieces, usage = 0, None
    async for event in vllm.stream(request(question="กขค")):
        pieces += isinstance(event, TextDelta)
        usage = event if isinstance(event, Usage) else usage
        if pieces >= 3 and usage:
            break
    assert usage is not None
    assert usage.prompt_tokens == 2
    assert usage.completion_tokens
    assert 1 <= usage.completion_tokens < 500


async def test_a_kept_connection_that_closes_under_a_request_costs_nothing(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    standin.closes_kept = True
    for _ in range(3):
        assert text_of(await ask(vllm, request())) == standin.script.text
        assert await vllm.count_tokens("standin", request().messages)
        assert await vllm.models()
    assert standin.closed_kept >= 5
    assert len(standin.seen) == 3


@pytest.mark.parametrize("reason", ["abort", "error"])
async def test_a_reply_that_the_engine_gave_up_is_cut_and_not_whole(
    standin: OpenAIStandin, vllm: VLLMBackend, reason: str
) -> None:
    standin.script = Script(finish_reason=reason)
    events: list[object] = []
    with pytest.raises(ReplyCut):
        await ask(vllm, request(), into=events)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == standin.script.text
    standin.script = Script(finish_reason=reason, never_streams=True)
    with pytest.raises(ReplyCut):
        await ask(vllm, request())
