"""Routers for tests: over real backends and stand-in servers, with a clock that nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, openai_error
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.registry import KINDS
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.events import Answering, Notice, RoutedEvent, TextDelta
from thai_chat.domain.messages import Choice, Role
from thai_chat.domain.ports.backend import Backend, BackendChoices, BackendState, PromptMessage
from thai_chat.routing.preference import Rules
from thai_chat.routing.retries import Retries
from thai_chat.routing.router import ModelPrompt, Router

NOWHERE = "http://127.0.0.1:9"
MODEL = Choice("vllm", "standin")
QWEN = Choice("ollama", "qwen3:8b")
BROKEN = openai_error(500, "CUDA error", kind="InternalServerError", code=500)


def busy(retry_after: str = "") -> Script:
    return openai_error(429, "Rate limit reached", code="rate_limit_exceeded", retry_after=retry_after)


@dataclass(slots=True)
class Time:
    """Sleeping moves its clock on at once; what was slept is kept."""

    now_s: float = 1000.0
    slept: list[float] = field(default_factory=list)
    while_asleep: Callable[[], None] = lambda: None
    """The events in the world meanwhile."""

    def clock(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds
        self.while_asleep()
        await asyncio.sleep(0)

    def retries(self, *, rounds: int = 3, chance: float = 1.0) -> Retries:
        return Retries(rounds=rounds, clock=self.clock, sleep=self.sleep, chance=lambda: chance)


@asynccontextmanager
async def routing(
    *backends: Backend,
    order: Sequence[str] | None = None,
    default: str | None = None,
    last_resort: Callable[[], Backend | None] | None = None,
    rules: Rules | None = None,
    retries: Retries | None = None,
) -> AsyncIterator[Router]:
    retries = retries or Time().retries()
    router = Router(
        backends,
        kinds=KINDS,
        order=order,
        default=default,
        last_resort=last_resort,
        rules=rules,
        retries=retries,
    )
    await router.start()
    try:
        yield router
    finally:
        await router.close()


async def question(choice: Choice, context_window: int | None) -> ModelPrompt:
    return ModelPrompt((PromptMessage(Role.USER, "สวัสดีครับ"),))


async def reply(
    router: Router,
    choice: Choice,
    *,
    into: list[RoutedEvent] | None = None,
) -> list[RoutedEvent]:
    """Return every event of the reply; they are also put `into` a list, for a reply that ends in an error."""
    given = [] if into is None else into
    async with aclosing(router.stream(choice, question)) as events:
        async for event in events:
            given.append(event)
    return given


def text_of(events: Sequence[RoutedEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def notices_of(events: Sequence[RoutedEvent]) -> list[str]:
    return [event.code for event in events if isinstance(event, Notice)]


def offered(router: Router, name: str) -> BackendChoices:
    return next(choices for choices in router.choices() if choices.name == name)


async def becomes(router: Router, name: str, state: BackendState) -> BackendChoices:
    """Read as the page does, again and again, until the backend is seen in the state."""
    async with asyncio.timeout(20):
        while True:
            choices = offered(router, name)
            if choices.state is state:
                return choices
            await asyncio.sleep(0.05)


def at(*standins: OpenAIStandin | OllamaStandin) -> list[VLLMBackend | OllamaBackend]:
    return [
        VLLMBackend(standin.base_url) if isinstance(standin, OpenAIStandin) else OllamaBackend(standin.address)
        for standin in standins
    ]


def in_cloud(standin: OpenAIStandin, default: str = "gpt-5") -> OpenAIBackend:
    return OpenAIBackend(standin.base_url, api_key="sk-test", default_model=default)


def answering(events: Sequence[RoutedEvent]) -> Choice | None:
    """Return who answers for the one that was asked."""
    return next((event.choice for event in events if isinstance(event, Answering)), None)
