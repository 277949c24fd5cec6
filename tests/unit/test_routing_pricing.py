"""The cost of a reply from the cloud."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import Price
from thai_chat.routing.pricing import Cost, Prices

OPENAI = {"openai": "https://api.openai.com/v1"}


async def price(prices: Prices, backend: str, model: str, *, prompt: int = 1000, completion: int = 500) -> Cost | None:
    return await prices.cost(Choice(backend, model), prompt_tokens=prompt, completion_tokens=completion)


async def test_a_known_model_of_the_cloud_has_its_price() -> None:
    # gpt-4o-mini: 0.15 and 0.60 dollars a million tokens since July 2024.
    assert await price(Prices(OPENAI), "openai", "gpt-4o-mini") == Cost(Decimal("0.000450000"), None)
    assert await price(Prices(OPENAI), "openai", "gpt-4o-mini-2024-07-18") == Cost(Decimal("0.000450000"), None)


@pytest.mark.parametrize(
    ("address", "model"),
    [
        ("https://openrouter.ai/api/v1", "google/gemini-2.5-flash"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini-2.5-flash"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "models/gemini-2.5-flash"),
    ],
)
async def test_the_same_model_costs_the_same_by_whatever_name_a_cloud_lists_it(address: str, model: str) -> None:
    # 0.30 and 2.50 dollars a million tokens.
    assert await price(Prices({"openai": address}), "openai", model) == Cost(Decimal("0.001550000"), None)


async def test_a_fine_tune_has_the_price_of_fine_tunes() -> None:
    # 0.30 and 1.20 dollars a million tokens: twice the price of the model it was made from.
    cost = await price(Prices(OPENAI), "openai", "ft:gpt-4o-mini-2024-07-18:org::abc")
    assert cost == Cost(Decimal("0.000900000"), None)


async def test_baht_are_told_where_a_rate_is_set() -> None:
    cost = await price(Prices(OPENAI, usd_thb=Decimal("32.5")), "openai", "gpt-4o-mini")
    assert cost == Cost(Decimal("0.000450000"), Decimal("0.014625"))


async def test_what_the_cloud_had_read_before_costs_less() -> None:
    choice = Choice("openai", "gpt-4o-mini")
    # 0.075 dollars a million for cached tokens: 400 at the full price, 600 at half of it.
    cost = await Prices(OPENAI).cost(choice, prompt_tokens=1000, completion_tokens=500, cached_tokens=600)
    assert cost == Cost(Decimal("0.000405000"), None)
    nonsense = await Prices(OPENAI).cost(choice, prompt_tokens=1000, completion_tokens=500, cached_tokens=9000)
    assert nonsense == Cost(Decimal("0.000375000"), None)


async def test_the_price_of_a_million_tokens_is_looked_up_ahead() -> None:
    known, unknown, own = Choice("openai", "gpt-4o-mini"), Choice("openai", "no-such-model"), Choice("vllm", "gpt-4o")
    prices = Prices(OPENAI)
    assert prices.price(known) is None
    await prices.learn([known, unknown, own])
    assert prices.price(known) == Price(input_usd=Decimal("0.15"), output_usd=Decimal("0.6"), context_window=128_000)
    assert prices.price(unknown) is None
    assert prices.price(own) is None


@pytest.mark.parametrize(
    ("addresses", "backend", "model"),
    [
        (OPENAI, "openai", "no-such-model"),
        (OPENAI, "ollama", "gpt-4o-mini"),
        (OPENAI, "vllm", "gpt-4o-mini"),
        ({"openai": "http://127.0.0.1:4000/v1"}, "openai", "gpt-4o-mini"),
    ],
)
async def test_what_is_not_known_has_no_price(addresses: dict[str, str], backend: str, model: str) -> None:
    assert await price(Prices(addresses), backend, model) is None


def test_the_price_list_is_not_imported_with_the_router() -> None:
    check = "import sys, thai_chat.routing.router; sys.exit('genai_prices' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
