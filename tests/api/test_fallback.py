"""The answer of another model than the one that was asked, as the API tells it and the history keeps it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.conftest import serving
from tests.api.streams import events_of
from tests.histories import MemoryStores
from tests.routing import Time, routing
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, openai_error
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.registry import KINDS
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.chat.replies import checkpoints
from thai_chat.chat.service import ChatService
from thai_chat.domain.reads import ReadMessage
from thai_chat.routing.pricing import Prices
from thai_chat.routing.router import Router

BROKEN = openai_error(500, "CUDA error", kind="InternalServerError", code=500)
ASKED = {"backend": "vllm", "model": "thai-model"}
ANSWERED_BY = {"backend": "ollama", "model": "qwen3:8b"}


@dataclass(frozen=True, slots=True)
class Pair:
    """vLLM is asked; Ollama may answer for it."""

    http: httpx.AsyncClient
    vllm: OpenAIStandin
    ollama: OllamaStandin
    history: MemoryStores

    async def ask(self, session_id: str, query: str = "สวัสดีครับ 🙏") -> dict[str, object]:
        body = {"query": query, "session_id": session_id}
        return dict((await self.http.post("/chat", json=body, headers={"Accept-Language": "th"})).json())


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        vllm = await stack.enter_async_context(OpenAIStandin(models={"thai-model": 32_768}))
        ollama = await stack.enter_async_context(OllamaStandin(models={"qwen3:8b": 40_960}))
        ollama.parameters["qwen3:8b"] = "num_ctx 2048"
        router = await stack.enter_async_context(routing(VLLMBackend(vllm.base_url), OllamaBackend(ollama.address)))
        history = MemoryStores()
        service = await running(stack, history, router)
        yield Pair(await stack.enter_async_context(serving(service)), vllm, ollama, history)


async def running(stack: AsyncExitStack, history: MemoryStores, router: Router) -> ChatService:
    service = ChatService(history.storage, router, max_history_messages=40)
    service.start()
    stack.push_async_callback(service.close)
    return service


async def test_a_stream_begins_with_the_asked_and_ends_with_the_answering_model(pair: Pair) -> None:
    pair.vllm.script = BROKEN
    body = {"query": "สวัสดี", "stream": True}
    async with pair.http.stream("POST", "/chat", json=body, headers={"Accept-Language": "th"}) as response:
        events = [event async for event in events_of(response)]
    assert events[0].name == "started"
    assert events[0].body.items() >= ASKED.items()
    names = [event.name for event in events]
    said = {event.body["code"]: event.body["message"] for event in events if event.name == "notice"}
    assert said["answered_by_other"] == "ถาม vLLM (thai-model) แต่ Ollama (qwen3:8b) เป็นผู้ตอบ เพราะ vLLM ขัดข้อง"
    assert names.index("delta") > max(at for at, name in enumerate(names) if name == "notice")
    passing = {event.body["code"]: event.body["passing"] for event in events if event.name == "notice"}
    assert passing.items() >= {"retrying": True, "asking_other": True, "answered_by_other": False}.items()
    asking = next(event.body for event in events if event.body.get("code") == "asking_other")
    assert (asking["backend"], asking["model"]) == ("ollama", "qwen3:8b")
    assert events[-1].name == "completed"
    assert events[-1].body.items() >= ANSWERED_BY.items()
    assert events[-1].body["response"] == pair.ollama.script.text


async def test_the_stored_message_tells_who_was_asked_who_answered_and_why(pair: Pair) -> None:
    pair.vllm.script = BROKEN
    session_id = str(uuid4())
    await pair.ask(session_id)
    _, reply = (await pair.http.get(f"/chat/history/{session_id}")).json()["history"]
    assert (reply["backend"], reply["model"]) == ("ollama", "qwen3:8b")
    metadata = reply["metadata"]
    assert (metadata["asked"], metadata["answered_by"]) == (ASKED, ANSWERED_BY)
    assert metadata["reason"] == "backend_failed"
    assert [notice["code"] for notice in metadata["notices"]] == ["answered_by_other"]
    assert metadata["context_used"]["context_window"] == 2048


async def test_options_that_were_meant_for_the_one_who_failed_are_not_told_of_the_one_who_answered(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "SIGN_OF_LIFE_EVERY_S", 0.0)  # so that a checkpoint comes while the first is asked
    pair.vllm.script = Script(tokens=("",), first_delay_ms=800, fault="drop", fault_after=1)
    options = {"temperature": 0.1}
    made = await pair.http.post("/api/presets", json={"preset_name": "กวี", "options": options, **ASKED})
    await pair.http.patch(f"/api/presets/{made.json()['preset_id']}", json={"is_default": True})
    session_id = str(uuid4())
    await pair.ask(session_id)
    assert pair.vllm.seen[0].body["temperature"] == 0.1
    assert "temperature" not in pair.ollama.seen[-1].body.get("options", {})
    _, reply = (await pair.http.get(f"/chat/history/{session_id}")).json()["history"]
    assert reply["metadata"]["answered_by"] == ANSWERED_BY
    assert not reply["metadata"].get("options")


async def test_what_every_try_tells_is_kept_once(pair: Pair) -> None:
    pair.vllm.script = Script(refused_params=("top_k",), fault="drop")
    session_id = str(uuid4())
    body = {"query": "สวัสดี", "session_id": session_id, "options": {"top_k": 5}}
    await pair.http.post("/chat", json=body)
    _, reply = (await pair.http.get(f"/chat/history/{session_id}")).json()["history"]
    codes = [notice["code"] for notice in reply["metadata"]["notices"]]
    assert codes == ["parameter_dropped", "answered_by_other"]


async def test_the_session_goes_on_asking_the_model_that_was_asked(pair: Pair) -> None:
    pair.vllm.script = BROKEN
    session_id = str(uuid4())
    await pair.ask(session_id)
    pair.vllm.script = Script()
    answer = await pair.ask(session_id, "อีกข้อ")
    assert answer["backend"] == "vllm"
    assert "asked" not in answer["metadata"]  # type: ignore[operator]
    sent = pair.vllm.seen[-1].body["messages"]
    assert [message["content"] for message in sent][1] == pair.ollama.script.text


async def test_the_error_of_the_asked_model_is_told_when_nobody_can_answer(pair: Pair) -> None:
    pair.vllm.script, pair.ollama.script = BROKEN, Script(fault="close")
    session_id = str(uuid4())
    assert (await pair.ask(session_id))["error"]["code"] == "backend_failed"  # type: ignore[index]
    _, reply = (await pair.http.get(f"/chat/history/{session_id}")).json()["history"]
    assert (reply["backend"], reply["status"]) == ("vllm", "failed")
    assert reply["metadata"]["notices"] == [{"code": "others_failed", "tried": [ANSWERED_BY]}]


async def test_readiness_and_the_list_of_models_tell_the_state_of_a_model(pair: Pair) -> None:
    pair.vllm.models["other-model"] = 8192
    pair.vllm.scripts["thai-model"] = openai_error(429, "Rate limit", code="rate_limit_exceeded", retry_after="60")
    await pair.ask(str(uuid4()))
    ready = (await pair.http.get("/readyz")).json()
    models = (await pair.http.get("/api/models")).json()["models"]
    state = next(model["state"] for model in models if model["model"] == "thai-model")
    assert state == "quota"
    vllm = ready["backends"]["vllm"]
    assert vllm["state"] == "quota" or vllm["model_states"] == {"thai-model": "quota"}


async def test_a_reply_from_the_cloud_has_its_cost_and_one_of_an_own_model_has_none() -> None:
    async with AsyncExitStack() as stack:
        cloud = await stack.enter_async_context(OpenAIStandin(models={"gpt-4o-mini": None}))
        own = await stack.enter_async_context(OpenAIStandin(models={"thai-model": 8192}))
        backends = OpenAIBackend(cloud.base_url, api_key="k"), VLLMBackend(own.base_url)
        prices = Prices({"openai": "https://api.openai.com/v1"})
        router = Router(backends, kinds=KINDS, retries=Time().retries(), prices=prices)
        await router.start()
        stack.push_async_callback(router.close)
        history = MemoryStores()
        http = await stack.enter_async_context(serving(await running(stack, history, router)))
        paid = (await http.post("/chat", json={"query": "ถาม", "backend": "openai"})).json()
        free = (await http.post("/chat", json={"query": "ถาม", "backend": "vllm"})).json()
        shown = (await http.get(f"/chat/history/{paid['session_id']}")).json()["history"][1]
        stored = [await history.read(ReadMessage(UUID(body["message_id"]), "local")) for body in (paid, free)]
    # 20 tokens at 0.60 dollars a million, and the question's 2 at 0.15.
    assert [message.figures.cost_usd for message in stored] == [Decimal("0.000012300"), None]
    assert shown["cost_usd"] == 0.0000123
    assert paid["metadata"]["cost"] == "exact"
    assert "cost" not in free["metadata"]


@pytest.mark.parametrize("name", ["ไทย/โมเดลของฉัน:ล่าสุด", "/srv/โมเดล/" + "a" * 300])
async def test_a_model_of_any_name_is_asked_and_kept(name: str) -> None:
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(OpenAIStandin(models={name: 8192}))
        router = await stack.enter_async_context(routing(VLLMBackend(own.base_url)))
        http = await stack.enter_async_context(serving(await running(stack, MemoryStores(), router)))
        (listed,) = (await http.get("/api/models")).json()["models"]
        body = {"query": "ถาม", "backend": "vllm", "model": listed["model"]}
        first = (await http.post("/chat", json=body)).json()
        second = (await http.post("/chat", json={"query": "อีกที", "session_id": first["session_id"]})).json()
    assert first["model"] == second["model"] == listed["model"]
    assert [seen.model for seen in own.seen] == [name, name]
