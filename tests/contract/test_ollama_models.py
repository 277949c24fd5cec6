"""How Ollama's models are sized, loaded, kept and made to think, through the official client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.standins.ollama_server import OllamaStandin
from tests.standins.replies import ask, request, text_of
from tests.standins.script import Script
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.timeouts import Timeouts
from thai_chat.domain.backend_errors import BackendTimeout, ModelNotFound
from thai_chat.domain.events import Notice, ReasoningDelta
from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.ports.backend import ModelInfo

OWN = 'stop                           "<|im_end|>"\nnum_ctx                        16384'
LOADING = Notice("model_loading", {"model": "standin"}, is_passing=True)


@pytest.fixture
async def standin() -> AsyncIterator[OllamaStandin]:
    async with OllamaStandin(models={"standin": 131_072}) as standin:
        yield standin


@pytest.fixture
async def backend(standin: OllamaStandin) -> AsyncIterator[OllamaBackend]:
    backend = OllamaBackend(standin.address)
    yield backend
    await backend.close()


async def windows(backend: OllamaBackend) -> dict[str, int | None]:
    return {info.model: info.context_window for info in await backend.models()}


async def test_a_models_window_is_what_it_is_asked_to_have_within_what_its_weights_allow(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.models = {"large": 131_072, "small": 2048, "set": 131_072, "unknown": None}
    standin.parameters["set"] = OWN
    assert await windows(backend) == {"large": 8192, "small": 2048, "set": 16384, "unknown": 8192}


async def test_what_is_told_as_the_window_is_what_is_loaded(standin: OllamaStandin, backend: OllamaBackend) -> None:
    standin.models = {"large": 131_072, "small": 2048, "set": 131_072}
    standin.parameters["set"] = OWN
    told = await windows(backend)
    for model in standin.models:
        await ask(backend, request(model))
    assert standin.loaded == told == await windows(backend)


async def test_every_call_has_the_same_window_so_that_a_model_is_loaded_once(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    await backend.prepare("standin")
    await ask(backend, request())
    await backend.models()
    await ask(backend, request(question="ยาว" * 3000, options={"num_ctx": 20_000, "max_tokens": 900}))
    assert standin.loads == [("standin", 8192)]


async def test_a_modelfiles_own_window_is_never_sent_over(standin: OllamaStandin) -> None:
    standin.parameters["standin"] = OWN
    backend = OllamaBackend(standin.address, num_ctx=4096)
    await backend.prepare("standin")
    await ask(backend, request())
    assert standin.loads == [("standin", 16384)]
    assert all("num_ctx" not in (seen.body.get("options") or {}) for seen in standin.seen)
    assert await windows(backend) == {"standin": 16384}
    await backend.close()


async def test_the_window_of_the_settings_is_what_every_model_has(standin: OllamaStandin) -> None:
    standin.models["small"] = 2048
    standin.loaded["standin"] = 65_536
    backend = OllamaBackend(standin.address, num_ctx=32_768)
    assert await windows(backend) == {"standin": 32_768, "small": 2048}
    await ask(backend, request())
    assert standin.loads == [("standin", 32_768)]
    await backend.close()


async def test_a_window_left_to_ollama_is_what_it_shows_once_loaded(standin: OllamaStandin) -> None:
    standin.default_num_ctx = 32_768
    backend = OllamaBackend(standin.address, num_ctx=0)
    assert await windows(backend) == {"standin": 4096}
    await ask(backend, request())
    assert "options" not in standin.seen[0].body
    assert await windows(backend) == {"standin": 32_768}
    await backend.close()


async def test_a_model_that_is_loaded_with_more_is_not_loaded_again_for_less(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.loaded["standin"] = 32_768
    assert await backend.models() == [ModelInfo(model="standin", context_window=32_768)]
    await ask(backend, request())
    assert standin.loads == []
    standin.loaded.clear()
    assert await backend.models() == [ModelInfo(model="standin", context_window=32_768)]
    await ask(backend, request())
    assert standin.loads == [("standin", 32_768)]


async def test_a_server_that_shows_no_context_length_is_asked_for_ours(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.tells_context = False
    standin.loaded["standin"] = 8192
    assert await windows(backend) == {"standin": 8192}
    await ask(backend, request())
    assert standin.loads == []


async def test_a_server_that_shows_no_cards_is_sent_nothing_that_depends_on_them(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.has_show = False
    assert await backend.models() == [ModelInfo(model="standin")]
    assert text_of(await ask(backend, request(options={"reasoning_effort": "high"}))) == Script().text
    assert "options" not in standin.seen[0].body
    assert "think" not in standin.seen[0].body


async def test_a_server_tells_which_models_chat_see_and_think(standin: OllamaStandin, backend: OllamaBackend) -> None:
    standin.models |= {"one:latest": 8192, "two:latest": 8192, "vision-embed:latest": 8192}
    standin.capabilities["one:latest"] = ["embedding"]
    standin.capabilities["two:latest"] = ["completion", "vision", "thinking"]
    told = {info.model: (info.chats, info.vision, info.thinking) for info in await backend.models()}
    assert told == {
        "standin": (True, False, False),
        "one:latest": (False, False, False),
        "two:latest": (True, True, True),
        "vision-embed:latest": (True, False, False),  # the server knows better than the name
    }


async def test_a_server_that_shows_nothing_leaves_it_to_the_names(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.has_show = False
    standin.models |= {"bge-m3:latest": 8192, "qwen2.5vl:7b": 8192}
    told = {info.model: (info.chats, info.vision) for info in await backend.models()}
    assert told == {"standin": (True, False), "bge-m3:latest": (False, False), "qwen2.5vl:7b": (True, True)}


async def test_a_model_of_ollamas_cloud_is_neither_sized_nor_loaded(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.models["gpt-oss:120b-cloud"] = 131_072
    standin.remote.add("gpt-oss:120b-cloud")
    assert (await windows(backend))["gpt-oss:120b-cloud"] == 131_072
    await backend.prepare("gpt-oss:120b-cloud")
    assert standin.seen == []
    events = await ask(backend, request("gpt-oss:120b-cloud"))
    assert not any(isinstance(event, Notice) for event in events)
    assert "options" not in standin.seen[0].body


async def test_a_default_model_without_a_tag_means_the_latest() -> None:
    names = {
        "typhoon2": "typhoon2:latest",
        "typhoon2:8b": "typhoon2:8b",
        "hf.co/scb10x/typhoon2:Q4_K_M": "hf.co/scb10x/typhoon2:Q4_K_M",
        "localhost:5000/team/model": "localhost:5000/team/model:latest",
    }
    assert {name: OllamaBackend("http://127.0.0.1:1", default_model=name).default_model for name in names} == names
    assert OllamaBackend("http://127.0.0.1:1").default_model is None


@pytest.mark.parametrize(
    ("setting", "sent"), [("30m", "30m"), ("-1", -1), ("90", 90), ("1h30m", "1h30m"), (None, None)]
)
async def test_how_long_a_model_stays_is_said_in_every_call_when_it_is_set(
    standin: OllamaStandin, setting: str | None, sent: object
) -> None:
    backend = OllamaBackend(standin.address, keep_alive=setting)
    await backend.prepare("standin")
    await ask(backend, request())
    assert [seen.body.get("keep_alive") for seen in standin.seen] == [sent, sent]
    await backend.close()


async def test_a_prepared_model_is_loaded_by_an_empty_request_and_answers_without_a_notice(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    await backend.prepare("standin")
    assert standin.seen[0].body["messages"] == []
    assert standin.loaded == {"standin": 8192}
    assert LOADING not in await ask(backend, request())


async def test_a_model_is_told_as_loading_until_it_is_loaded(standin: OllamaStandin, backend: OllamaBackend) -> None:
    standin.may_load.clear()
    preparing = asyncio.create_task(backend.prepare("standin"))
    await standin.until(lambda: standin.loads == [("standin", 8192)])
    assert set(backend.loading_models) == {"standin"}
    await backend.models()  # lists it as running already
    asking = asyncio.create_task(first_event(backend))
    assert await asking == LOADING
    standin.may_load.set()
    await preparing
    assert set(backend.loading_models) == set()


async def test_a_prepared_model_that_is_missing_is_not_found(backend: OllamaBackend) -> None:
    with pytest.raises(ModelNotFound):
        await backend.prepare("typhoon2:8b")
    assert set(backend.loading_models) == set()


async def test_a_load_that_takes_too_long_is_given_up(standin: OllamaStandin) -> None:
    standin.may_load.clear()
    backend = OllamaBackend(standin.address, timeouts=Timeouts(first_token_s=0.2))
    with pytest.raises(BackendTimeout):
        await backend.prepare("standin")
    assert set(backend.loading_models) == set()
    await standin.until(lambda: standin.running == 0)
    await backend.close()


async def test_a_cold_model_says_that_it_is_loading_before_the_long_wait(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.may_load.clear()
    events: list[object] = []
    asking = asyncio.create_task(ask(backend, request(), into=events))
    await standin.until(lambda: bool(standin.loads))
    assert events == [LOADING]
    assert set(backend.loading_models) == {"standin"}
    standin.may_load.set()
    assert text_of(await asking) == Script().text
    assert set(backend.loading_models) == set()


async def test_whether_a_model_is_loaded_is_not_asked_on_every_call(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    for _ in range(5):
        await ask(backend, request())
    assert standin.asked == {"show": 1, "ps": 1}


async def test_a_model_that_had_to_make_room_for_another_is_told_as_loading_again(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.models["other"] = 8192
    await ask(backend, request())
    standin.loaded.clear()
    await backend.prepare("other")
    assert LOADING in await ask(backend, request())
    standin.loaded.clear()
    standin.may_load.clear()
    preparing = asyncio.create_task(backend.prepare("standin"))
    await standin.until(lambda: standin.running == 1)
    assert set(backend.loading_models) == {"standin"}
    standin.may_load.set()
    await preparing


async def test_a_model_that_somebody_else_has_loaded_is_not_told_as_loading(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.loaded["standin"] = 8192
    assert LOADING not in await ask(backend, request())


async def test_a_reply_that_fails_while_its_model_loads_leaves_it_not_loading(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.may_load.clear()
    asking = asyncio.create_task(ask(backend, request()))
    await standin.until(lambda: bool(standin.loads))
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert set(backend.loading_models) == set()


LEVELS = {"values": ["low", "medium", "high"], "default": "medium"}


@pytest.mark.parametrize(
    ("card", "options", "sent"),
    [
        ({"capabilities": ["completion", "thinking"]}, {}, None),
        ({"capabilities": ["completion", "thinking"]}, {"think": True}, True),
        ({"capabilities": ["completion", "thinking"]}, {"think": False}, False),
        ({"capabilities": ["completion", "thinking"]}, {"reasoning_effort": "none"}, False),
        ({"capabilities": ["completion", "thinking"]}, {"reasoning_effort": "high"}, True),
        ({"capabilities": ["completion", "thinking"], "families": "gptoss"}, {"reasoning_effort": "high"}, "high"),
        ({"capabilities": ["completion", "thinking"], "thinking": LEVELS}, {"think": "low"}, "low"),
        ({"capabilities": ["completion", "thinking"], "thinking": LEVELS}, {"reasoning_effort": "minimal"}, "low"),
        ({"capabilities": ["completion", "thinking"], "thinking": LEVELS}, {"reasoning_effort": "xhigh"}, "high"),
        ({"capabilities": ["completion", "thinking"], "thinking": LEVELS}, {"think": True}, True),
        ({"capabilities": ["completion", "thinking"]}, {"think": True, "reasoning_effort": "none"}, True),
        ({"capabilities": ["completion"]}, {"think": False}, None),
    ],
)
async def test_think_is_sent_as_the_model_takes_it(
    standin: OllamaStandin, backend: OllamaBackend, card: dict[str, Any], options: dict[str, JsonValue], sent: object
) -> None:
    for name, value in card.items():
        getattr(standin, name)["standin"] = value
    events = await ask(backend, request(options=options))
    assert standin.seen[0].body.get("think") == sent
    assert not any(isinstance(event, Notice) and event.code == "parameter_dropped" for event in events)


@pytest.mark.parametrize(
    ("card", "options", "param"),
    [
        ({"capabilities": ["completion"]}, {"think": True}, "think"),
        ({"capabilities": ["completion"]}, {"reasoning_effort": "high"}, "reasoning_effort"),
        ({"capabilities": ["completion", "thinking"], "thinking": {"values": [False]}}, {"think": "high"}, "think"),
        ({"capabilities": ["completion", "thinking"], "thinking": LEVELS}, {"think": "deep"}, "think"),
        ({"capabilities": ["completion", "thinking"]}, {"think": 5}, "think"),
    ],
)
async def test_thinking_that_a_model_does_not_offer_is_left_out_and_that_is_said(
    standin: OllamaStandin, backend: OllamaBackend, card: dict[str, Any], options: dict[str, JsonValue], param: str
) -> None:
    for name, value in card.items():
        getattr(standin, name)["standin"] = value
    events = await ask(backend, request(options=options))
    # A value that no model takes is not asked of any.
    code = "option_left_out" if options.get("think") in ("deep", 5) else "parameter_dropped"
    assert Notice(code, {"param": param}) in events
    assert "think" not in standin.seen[0].body


async def test_think_that_is_refused_all_the_same_is_asked_without_and_remembered(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.capabilities["standin"] = ["completion", "thinking"]
    await backend.models()
    standin.capabilities["standin"] = ["completion"]
    for _ in range(2):
        events = await ask(backend, request(options={"think": True}))
        assert text_of(events) == Script().text
        assert [event.params for event in events if isinstance(event, Notice) and event.code != "model_loading"] == [
            {"param": "think"}
        ]
    assert [seen.body.get("think") for seen in standin.seen] == [True, None, None]


async def test_thinking_is_never_part_of_the_reply(standin: OllamaStandin, backend: OllamaBackend) -> None:
    standin.capabilities["standin"] = ["completion", "thinking"]
    standin.script = Script(reasoning=("ผู้ใช้", "ทักทาย"), tokens=("สวัสดี", "ครับ"))
    events = await ask(backend, request(options={"think": True}))
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == "ผู้ใช้ทักทาย"
    assert text_of(events) == "สวัสดีครับ"


async def first_event(backend: OllamaBackend) -> object:
    stream = backend.stream(request())
    try:
        return await anext(stream)
    finally:
        await stream.aclose()
