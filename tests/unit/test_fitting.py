"""Prompts fitted to a window by a count that is exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.unit.test_prompt import turns
from thai_chat.chat.fitting import fitted
from thai_chat.chat.prompt import Prompt, budget, build_prompt
from thai_chat.domain.backend_errors import BackendFailed
from thai_chat.domain.ports.backend import PromptMessage
from thai_chat.routing.tokens import estimate_tokens

WINDOW = 2_000
LONG = turns(40, "ข้าวมันไก่เจ๊แดงอร่อยที่สุดในย่านประตูน้ำ")


def building(history: int = 40) -> Callable[[float], Prompt]:
    def build(scale: float) -> Prompt:
        return build_prompt(LONG[: history * 2], "แล้วราคาเท่าไร", context_window=WINDOW, max_messages=100, scale=scale)

    return build


class Tokenizer:
    """Counts so many times the estimate."""

    def __init__(self, times: float) -> None:
        self.times = times
        self.counted: list[int] = []

    async def __call__(self, messages: Sequence[PromptMessage]) -> int | None:
        self.counted.append(round(self.times * sum(estimate_tokens(message.content) for message in messages)))
        return self.counted[-1]


async def test_a_tokenizer_that_counts_more_than_the_estimate_leaves_fewer_messages() -> None:
    tokenizer = Tokenizer(1.6)
    prompt = await fitted(building(), tokenizer, context_window=WINDOW)
    assert tokenizer.counted[0] > budget(WINDOW)
    assert prompt.context_used.exact_tokens in tokenizer.counted
    assert int(str(prompt.context_used.exact_tokens)) <= budget(WINDOW)
    assert len(prompt.messages) < len(building()(1.0).messages)
    assert prompt.messages[-1].content == "แล้วราคาเท่าไร"


async def test_a_tokenizer_that_counts_less_makes_room_for_more() -> None:
    prompt = await fitted(building(), Tokenizer(0.6), context_window=WINDOW)
    assert len(prompt.messages) > len(building()(1.0).messages)
    assert int(str(prompt.context_used.exact_tokens)) <= budget(WINDOW)


async def test_the_beginning_of_a_reply_that_is_continued_is_counted_too() -> None:
    begun = "ข้าวมันไก่ " * 200

    def build(scale: float) -> Prompt:
        return build_prompt(LONG, "ถาม", context_window=WINDOW, max_messages=100, reply_so_far=begun, scale=scale)

    tokenizer = Tokenizer(1.0)
    prompt = await fitted(build, tokenizer, context_window=WINDOW)
    said = estimate_tokens(begun) + sum(estimate_tokens(message.content) for message in prompt.messages)
    assert prompt.context_used.exact_tokens == said <= budget(WINDOW)
    assert len(prompt.messages) < len(building()(1.0).messages)


async def test_a_prompt_far_below_the_window_is_not_counted() -> None:
    tokenizer = Tokenizer(1.0)
    prompt = await fitted(building(2), tokenizer, context_window=WINDOW)
    assert tokenizer.counted == []
    assert prompt.context_used.exact_tokens is None


async def test_without_a_tokenizer_or_when_it_fails_the_estimate_decides() -> None:
    async def nothing(messages: Sequence[PromptMessage]) -> int | None:
        return None

    async def failing(messages: Sequence[PromptMessage]) -> int | None:
        raise BackendFailed("500", backend="vllm", model="m")

    for count in (nothing, failing):
        assert await fitted(building(), count, context_window=WINDOW) == building()(1.0)


async def test_an_unknown_window_takes_all_and_counts_nothing() -> None:
    tokenizer = Tokenizer(1.0)

    def build(scale: float) -> Prompt:
        return build_prompt(LONG, "ถาม", context_window=None, max_messages=100, scale=scale)

    assert len((await fitted(build, tokenizer, context_window=None)).messages) == 81
    assert tokenizer.counted == []
