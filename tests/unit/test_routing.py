"""The router over real backends and stand-in servers that come, go, and are slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing

import pytest

from tests.routing import NOWHERE, becomes, offered, question, reply, routing
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, openai_error, thai_tokens
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendUnreachable, EmptyReply, NoBackend, ReplyCut
from thai_chat.domain.errors import UnknownBackend
from thai_chat.domain.events import Finished, TextDelta
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import BackendState
from thai_chat.routing.router import ModelPrompt


@pytest.fixture
async def vllm() -> AsyncIterator[OpenAIStandin]:
    async with OpenAIStandin(models={"typhoon2": 32_768, "shared": 8192}) as standin:
        yield standin


@pytest.fixture
async def ollama() -> AsyncIterator[OllamaStandin]:
    async with OllamaStandin(models={"qwen3:8b": 40_960, "shared": 8192}) as standin:
        yield standin


async def test_every_backend_is_offered_with_its_state(vllm: OpenAIStandin) -> None:
    async with routing(VLLMBackend(vllm.base_url), OllamaBackend(NOWHERE)) as router:
        assert [(choices.name, choices.state) for choices in router.choices()] == [
            ("vllm", BackendState.UP),
            ("ollama", BackendState.DOWN),
            ("openai", BackendState.NOT_CONFIGURED),
            ("llamacpp", BackendState.NOT_CONFIGURED),
        ]
        assert offered(router, "ollama").error_code == "backend_unreachable"
        assert [info.model for info in offered(router, "vllm").models] == ["typhoon2", "shared"]


async def test_a_model_that_does_not_chat_is_offered_only_when_the_settings_name_it(vllm: OpenAIStandin) -> None:
    vllm.models = {"bge-m3": 8192, "typhoon2": 32_768, "whisper-large-v3": None}
    async with routing(VLLMBackend(vllm.base_url)) as router:
        assert [info.model for info in offered(router, "vllm").models] == ["typhoon2"]
        assert [info.model for info in offered(router, "vllm").other_models] == ["bge-m3", "whisper-large-v3"]
        assert router.default_choice() == Choice("vllm", "typhoon2")
    async with routing(VLLMBackend(vllm.base_url, default_model="bge-m3")) as router:
        assert [info.model for info in offered(router, "vllm").models] == ["bge-m3", "typhoon2"]
        assert router.default_choice() == Choice("vllm", "bge-m3")


async def test_a_server_without_a_model_that_chats_gives_no_default(vllm: OpenAIStandin) -> None:
    vllm.models = {"bge-m3": 8192}
    async with routing(VLLMBackend(vllm.base_url)) as router:
        assert offered(router, "vllm").models == ()
        with pytest.raises(NoBackend):
            router.default_choice()


async def test_a_wrong_key_is_told_as_the_reason(vllm: OpenAIStandin) -> None:
    vllm.api_key = "sk-right"
    async with routing(OpenAIBackend(vllm.base_url, api_key="sk-wrong")) as router:
        assert offered(router, "openai").error_code == "backend_denied"


async def test_a_backend_that_is_loading_is_neither_up_nor_down() -> None:
    class Loading(OpenAIStandin):
        def _refusal(self, request: object) -> Script:
            return openai_error(503, "Loading model", kind="unavailable_error", code=503)

    async with Loading() as standin, routing(VLLMBackend(standin.base_url)) as router:
        assert offered(router, "vllm").state is BackendState.LOADING


async def test_a_server_that_hangs_does_not_hold_up_the_start(vllm: OpenAIStandin) -> None:
    class Hanging(OpenAIStandin):
        async def _models(self, request: object) -> None:  # type: ignore[override]
            await asyncio.Event().wait()

    async with Hanging() as hanging, AsyncExitStack() as stack:
        backends = (VLLMBackend(vllm.base_url), OpenAIBackend(hanging.base_url, api_key="k"))
        router = await stack.enter_async_context(routing(*backends))
        assert offered(router, "vllm").state is BackendState.UP
        assert offered(router, "openai").state is BackendState.DOWN


async def test_a_server_that_comes_back_is_seen_without_a_restart() -> None:
    async with OpenAIStandin() as first:
        port = first.port
    async with routing(VLLMBackend(f"http://127.0.0.1:{port}/v1")) as router:
        assert offered(router, "vllm").state is BackendState.DOWN
        async with OpenAIStandin(port=port):
            await becomes(router, "vllm", BackendState.UP)


async def test_a_server_that_goes_keeps_its_models_in_the_picker(vllm: OpenAIStandin) -> None:
    async with routing(VLLMBackend(vllm.base_url)) as router:
        await vllm.stop()
        with pytest.raises(BackendUnreachable):
            await reply(router, Choice("vllm", "typhoon2"))
        choices = await becomes(router, "vllm", BackendState.DOWN)
        assert [info.model for info in choices.models] == ["typhoon2", "shared"]
        assert router.resolve("vllm", None) == Choice("vllm", "typhoon2")


async def test_the_default_is_the_first_preferred_backend_that_is_up(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    backends = (VLLMBackend(vllm.base_url), OllamaBackend(ollama.address))
    async with routing(*backends) as router:
        assert router.default_choice() == Choice("vllm", "typhoon2")
    backends = (VLLMBackend(vllm.base_url), OllamaBackend(ollama.address))
    async with routing(*backends, default="ollama") as router:
        assert router.default_choice() == Choice("ollama", "qwen3:8b")
    backends = (VLLMBackend(NOWHERE), OllamaBackend(ollama.address))
    async with routing(*backends, default="vllm") as router:
        assert router.default_choice() == Choice("ollama", "qwen3:8b")


async def test_the_model_of_the_settings_is_the_backends_default(vllm: OpenAIStandin) -> None:
    async with routing(VLLMBackend(vllm.base_url, default_model="shared")) as router:
        assert router.default_choice() == Choice("vllm", "shared")


async def test_a_backend_that_is_not_in_the_order_is_never_chosen_unasked(vllm: OpenAIStandin) -> None:
    async with routing(OpenAIBackend(vllm.base_url, api_key="k"), order=("vllm", "ollama")) as router:
        with pytest.raises(NoBackend):
            router.default_choice()
        assert router.resolve("openai", "typhoon2") == Choice("openai", "typhoon2")


async def test_without_any_backend_up_there_is_no_default() -> None:
    async with routing(VLLMBackend(NOWHERE)) as router:
        with pytest.raises(NoBackend):
            router.default_choice()
        with pytest.raises(NoBackend):
            router.resolve("vllm", None)


async def test_what_was_left_open_is_filled_in(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    async with routing(VLLMBackend(vllm.base_url), OllamaBackend(ollama.address)) as router:
        assert router.resolve(None, None) == Choice("vllm", "typhoon2")
        assert router.resolve("ollama", None) == Choice("ollama", "qwen3:8b")
        assert router.resolve(None, "qwen3:8b") == Choice("ollama", "qwen3:8b")
        assert router.resolve(None, "shared") == Choice("vllm", "shared")
        assert router.resolve("ollama", "anything") == Choice("ollama", "anything")
        assert router.resolve(None, "nowhere") == Choice("vllm", "nowhere")


@pytest.mark.parametrize("name", ["openai", "gemini", "", "ก" * 5000])
async def test_a_backend_that_is_not_configured_is_unknown(vllm: OpenAIStandin, name: str) -> None:
    async with routing(VLLMBackend(vllm.base_url)) as router:
        with pytest.raises(UnknownBackend):
            router.resolve(name, "typhoon2")
        with pytest.raises(UnknownBackend):
            await reply(router, Choice(name, "typhoon2"))


async def test_the_window_of_a_model_is_known(vllm: OpenAIStandin) -> None:
    async with routing(VLLMBackend(vllm.base_url)) as router:
        assert router.context_window(Choice("vllm", "typhoon2")) == 32_768
        assert router.context_window(Choice("vllm", "other")) is None
        assert router.context_window(Choice("openai", "typhoon2")) is None


async def test_a_reply_comes_through_and_ends_with_finished(vllm: OpenAIStandin) -> None:
    async with routing(VLLMBackend(vllm.base_url)) as router:
        events = await reply(router, Choice("vllm", "typhoon2"))
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == vllm.script.text
        assert events[-1] == Finished("stop")


async def cool(choice: Choice, context_window: int | None) -> ModelPrompt:
    asked = await question(choice, context_window)
    return ModelPrompt(asked.messages, {"temperature": 0.1})


async def test_options_go_to_the_model(vllm: OpenAIStandin) -> None:
    async with routing(VLLMBackend(vllm.base_url)) as router:
        choice = Choice("vllm", "typhoon2")
        async with aclosing(router.stream(choice, cool)) as events:
            async for _ in events:
                pass
        assert vllm.seen[0].body["temperature"] == 0.1


async def test_closing_the_stream_ends_the_request_to_the_server(vllm: OpenAIStandin) -> None:
    vllm.script = Script(tokens=thai_tokens(10_000), delay_ms=5)
    async with routing(VLLMBackend(vllm.base_url)) as router:
        async with aclosing(router.stream(Choice("vllm", "typhoon2"), question)) as events:
            await anext(events)
        await vllm.until(lambda: vllm.running == 0)


@pytest.mark.parametrize("tokens", [(), (" ", "\n"), ("<think>", "คิด", "</think>", "\n")])
async def test_a_whole_reply_without_a_visible_word_is_empty_and_no_answer(
    vllm: OpenAIStandin, tokens: tuple[str, ...]
) -> None:
    vllm.script = Script(tokens=tokens, finish_reason="length")
    async with routing(VLLMBackend(vllm.base_url)) as router:
        with pytest.raises(EmptyReply) as caught:
            await reply(router, Choice("vllm", "typhoon2"))
        assert caught.value.params == {"backend": "vllm", "model": "typhoon2"}


async def test_a_reply_that_just_stops_is_cut(vllm: OpenAIStandin) -> None:
    vllm.script = Script(fault="end", fault_after=4)
    async with routing(VLLMBackend(vllm.base_url)) as router:
        with pytest.raises(ReplyCut):
            await reply(router, Choice("vllm", "typhoon2"))


async def test_the_last_resort_is_called_when_nothing_could_answer(ollama: OllamaStandin) -> None:
    ollama.models.clear()
    async with OpenAIStandin() as local:
        backends = (VLLMBackend(NOWHERE), OllamaBackend(ollama.address))
        async with routing(*backends, last_resort=lambda: OpenAIBackend(local.base_url, api_key="k")) as router:
            assert router.default_choice() == Choice("openai", "standin")


async def test_the_last_resort_is_not_called_when_something_answers(vllm: OpenAIStandin) -> None:
    called = []

    def last_resort() -> None:
        called.append(True)

    async with routing(VLLMBackend(vllm.base_url), OllamaBackend(NOWHERE), last_resort=last_resort):
        assert not called


async def test_closing_twice_is_safe(vllm: OpenAIStandin) -> None:
    async with routing(VLLMBackend(vllm.base_url)) as router:
        await router.close()
