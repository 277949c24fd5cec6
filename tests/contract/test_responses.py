"""Models that answer OpenAI's Responses API, through the official client, against a stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.standins.openai_server import OpenAIStandin
from tests.standins.refusals import NOT_A_CHAT_MODEL
from tests.standins.replies import ask, request, text_of
from tests.standins.script import Script, openai_error, thai_tokens
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.openai.models import is_openai
from thai_chat.backends.openai_api.profile import thinks
from thai_chat.backends.timeouts import Timeouts
from thai_chat.domain.backend_errors import (
    BackendError,
    BackendFailed,
    BackendGarbled,
    BackendTimeout,
    ContextOverflow,
    NotOffered,
    OnlyReasoning,
    RateLimited,
    ReplyCut,
)
from thai_chat.domain.events import Finished, Notice, ReasoningDelta, StreamEvent, TextDelta, Usage
from thai_chat.domain.json_types import JsonValue

PRO = "gpt-5-pro"
COMPLETIONS, RESPONSES = "/v1/chat/completions", "/v1/responses"
THOUGHTFUL = Script(responses_only=True, reasoning=("ดูคำถาม", "แล้วค่อยตอบ"), tokens=("สวัสดี", "ครับ"))


@pytest.fixture(autouse=True)
def _with_its_model(standin: OpenAIStandin) -> None:
    standin.models[PRO] = None
    standin.script = THOUGHTFUL


def thinking_of(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))


async def test_a_responses_only_model_is_reached_and_remembered(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    for _ in range(2):
        events = await ask(openai, request(PRO))
        assert text_of(events) == "สวัสดีครับ"
        assert events[-1] == Finished("stop")
    assert [seen.path for seen in standin.seen] == [COMPLETIONS, RESPONSES, RESPONSES]


async def test_what_is_learned_of_one_model_is_not_held_against_another(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.scripts["standin"] = Script()
    await ask(openai, request(PRO))
    await ask(openai, request("standin"))
    assert standin.seen[-1].path == COMPLETIONS


async def test_a_model_that_neither_api_takes_fails_and_is_not_asked_for_ever(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = NOT_A_CHAT_MODEL
    with pytest.raises(NotOffered):
        await ask(openai, request("standin"))
    assert [seen.path for seen in standin.seen] == [COMPLETIONS, RESPONSES]


async def test_the_whole_conversation_is_sent_and_nothing_is_stored_over_there(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    await ask(openai, request(PRO, "ชื่ออะไร", earlier=(("system", "ตอบสั้น ๆ"), ("user", "สวัสดี"), ("assistant", "ค่ะ"))))
    sent = standin.seen[-1].body
    assert [(item["role"], item["content"]) for item in sent["input"]] == [
        ("system", "ตอบสั้น ๆ"),
        ("user", "สวัสดี"),
        ("assistant", "ค่ะ"),
        ("user", "ชื่ออะไร"),
    ]
    assert sent["store"] is False
    assert set(sent) == {"model", "input", "stream", "store", "reasoning"}


async def test_summaries_of_the_thinking_come_apart_from_the_reply(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    events = await ask(openai, request(PRO))
    assert standin.seen[-1].body["reasoning"] == {"summary": "auto"}
    assert thinking_of(events) == "ดูคำถาม\n\nแล้วค่อยตอบ"


async def test_a_model_that_does_not_think_is_asked_for_no_summary(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    await ask(openai, request("standin"))
    assert "reasoning" not in standin.seen[-1].body


async def test_an_unverified_organisation_gets_the_reply_without_summary_and_in_one_piece(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = Script(
        responses_only=True, refused_params=("reasoning.summary",), refuse_streaming=True, reasoning=("คิด",)
    )
    for _ in range(2):
        events = await ask(openai, request(PRO, options={"reasoning_effort": "low"}))
        assert [event for event in events if isinstance(event, Notice)] == [Notice("answer_not_streamed")]
        assert text_of(events) == standin.script.text
        assert thinking_of(events) == ""
    assert [seen.body.get("stream") for seen in standin.seen] == [True, True, False, False, False]
    assert [seen.body.get("reasoning") for seen in standin.seen[-2:]] == [{"effort": "low"}] * 2


async def test_a_whole_reply_has_its_summary_and_its_counts_too(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    standin.script = Script(responses_only=True, never_streams=True, reasoning=("ดูคำถาม", "แล้วค่อยตอบ"), tokens=("ครับ",))
    events = await ask(openai, request(PRO, "กขค"))
    assert events == [ReasoningDelta("ดูคำถาม\n\nแล้วค่อยตอบ"), TextDelta("ครับ"), Usage(2, 3, 2), Finished("stop")]


async def test_options_go_under_the_names_of_this_api(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    options = {"max_tokens": 500, "reasoning_effort": "high", "verbosity": "low", "seed": 7}
    events = await ask(openai, request(PRO, options=options))
    sent = standin.seen[-1].body
    assert sent["max_output_tokens"] == 500
    assert sent["reasoning"] == {"effort": "high", "summary": "auto"}
    assert sent["text"] == {"verbosity": "low"}
    assert "max_tokens" not in sent
    assert "seed" not in sent
    assert Notice("parameter_dropped", {"param": "seed"}) in events


async def test_a_small_cap_is_raised_to_the_least_that_is_taken(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    await ask(openai, request(PRO, options={"max_tokens": 4}))
    assert standin.seen[-1].body["max_output_tokens"] == 16


async def test_a_refused_part_is_left_out_alone_and_told_by_the_name_it_was_asked_by(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = Script(responses_only=True, refused_params=("text.verbosity",))
    events = await ask(openai, request(PRO, options={"verbosity": "low", "reasoning_effort": "low"}))
    assert Notice("parameter_dropped", {"param": "verbosity"}) in events
    assert standin.seen[-1].body["reasoning"] == {"effort": "low", "summary": "auto"}


async def test_the_counts_tell_how_much_was_thinking(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    events = await ask(openai, request(PRO, "กขค"))
    assert [event for event in events if isinstance(event, Usage)] == [Usage(2, 4, 2)]


async def test_a_reply_that_was_cut_by_its_cap_says_so(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    standin.script = Script(responses_only=True, finish_reason="length")
    events = await ask(openai, request(PRO))
    assert events[-1] == Finished("length")
    assert text_of(events) == standin.script.text


@pytest.mark.parametrize("reasoning", [("คิด",), ()])
async def test_a_reply_emptied_by_its_thinking_is_no_answer(
    standin: OpenAIStandin, openai: OpenAIBackend, reasoning: tuple[str, ...]
) -> None:
    standin.script = Script(
        responses_only=True, finish_reason="length", reasoning=reasoning, tokens=(), reasoning_tokens=400
    )
    with pytest.raises(OnlyReasoning):
        await ask(openai, request(PRO))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("server_error", BackendFailed),
        ("rate_limit_exceeded", RateLimited),
        ("context_length_exceeded", ContextOverflow),
    ],
)
@pytest.mark.parametrize("never_streams", [False, True])
async def test_a_reply_that_fails_is_told_for_what_it_is(
    standin: OpenAIStandin, openai: OpenAIBackend, code: str, error: type[BackendError], never_streams: bool
) -> None:
    standin.script = Script(responses_only=True, failed_code=code, never_streams=never_streams)
    events: list[object] = []
    with pytest.raises(error):
        await ask(openai, request(PRO), into=events)
    said = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert said == ("" if never_streams else standin.script.text)


@pytest.mark.parametrize(
    ("fault", "error"), [("error", BackendFailed), ("garbage", BackendGarbled), ("end", ReplyCut), ("drop", ReplyCut)]
)
async def test_a_reply_that_breaks_keeps_what_came(
    standin: OpenAIStandin, openai: OpenAIBackend, fault: str, error: type[BackendError]
) -> None:
    standin.script = Script(responses_only=True, tokens=thai_tokens(9), fault=fault, fault_after=5)  # type: ignore[arg-type]
    events: list[object] = []
    with pytest.raises(error):
        await ask(openai, request(PRO), into=events)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == standin.seen[-1].text_sent


async def test_a_model_may_think_in_silence_for_as_long_as_a_whole_reply_may_take(standin: OpenAIStandin) -> None:
    timeouts = Timeouts(first_token_s=0.2, between_tokens_s=0.2, whole_reply_s=5)
    backend = OpenAIBackend(standin.base_url, api_key="sk-test", timeouts=timeouts)
    standin.script = Script(responses_only=True, first_delay_ms=500)
    assert text_of(await ask(backend, request(PRO))) == standin.script.text
    await backend.close()


async def test_a_model_that_says_nothing_at_all_times_out_and_is_left(standin: OpenAIStandin) -> None:
    backend = OpenAIBackend(
        standin.base_url,
        api_key="sk-test",
        timeouts=Timeouts(first_token_s=0.3, whole_reply_s=0.3, between_tokens_s=0.3),
    )
    standin.script = Script(responses_only=True, fault="hang", fault_after=2)
    with pytest.raises(BackendTimeout):
        await ask(backend, request(PRO))
    await standin.until(lambda: standin.running == 0, timeout_s=1)
    await backend.close()


async def test_a_reply_can_be_stopped(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    standin.script = Script(responses_only=True, tokens=thai_tokens(10_000), delay_ms=5)
    events = openai.stream(request(PRO))
    async for event in events:
        if isinstance(event, TextDelta):
            break
    await events.aclose()
    await standin.until(lambda: standin.running == 0, timeout_s=1)
    assert standin.seen[-1].left


@pytest.fixture
async def at_openai(standin: OpenAIStandin, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OpenAIBackend]:
    """Yield a backend with OpenAI's own address, whose requests come to the stand-in as if it were a proxy."""
    monkeypatch.setenv("HTTP_PROXY", standin.address)
    backend = OpenAIBackend("http://api.openai.com/v1", api_key="sk-test")
    yield backend
    await backend.close()


