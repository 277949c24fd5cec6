"""When the cloud answers for one's own models, and when it does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from tests.routing import BROKEN, NOWHERE, QWEN, answering, at, in_cloud, question, reply, routing, text_of
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import openai_error
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendFailed, BackendUnreachable, ModelNotFound
from thai_chat.domain.messages import Choice
from thai_chat.routing.preference import Rules

VLLM = Choice("vllm", "typhoon2")
GPT = Choice("openai", "gpt-5")


@pytest.fixture
async def vllm() -> AsyncIterator[OpenAIStandin]:
    async with OpenAIStandin(models={"typhoon2": 32_768, "shared": 8192}) as standin:
        yield standin


async def test_the_cloud_is_not_asked_unless_allowed(vllm: OpenAIStandin, cloud: OpenAIStandin) -> None:
    vllm.script = BROKEN
    async with routing(*at(vllm), in_cloud(cloud)) as router:
        with pytest.raises(BackendFailed):
            await reply(router, VLLM)
    assert cloud.seen == []
    async with routing(*at(vllm), in_cloud(cloud), rules=Rules(fall_back_to_cloud=True)) as router:
        assert text_of(await reply(router, VLLM)) == "จากคลาวด์"


async def test_models_that_ollama_runs_in_its_cloud_are_not_asked_unless_allowed(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = BROKEN
    ollama.models = {"gpt-oss:120b-cloud": 131_072}
    async with routing(*at(vllm, ollama)) as router:
        with pytest.raises(BackendFailed):
            await reply(router, VLLM)
    assert ollama.seen == []


async def test_a_model_of_ollamas_cloud_is_known_under_a_name_of_ones_own_too(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = BROKEN
    ollama.models, ollama.remote = {"big": 131_072}, {"big"}
    async with routing(*at(vllm, ollama)) as router:
        with pytest.raises(BackendFailed):
            await reply(router, VLLM)
    assert ollama.seen == []


async def test_a_missing_own_model_is_not_answered_by_its_servers_cloud_model(ollama: OllamaStandin) -> None:
    ollama.models = {"gpt-oss:120b-cloud": 131_072}
    async with routing(OllamaBackend(ollama.address)) as router:
        with pytest.raises(ModelNotFound):
            await reply(router, QWEN)
    assert {seen.model for seen in ollama.seen} <= {QWEN.model}


@pytest.mark.parametrize("allowed", [False, True])
async def test_a_continued_reply_goes_on_with_another_model_and_not_in_the_cloud_unless_allowed(
    vllm: OpenAIStandin, ollama: OllamaStandin, cloud: OpenAIStandin, allowed: bool
) -> None:
    vllm.script = BROKEN
    rules = Rules(fall_back_to_cloud=allowed)
    backends = [*at(vllm), in_cloud(cloud), *at(ollama)]
    async with (
        routing(*backends, order=("vllm", "openai", "ollama"), rules=rules) as router,
        aclosing(router.stream(VLLM, question, continues="ครึ่งแรก")) as events,
    ):
        given = [event async for event in events]
    assert answering(given) == (GPT if allowed else QWEN)
    sent = (cloud if allowed else ollama).seen[0].body["messages"]
    assert {"role": "assistant", "content": "ครึ่งแรก"} in sent
    assert bool(cloud.seen) is allowed


async def test_an_own_model_answers_for_the_cloud_without_being_allowed_to(
    vllm: OpenAIStandin, cloud: OpenAIStandin
) -> None:
    cloud.script = openai_error(429, "You exceeded your current quota", code="insufficient_quota", retry_after="3600")
    async with routing(*at(vllm), in_cloud(cloud)) as router:
        events = await reply(router, GPT)
    assert answering(events) == VLLM
    assert len(cloud.seen) == 1


async def test_a_model_that_may_not_be_used_is_answered_by_the_next_model_of_the_same_cloud(
    cloud: OpenAIStandin,
) -> None:
    cloud.scripts["gpt-5"] = openai_error(400, "Your organization must be verified to use the model `gpt-5`.")
    async with routing(in_cloud(cloud, default="gpt-4o-mini")) as router:
        events = await reply(router, GPT)
    assert answering(events) == Choice("openai", "gpt-4o-mini")
    assert [seen.model for seen in cloud.seen] == ["gpt-5", "gpt-4o-mini"]


async def test_the_default_is_not_the_cloud_while_an_own_model_is_away(
    vllm: OpenAIStandin, cloud: OpenAIStandin
) -> None:
    async with routing(*at(vllm), in_cloud(cloud)) as router:
        await vllm.stop()
        with pytest.raises(BackendUnreachable):
            await reply(router, VLLM)
        assert router.default_choice() == VLLM
        assert router.resolve(None, "typhoon2") == VLLM
    async with routing(VLLMBackend(NOWHERE), in_cloud(cloud)) as router:
        assert router.default_choice() == GPT
