"""The cost of a reply from the cloud, from the price list of `genai-prices` that is installed: nothing is fetched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import Price

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation

logger = logging.getLogger(__name__)

_NINE_PLACES = Decimal("0.000000001")
_SIX_PLACES = Decimal("0.000001")
_SAMPLE_TOKENS = 1000


@dataclass(frozen=True, slots=True)
class Cost:
    usd: Decimal
    thb: Decimal | None
    """None when no rate is set."""


class Prices:
    """Local models cost nothing that is known here; neither does a cloud or a model that is not in the list."""

    def __init__(self, addresses: Mapping[str, str], *, usd_thb: Decimal | None = None) -> None:
        """Take the `addresses` of the backends that are paid for, which tell whose prices count."""
        self._addresses = addresses
        self._usd_thb = usd_thb
        self._known: dict[Choice, Price | None] = {}

    def covers(self, backend: str) -> bool:
        return backend in self._addresses

    async def learn(self, choices: Iterable[Choice]) -> None:
        """Look up the prices of models that have not been looked up yet."""
        new = [choice for choice in choices if choice.backend in self._addresses and choice not in self._known]
        if new:
            self._known |= await asyncio.to_thread(self._looked_up, new)

    def price(self, choice: Choice) -> Price | None:
        """Return the price that `learn` has found; None where there is none. Never waits."""
        return self._known.get(choice)

    def _looked_up(self, choices: Sequence[Choice]) -> dict[Choice, Price | None]:
        return {choice: _price(self._addresses[choice.backend], choice.model) for choice in choices}

    async def cost(
        self, choice: Choice, *, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0
    ) -> Cost | None:
        """Return the cost of a reply; None where the price is not known.

        Reasoning is among the completion tokens, and `cached_tokens`, which cost less, among those of the prompt.
        """
        address = self._addresses.get(choice.backend)
        if address is None:
            return None
        # The list takes 0.1 s to import the first time, which other replies must not wait for.
        usd = await asyncio.to_thread(_usd, address, choice.model, prompt_tokens, completion_tokens, cached_tokens)
        if usd is None:
            return None
        return Cost(usd, (usd * self._usd_thb).quantize(_SIX_PLACES) if self._usd_thb else None)


def _usd(address: str, model: str, prompt: int, completion: int, cached: int) -> Decimal | None:
    price = _calculated(address, model, prompt, completion, cached)
    return price.total_price.quantize(_NINE_PLACES) if price else None


def _price(address: str, model: str) -> Price | None:
    # For so few tokens: some models cost more for long prompts.
    price = _calculated(address, model, _SAMPLE_TOKENS, _SAMPLE_TOKENS, 0)
    if price is None:
        return None
    return Price(
        input_usd=price.input_price * 1_000_000 / _SAMPLE_TOKENS,
        output_usd=price.output_price * 1_000_000 / _SAMPLE_TOKENS,
        context_window=price.model.context_window,
    )


def _calculated(address: str, model: str, prompt: int, completion: int, cached: int) -> PriceCalculation | None:
    from genai_prices import Usage, calc_price

    try:
        usage = Usage(input_tokens=prompt, output_tokens=completion, cache_read_tokens=min(cached, prompt))
        # Google lists its models as "models/gemini-...", and its prices without that.
        return calc_price(usage, model.removeprefix("models/"), provider_api_url=address)
    except LookupError:
        return None
    except ValueError as exc:
        logger.warning("the price of %s can't be worked out: %s", model, exc)
        return None
