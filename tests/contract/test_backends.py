"""The contract of every backend, whatever it speaks: stand-ins over real HTTP, and the real llama.cpp with the demo
model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from tests.standins.llamacpp import demo, loaded
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.replies import ask, request, text_of
from tests.standins.script import Script, thai_tokens
from tests.standins.server import Standin
from thai_chat.backends.llamacpp.backend import DEMO_MODEL
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.registry import KINDS
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendLoading, BackendUnreachable, ModelNotFound, ReplyCut
from thai_chat.domain.events import Finished, Notice, ReasoningDelta, TextDelta, Usage
from thai_chat.domain.ports.backend import Backend

SLOW = Script(tokens=thai_tokens(10_000), delay_ms=5)
NOWHERE = "http://127.0.0.1:9"

MAKERS: dict[str, tuple[type[Standin], Callable[[str], Backend]]] = {
    "vllm": (OpenAIStandin, lambda address: VLLMBackend(f"{address}/v1")),
    "ollama": (OllamaStandin, lambda address: OllamaBackend(address)),
    "openai": (OpenAIStandin, lambda address: OpenAIBackend(f"{address}/v1", api_key="sk-test")),
}


@asynccontextmanager
async def standing(name: str) -> AsyncIterator[tuple[Standin, Backend]]:
    kind, make = MAKERS[name]
    async with kind(models={"standin": 8192, "other": 4096}) as standin:
        backend = make(standin.address)
        try:
            yield standin, backend
        finally:
            await backend.close()


each = pytest.mark.parametrize("name", MAKERS)


def test_every_kind_is_held_to_the_contract() -> None:
    # llama.cpp has no stand-in: its tests below start the real one.
    assert [*MAKERS, "llamacpp"] == [kind.name for kind in KINDS]


@each
async def test_a_reply_comes_whole_and_ends_with_finished(name: str) -> None:
    async with standing(name) as (standin, backend):
        events = await ask(backend, request("standin", "สวัสดีครับ"))
        assert text_of(events) == standin.script.text == standin.seen[0].text_sent
        assert [type(event) for event in events[-2:]] == [Usage, Finished]
        assert events[-1] == Finished("stop")
        assert sum(isinstance(event, Finished) for event in events) == 1


@each
async def test_connections_serve_one_reply_after_the_other(name: str) -> None:
    async with standing(name) as (standin, backend):
        standin.script = Script(end_delay_ms=5)
        await ask(backend, request("standin", "ครั้งแรก"))
        await ask(backend, request("standin", "อีกครั้ง"))
        opened = set(standin.clients)
        for _ in range(5):
            await ask(backend, request("standin", "อีกครั้ง"))
        assert set(standin.clients) == opened


@each
async def test_the_token_counts_are_the_servers(name: str) -> None:
    async with standing(name) as (standin, backend):
        events = await ask(backend, request("standin", "กขคงจฉ"))
        counts = [event for event in events if isinstance(event, Usage)][-1]
        assert counts == Usage(prompt_tokens=3, completion_tokens=len(standin.script.tokens))


@each
async def test_the_models_are_listed_as_the_server_has_them_now(name: str) -> None:
    async with standing(name) as (standin, backend):
        assert {info.model for info in await backend.models()} == {"standin", "other"}
        standin.models["typhoon2-8b"] = 8192
        assert "typhoon2-8b" in {info.model for info in await backend.models()}


@each
async def test_the_whole_conversation_is_sent_in_order(name: str) -> None:
    async with standing(name) as (standin, backend):
        await ask(backend, request("standin", "ชื่ออะไร", earlier=(("user", "สวัสดี 👋"), ("assistant", "สวัสดีค่ะ"))))
        sent = [(message["role"], message["content"]) for message in standin.seen[0].body["messages"]]
        assert sent == [("user", "สวัสดี 👋"), ("assistant", "สวัสดีค่ะ"), ("user", "ชื่ออะไร")]


@each
async def test_closing_the_stream_ends_the_request_to_the_server(name: str) -> None:
    async with standing(name) as (standin, backend):
        standin.script = SLOW
        async with aclosing(backend.stream(request("standin"))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
        await standin.until(lambda: standin.running == 0)
        assert standin.seen[0].left


@each
async def test_cancelling_the_task_ends_the_request_to_the_server(name: str) -> None:
    async with standing(name) as (standin, backend):
        standin.script = SLOW
        task = asyncio.create_task(ask(backend, request("standin")))
        await standin.until(lambda: bool(standin.seen) and standin.seen[0].pieces_sent > 3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await standin.until(lambda: standin.running == 0)
        assert standin.seen[0].left


@each
async def test_cancelling_before_the_first_token_ends_the_request_to_the_server(name: str) -> None:
    async with standing(name) as (standin, backend):
        standin.script = Script(fault="silence")
        task = asyncio.create_task(ask(backend, request("standin")))
        await standin.until(lambda: standin.running == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await standin.until(lambda: standin.running == 0)


@each
async def test_replies_at_the_same_time_do_not_mix(name: str) -> None:
    async with standing(name) as (standin, backend):
        scripts = {f"model-{at}": Script(tokens=thai_tokens(30 + at), delay_ms=1) for at in range(30)}
        standin.scripts |= scripts
        standin.models |= dict.fromkeys(scripts, 4096)
        replies = await asyncio.gather(*(ask(backend, request(model)) for model in scripts))
        assert [text_of(events) for events in replies] == [script.text for script in scripts.values()]


@each
async def test_an_unknown_model_is_not_found(name: str) -> None:
    async with standing(name) as (_, backend):
        with pytest.raises(ModelNotFound) as caught:
            await ask(backend, request("gone"))
        assert caught.value.params.items() >= {"backend": name, "model": "gone"}.items()


@each
async def test_a_server_that_is_not_there_is_unreachable(name: str) -> None:
    backend = MAKERS[name][1](NOWHERE)
    with pytest.raises(BackendUnreachable) as caught:
        await ask(backend, request("standin"))
    assert type(caught.value) is BackendUnreachable
    assert caught.value.params == {"backend": name, "model": "standin"}
    with pytest.raises(BackendUnreachable):
        await backend.models()
    await backend.close()


@each
async def test_a_connection_closed_without_an_answer_is_unreachable_and_no_time_out(name: str) -> None:
    async with standing(name) as (standin, backend):
        standin.script = Script(fault="close")
        with pytest.raises(BackendUnreachable) as caught:
            await ask(backend, request("standin"))
        assert type(caught.value) is BackendUnreachable


@each
@pytest.mark.parametrize("fault", ["drop", "end"])
async def test_a_reply_that_breaks_off_is_cut_and_what_came_is_there(name: str, fault: str) -> None:
    async with standing(name) as (standin, backend):
        standin.script = Script(fault="drop" if fault == "drop" else "end", fault_after=7)
        events: list[object] = []
        with pytest.raises(ReplyCut) as caught:
            await ask(backend, request("standin"), into=events)
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == standin.seen[0].text_sent
        assert caught.value.params["backend"] == name


@each
async def test_thinking_is_kept_apart_from_the_reply(name: str) -> None:
    async with standing(name) as (standin, backend):
        standin.script = Script(reasoning=("ผู้ใช้", "ทักทาย"), tokens=("สวัสดี", "ครับ"))
        events = await ask(backend, request("standin"))
        assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == "ผู้ใช้ทักทาย"
        assert text_of(events) == "สวัสดีครับ"


@each
async def test_thinking_in_tags_cut_across_pieces_is_kept_apart_too(name: str) -> None:
    async with standing(name) as (standin, backend):
        standin.script = Script(tokens=("<th", "ink>คิด", "ก่อน</", "think", ">\n\n", "สวัส", "ดี <b>"), delay_ms=1)
        events = await ask(backend, request("standin"))
        assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == "คิดก่อน"
        assert text_of(events) == "สวัสดี <b>"


@each
async def test_closing_a_backend_twice_is_safe(name: str) -> None:
    async with standing(name) as (_, backend):
        await ask(backend, request("standin"))
        await backend.close()


async def test_llamacpp_loads_its_model_and_tells_its_window_and_that_it_is_a_demo(tmp_path: Path) -> None:
    async with demo(tmp_path) as backend:
        with pytest.raises(BackendLoading):
            await backend.models()
        (info,) = await loaded(backend)
    assert (info.model, info.context_window, info.note) == (DEMO_MODEL, 4096, "demo_model")
    assert (info.chats, info.vision, info.thinking, info.strength) == (True, False, False, "small")


async def test_llamacpp_streams_a_real_reply_with_its_usage(tmp_path: Path) -> None:
    async with demo(tmp_path) as backend:
        events = await ask(backend, request(DEMO_MODEL, "Say hello.", options={"max_tokens": 12}))
        assert events[0] == Notice("model_loading", {"model": DEMO_MODEL}, is_passing=True)
        assert text_of(events).strip()
        assert isinstance(events[-1], Finished)
        counts = [event for event in events if isinstance(event, Usage)][-1]
        assert counts.prompt_tokens
        assert counts.completion_tokens
