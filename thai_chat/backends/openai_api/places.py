"""Where a server with OpenAI's API lists its models."""

from __future__ import annotations

from thai_chat.domain.ports.backend_kinds import Advice, ModelList

_PATH = "/models"


def model_list(setting: str, address: str, base: str, *, key: str | None, advice: Advice) -> ModelList:
    """Return the places for an address whose routes are at `base`, as far as it tells: people leave out the `/v1`."""
    also = () if base.endswith("/v1") else (f"{base}/v1{_PATH}",)
    return ModelList(
        setting=setting, address=address, path=_PATH, urls=(f"{base}{_PATH}", *also), key=key or "", advice=advice
    )
