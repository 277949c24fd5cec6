"""Whoever dies in the middle of an import, the server or the process that reads, nothing of it is stored."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from contextlib import suppress
from pathlib import Path

import httpx

from tests.app import App, running_app
from tests.chats import client_of
from tests.foreign_exports import as_file, as_zip, chatgpt_conversation
from tests.integration.test_transfer import rows
from tests.postgres_servers import PostgresServer

SESSIONS = 800
KILLS = 2


def readers(app: App) -> list[int]:
    """The processes that read imports for it."""
    assert app.process
    parent = f"PPid:\t{app.process.pid}\n"
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if parent in (folder / "status").read_text() and b"transfer.reader" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


async def until_one_reads(app: App) -> int:
    async with asyncio.timeout(30):
        while not (found := readers(app)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found[0]


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(10):
        while is_running(pid):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether it does anything: where nobody waits for orphans, their names stay."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


async def sent(http: httpx.AsyncClient, archive: bytes) -> httpx.Response | None:
    """None where the server died meanwhile."""
    try:
        return await http.post("/api/import", files={"file": ("export.zip", archive)}, timeout=120)
    except httpx.TransportError:
        return None


async def test_kill_9_in_an_import_stores_nothing_and_ends_the_process_that_reads(
    postgres: PostgresServer, own_database: str
) -> None:
    conversations = [{**chatgpt_conversation(), "conversation_id": str(number)} for number in range(SESSIONS)]
    archive = as_zip({"conversations.json": as_file(conversations)})
    kept = as_file([chatgpt_conversation(conversation_id="before")])
    moments = random.Random(15)
    address = postgres.address(own_database)
    async with running_app(DATABASE_URL=address) as app, client_of(app) as http:
        answer = await sent(http, kept)
        assert answer
        assert answer.json()["sessions"] == 1
        before = rows(postgres, own_database)
        for whom in ("server", "reader") * KILLS:
            importing = asyncio.create_task(sent(http, archive))
            reader = await until_one_reads(app)
            await asyncio.sleep(moments.uniform(0, 0.4))
            if whom == "server":
                await app.kill()
                assert await importing is None
                await until_gone(reader)
                await app.start()
            else:
                with suppress(ProcessLookupError):
                    os.kill(reader, signal.SIGKILL)
                answer = await importing
                assert answer
                assert (answer.status_code, answer.json()["error"]["code"]) == (400, "import_refused")
            assert rows(postgres, own_database) == before
        answer = await sent(http, archive)
        assert answer
        assert answer.json()["sessions"] == SESSIONS
