"""Every example of docs/api.md and docs/openai.md, run against the app.

`tests/documented.py` says how they are written.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.documented import ROOT, Documented, Section, documented_app, run, sections
from tests.postgres_servers import PostgresServer
from thai_chat.history.postgres import upkeep

SECTIONS = [found for name in ("api", "openai") for found in sections((ROOT / "docs" / f"{name}.md").read_text())]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def documented(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Documented]:
    address = postgres.address(postgres.new_database())
    upkeep.migrate(address)
    async with documented_app(address, tmp_path_factory.mktemp("documented")) as app:
        yield app


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
async def test_examples(section: Section, documented: Documented, tmp_path: Path) -> None:
    await run(section, documented.environment, tmp_path)


def test_the_runner_sees_an_answer_that_is_not_as_shown() -> None:
    [section] = sections('## A\n```bash\ncurl $CHAT\n```\n\n```json\n{"next": "..."}\n```\ntext\n```json\n{}\n```\n')
    [block] = section.blocks
    assert block.printed
    assert block.printed.text == '{"next": "..."}'