@pytest.mark.parametrize(("model", "path"), [("gpt-5.2", RESPONSES), ("o4-mini", RESPONSES), ("gpt-4o", COMPLETIONS)])
async def test_at_openai_itself_models_that_think_are_asked_where_they_tell_their_thoughts(
    standin: OpenAIStandin, at_openai: OpenAIBackend, model: str, path: str
) -> None:
    standin.scripts[model] = Script(reasoning=("คิด",))
    await ask(at_openai, request(model))
    assert [seen.path for seen in standin.seen] == [path]


@pytest.mark.parametrize("model", ["gpt-5", "gpt-5.2-pro", "gpt-10", "o3", "o4-mini", "ft:gpt-5-mini:thai:1"])
def test_models_that_think_are_known_by_their_names(model: str) -> None:
    assert thinks(model)


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5-chat-latest", "gpt-5-search-api", "typhoon-v2", "gpt-4"])
def test_models_that_do_not_think_are_not_taken_for_those(model: str) -> None:
    assert not thinks(model)


@pytest.mark.parametrize(
    ("host", "known"), [("api.openai.com", True), ("eu.api.openai.com", True), ("api.openai.com.example.org", False)]
)
def test_openais_regions_are_openai_too(host: str, known: bool) -> None:
    assert is_openai(host) is known


