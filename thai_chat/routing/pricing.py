"""The cost of a reply from the cloud, from the price list of `genai-prices` that is installed: nothing is fetched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from thai_chat.domain.messages import Choice

logger = logging.getLogger(__name__)

_NINE_PLACES = Decimal("0.000000001")
_SIX_PLACES = Decimal("0.000001")


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
    from genai_prices import Usage, calc_price

    try:
        usage = Usage(input_tokens=prompt, output_tokens=completion, cache_read_tokens=min(cached, prompt))
        # Google lists its models as "models/gemini-...", and its prices without that.
        price = calc_price(usage, model.removeprefix("models/"), provider_api_url=address).total_price
    except LookupError:
        return None
    except ValueError as exc:
        logger.warning("the price of %s can't be worked out: %s", model, exc)
        return None
    return price.quantize(_NINE_PLACES)
