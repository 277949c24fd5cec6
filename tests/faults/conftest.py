"""A model server for apps that are killed: it outlives them, and what it says is known."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens


@pytest.fixture
async def standin() -> AsyncIterator[OpenAIStandin]:
    """Yield a server whose `standin` answers in a second; `slow` takes 8 s, `endless` minutes."""
    scripts = {
        "standin": Script(tokens=thai_tokens(100), delay_ms=10),
        "slow": Script(tokens=thai_tokens(400), delay_ms=20),
        "endless": Script(tokens=thai_tokens(9000), delay_ms=20),
    }
    async with OpenAIStandin(models=dict.fromkeys(scripts, 8192), scripts=scripts) as server:
        yield server
