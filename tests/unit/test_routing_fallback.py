"""Who answers when the one that was asked can't: real backends, stand-in servers that fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from tests.routing import BROKEN, NOWHERE, QWEN, answering, at, in_cloud, notices_of, offered, reply, routing, text_of
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.refusals import ENGINE_DEAD, NO_CREDIT
from tests.standins.script import Script, openai_error
from thai_chat import texts
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.domain.backend_errors import (
    BackendError,
    BackendFailed,
    BackendTimeout,
    ContextOverflow,
    ModelNotFound,
    ReplyCut,
    UnsupportedParameter,
)
from thai_chat.domain.error_tree import kinds
from thai_chat.domain.events import Answering, Finished, Notice, ReasoningDelta, RoutedEvent, TextDelta
from thai_chat.domain.messages import Choice, Role
from thai_chat.domain.ports.backend import BackendState, PromptMessage
from thai_chat.routing.preference import Rules
from thai_chat.routing.retries import REMEDIES, remedy_for
from thai_chat.routing.router import ModelPrompt

VLLM = Choice("vllm", "typhoon2")
GPT = Choice("openai", "gpt-5")
OVERFLOW = "This model's maximum context length is 1000 tokens. However, you requested 2000 tokens."


@pytest.fixture
async def vllm() -> AsyncIterator[OpenAIStandin]:
    async with OpenAIStandin(models={"typhoon2": 32_768, "shared": 8192}) as standin:
        yield standin


async def test_another_model_answers_when_the_asked_one_cannot(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    vllm.script = BROKEN
    async with routing(*at(vllm, ollama)) as router:
        events = await reply(router, VLLM)
    assert text_of(events) == "ตอบแทน"
    assert events[-1] == Finished("stop")


async def test_it_is_said_before_the_first_text_who_answers_for_whom_and_why(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = BROKEN
    async with routing(*at(vllm, ollama)) as router:
        events = await reply(router, VLLM)
    at_text = next(at for at, event in enumerate(events) if isinstance(event, TextDelta))
    swap = {
        "asked": "vllm",
        "asked_model": "typhoon2",
        "answered": "ollama",
        "answered_model": "qwen3:8b",
        "reason": "backend_failed",
    }
    assert Answering(QWEN, "backend_failed") in events[:at_text]
    assert Notice("answered_by_other", swap) in events[:at_text]
    assert Notice("asking_other", swap, is_passing=True) in events[:at_text]
    english = texts.text("answered_by_other", "en", swap)
    assert english == "You asked vLLM (typhoon2), but Ollama (qwen3:8b) answered, because vLLM failed."
    assert "เพราะ vLLM ขัดข้อง" in texts.text("answered_by_other", "th", swap)


@pytest.mark.parametrize("fault", ["drop", "end", "error", "garbage"])
async def test_a_reply_is_never_fallen_back_after_its_first_token(
    vllm: OpenAIStandin, ollama: OllamaStandin, fault: str
) -> None:
    vllm.script = Script(fault=fault, fault_after=3)  # type: ignore[arg-type]
    async with routing(*at(vllm, ollama)) as router:
        events: list[RoutedEvent] = []
        with pytest.raises(BackendError):
            await reply(router, VLLM, into=events)
    assert text_of(events) == "".join(vllm.script.tokens[:3])
    assert len(vllm.seen) == 1
    assert ollama.seen == []


async def test_thinking_that_was_shown_counts_as_a_first_token(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    vllm.script = Script(reasoning=("คิด", "ก่อน"), fault="drop", fault_after=1)
    async with routing(*at(vllm, ollama)) as router:
        events: list[RoutedEvent] = []
        with pytest.raises(ReplyCut):
            await reply(router, VLLM, into=events)
    assert ReasoningDelta("คิด") in events
    assert ollama.seen == []


async def test_a_reply_that_broke_off_before_its_first_word_is_answered_by_another(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = Script(tokens=("\n", " ", "สวัสดี"), fault="drop", fault_after=2)
    async with routing(*at(vllm, ollama)) as router:
        assert text_of(await reply(router, VLLM)) == "ตอบแทน"


async def test_white_space_before_the_first_word_is_kept(vllm: OpenAIStandin) -> None:
    vllm.script = Script(tokens=("\n", "  ", "สวัสดี"), delay_ms=1)
    async with routing(*at(vllm)) as router:
        assert text_of(await reply(router, VLLM)) == "\n  สวัสดี"


async def test_nobody_else_answers_where_falling_back_is_switched_off(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = BROKEN
    async with routing(*at(vllm, ollama), rules=Rules(fall_back=False)) as router:
        with pytest.raises(BackendFailed):
            await reply(router, VLLM)
    assert ollama.seen == []


async def test_the_same_model_elsewhere_is_preferred_to_the_others_default(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = BROKEN
    ollama.models = {"qwen3:8b": 40_960, "shared": 8192}
    async with routing(*at(vllm, ollama)) as router:
        events = await reply(router, Choice("vllm", "shared"))
    assert Answering(Choice("ollama", "shared"), "backend_failed") in events


async def test_the_order_of_the_settings_says_who_is_asked_next(
    vllm: OpenAIStandin, ollama: OllamaStandin, cloud: OpenAIStandin
) -> None:
    vllm.script = BROKEN
    allowed = Rules(fall_back_to_cloud=True)
    order = ("vllm", "openai", "ollama")
    async with routing(*at(vllm, ollama), in_cloud(cloud), order=order, rules=allowed) as router:
        assert text_of(await reply(router, VLLM)) == "จากคลาวด์"
        cloud.script = BROKEN
        assert text_of(await reply(router, VLLM)) == "ตอบแทน"
    only_vllm = routing(*at(vllm, ollama), order=("vllm",))
    async with only_vllm as router:
        with pytest.raises(BackendFailed):
            await reply(router, VLLM)


async def test_the_first_error_is_told_when_nobody_can_answer_and_who_was_tried(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script, ollama.script = BROKEN, Script(fault="close")
    events: list[RoutedEvent] = []
    async with routing(*at(vllm, ollama)) as router:
        with pytest.raises(BackendFailed) as caught:
            await reply(router, VLLM, into=events)
    assert caught.value.params["backend"] == "vllm"
    tried = Notice("others_failed", {"tried": [{"backend": "ollama", "model": "qwen3:8b"}]})
    assert events[-1] == tried
    assert "Ollama (qwen3:8b)" in texts.text(tried.code, "th", tried.params)
    assert not any(isinstance(event, Answering) for event in events)


async def test_a_backend_that_is_seen_to_be_down_is_not_asked_instead(vllm: OpenAIStandin) -> None:
    vllm.script = BROKEN
    events: list[RoutedEvent] = []
    async with routing(*at(vllm), OllamaBackend(NOWHERE, default_model="qwen3:8b")) as router:
        with pytest.raises(BackendFailed):
            await reply(router, VLLM, into=events)
    assert "asking_other" not in notices_of(events)


async def test_a_model_that_is_gone_is_answered_by_its_backends_default(vllm: OpenAIStandin) -> None:
    async with routing(*at(vllm)) as router:
        assert Answering(VLLM, "model_not_found") in await reply(router, Choice("vllm", "typhoon1"))
    async with routing(*at(vllm), rules=Rules(fall_back=False)) as router:
        with pytest.raises(ModelNotFound):
            await reply(router, Choice("vllm", "typhoon1"))


async def test_a_refused_parameter_is_told_and_not_taken_elsewhere(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    vllm.script = openai_error(400, "Unsupported value: 'messages'", code="unsupported_value", param="messages")
    async with routing(*at(vllm, ollama)) as router:
        with pytest.raises(UnsupportedParameter):
            await reply(router, VLLM)
    assert (len(vllm.seen), len(ollama.seen)) == (2, 0)


async def test_a_request_that_is_refused_as_such_is_not_repeated(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    vllm.script = openai_error(400, "As of transformers v4.44, default chat template is no longer allowed")
    async with routing(*at(vllm, ollama)) as router:
        assert text_of(await reply(router, VLLM)) == "ตอบแทน"
    assert len(vllm.seen) == 1


async def test_an_engine_that_died_and_an_account_without_credit_are_not_asked_twice(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    for refusal, reason in ((ENGINE_DEAD, "engine_dead"), (NO_CREDIT, "quota_exceeded")):
        vllm.script = refusal
        vllm.seen.clear()
        async with routing(*at(vllm, ollama)) as router:
            events = await reply(router, VLLM)
        assert answering(events) == QWEN
        assert next(event.params["reason"] for event in events if isinstance(event, Notice)) == reason
        assert len(vllm.seen) == 1


async def test_an_empty_answer_is_answered_by_another(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    vllm.script = Script(tokens=(" ", "\n"), finish_reason="length")
    async with routing(*at(vllm, ollama)) as router:
        events = await reply(router, VLLM)
    assert Answering(QWEN, "empty_reply") in events
    assert text_of(events) == "ตอบแทน"


async def test_the_prompt_is_made_anew_for_the_window_of_whoever_answers(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = BROKEN
    asked: list[tuple[Choice, int | None]] = []

    async def prompt_for(choice: Choice, context_window: int | None) -> ModelPrompt:
        asked.append((choice, context_window))
        return ModelPrompt((PromptMessage(Role.USER, f"ถาม {choice.model}"),))

    async with (
        routing(*at(vllm, ollama)) as router,
        aclosing(router.stream(VLLM, prompt_for)) as events,
    ):
        _ = [event async for event in events]
    assert asked == [(VLLM, 32_768), (QWEN, 8192)]
    assert ollama.seen[0].body["messages"][-1]["content"] == "ถาม qwen3:8b"


class Overflowing(OpenAIStandin):
    """Takes a hundred characters."""

    def _objection(self, seen):  # type: ignore[no-untyped-def]
        if sum(len(message["content"]) for message in seen.body["messages"]) > 100:
            return openai_error(400, OVERFLOW, code="context_length_exceeded")
        return super()._objection(seen)


async def fitting(choice: Choice, context_window: int | None) -> ModelPrompt:
    """Return a long prompt, for less than a thousand tokens a short one."""
    length = 400 if context_window is None or context_window >= 1000 else 90
    return ModelPrompt((PromptMessage(Role.USER, "ก" * length),))


async def test_what_does_not_fit_is_made_smaller_and_asked_once_more() -> None:
    async with Overflowing(models={"typhoon2": None}) as standin, routing(*at(standin)) as router:
        async with aclosing(router.stream(VLLM, fitting)) as stream:
            events = [event async for event in stream]
        assert [len(seen.body["messages"][0]["content"]) for seen in standin.seen] == [400, 90]
    assert notices_of(events) == ["context_shrunk"]
    assert text_of(events) == standin.script.text


async def test_what_still_does_not_fit_is_told_and_not_taken_elsewhere(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = openai_error(400, OVERFLOW, code="context_length_exceeded")
    async with routing(*at(vllm, ollama)) as router:
        with pytest.raises(ContextOverflow):
            async with aclosing(router.stream(VLLM, fitting)) as events:
                _ = [event async for event in events]
        assert len(vllm.seen) == 2
        with pytest.raises(ContextOverflow):
            await reply(router, VLLM)  # a question that can't be shortened is not asked twice
        assert len(vllm.seen) == 3
    assert ollama.seen == []


async def test_a_server_that_says_nothing_is_given_up_when_another_can_answer(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = Script(fault="silence")
    async with routing(*at(vllm, ollama), rules=Rules(first_word_s={"vllm": 0.05})) as router:
        events = await reply(router, VLLM)
        assert Answering(QWEN, "backend_timeout") in events
        await vllm.until(lambda: vllm.running == 0)
        assert offered(router, "vllm").model_states == {"typhoon2": BackendState.SLOW}


async def test_a_server_that_is_slow_to_begin_is_waited_for_when_nobody_else_can_answer(vllm: OpenAIStandin) -> None:
    vllm.script = Script(first_delay_ms=300)
    async with routing(*at(vllm), rules=Rules(first_word_s={"vllm": 0.05})) as router:
        assert text_of(await reply(router, VLLM)) == vllm.script.text


async def test_a_server_that_may_load_a_model_first_has_the_time_for_it(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    ollama.script = Script(first_delay_ms=300)
    async with routing(*at(vllm, ollama), rules=Rules(first_word_s={"vllm": 0.05})) as router:
        assert text_of(await reply(router, QWEN)) == ollama.script.text
    assert vllm.seen == []


async def test_closing_the_stream_while_the_other_is_asked_ends_its_request(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script, ollama.script = BROKEN, Script(fault="silence")
    async with routing(*at(vllm, ollama)) as router:
        task = asyncio.create_task(reply(router, VLLM))
        await ollama.until(lambda: ollama.running == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await ollama.until(lambda: ollama.running == 0)


def test_every_failure_has_its_remedy() -> None:
    for kind in kinds(BackendError):
        remedy = remedy_for(kind())
        assert remedy in REMEDIES.values()
        assert not (remedy.again and not remedy.other_model)
    assert remedy_for(BackendTimeout()).again is False
