"""Whoever dies in the middle of an import, the server or the process that reads, nothing of it is stored."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import psycopg2

from tests.app import App, running_app
from tests.chats import client_of
from tests.foreign_exports import as_file, as_zip, chatgpt_conversation
from tests.integration.test_transfer import rows
from tests.postgres_servers import PostgresServer, wait_for

SESSIONS = 800
HELD = (None, "chat_sessions", "chat_messages")
"""Where an import is when it is killed: at its beginning, before its first session, and among the first messages."""


def readers(app: App) -> list[int]:
    """Return the processes that read imports for the app."""
    assert app.process
    parent = f"PPid:\t{app.process.pid}\n"
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if parent in (folder / "status").read_text() and b"transfer.reader" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


@contextmanager
def held(postgres: PostgresServer, database: str, table: str | None) -> Iterator[Callable[[], bool]]:
    """Keep imports from writing into the table; what is yielded tells whether one waits for that.

    Without a table, a moment at which the reader has just begun, and nothing is written yet.
    """
    waiting = "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = to_regclass(%s)"
    address = postgres.address(database, user="postgres")
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        # Readers are let through, but in the first case, where the search for ids that are taken waits.
        mode = "SHARE" if table else "ACCESS EXCLUSIVE"
        cursor.execute(f"LOCK TABLE {table or 'message_contexts'} IN {mode} MODE")
        yield lambda: not table or postgres.query(waiting, table, database=database) == [(True,)]


async def until_one_reads(app: App) -> int:
    async with asyncio.timeout(30):
        while not (found := readers(app)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found[0]


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(20):
        while is_running(pid):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def is_running(pid: int) -> bool:
    """Tell whether a process does anything: where nobody waits for orphans, their names stay."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


async def sent(http: httpx.AsyncClient, archive: bytes) -> httpx.Response | None:
    """Return the answer to an import; None where the server died meanwhile."""
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
    address = postgres.address(own_database)
    async with running_app(DATABASE_URL=address) as app, client_of(app) as http:
        answer = await sent(http, kept)
        assert answer
        assert answer.json()["sessions"] == 1
        before = rows(postgres, own_database)
        for whom, table in itertools.product(("server", "reader"), HELD):
            with held(postgres, own_database, table) as is_reached:
                importing = asyncio.create_task(sent(http, archive))
                reader = await until_one_reads(app)
                await asyncio.to_thread(wait_for, is_reached, within_s=60)
                if whom == "server":
                    await app.kill()
                else:
                    with suppress(ProcessLookupError):
                        os.kill(reader, signal.SIGKILL)
            answer = await importing
            if whom == "server":
                assert answer is None
                await until_gone(reader)
                await app.start()
            else:
                assert answer
                assert (answer.status_code, answer.json()["error"]["code"]) == (400, "import_refused")
            assert rows(postgres, own_database) == before
        answer = await sent(http, archive)
        assert answer
        assert answer.json()["sessions"] == SESSIONS