SCHEMA = {"type": "object", "properties": {"เมือง": {"type": "string"}}, "required": ["เมือง"]}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (
            {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA, "strict": True}},
            {"type": "json_schema", "name": "city", "schema": SCHEMA, "strict": True},
        ),
        ({"type": "json_object"}, {"type": "json_object"}),
    ],
)
async def test_structured_output_is_asked_for_as_this_api_has_it(
    standin: OpenAIStandin, openai: OpenAIBackend, asked: dict[str, JsonValue], sent: dict[str, JsonValue]
) -> None:
    events = await ask(openai, request(PRO, options={"response_format": asked, "verbosity": "low"}))
    assert standin.seen[-1].body["text"] == {"format": sent, "verbosity": "low"}
    assert not any(isinstance(event, Notice) for event in events)


async def test_structured_output_that_is_refused_is_left_out_and_told_by_the_name_it_was_asked_by(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = replace(THOUGHTFUL, refused_params=("text.format",))
    events = await ask(openai, request(PRO, options={"response_format": {"type": "json_object"}}))
    assert "text" not in standin.seen[-1].body
    assert Notice("parameter_dropped", {"param": "response_format"}) in events


async def test_tools_are_left_out_and_that_is_said_as_nobody_here_carries_out_their_calls(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
    events = await ask(openai, request(PRO, options={"tools": tools, "tool_choice": "auto"}))
    assert {"tools", "tool_choice"}.isdisjoint(standin.seen[-1].body)
    assert {event.params["param"] for event in events if isinstance(event, Notice)} == {"tools", "tool_choice"}


@pytest.mark.parametrize("status", [400, 404])
async def test_both_ways_to_say_that_a_model_answers_this_api_alone_are_understood(
    standin: OpenAIStandin, openai: OpenAIBackend, status: int
) -> None:
    message = "This model is only supported in v1/responses and not in v1/chat/completions."
    standin.script = openai_error(status, message, param="model", code="unsupported_value" if status == 400 else None)
    with pytest.raises(NotOffered):
        await ask(openai, request(PRO))
    assert [seen.path for seen in standin.seen] == [COMPLETIONS, RESPONSES]
