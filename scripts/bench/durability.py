"""`./manage.sh bench durability`: turns stored a second, and the replay of an outage, beside plain psycopg2.

A turn is two commits here, its begin and its end; the limit is the same number of threads that insert one message of
the same size a commit on the same server, with fsync on.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg2
import uvloop
from psycopg2.extras import register_uuid
from uuid_utils.compat import uuid7

from tests.histories import OpenStores
from tests.postgres_servers import Proxy, installations, serving
from thai_chat.domain.messages import Choice, Status
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.domain.searching import SearchQuery, terms_of
from thai_chat.domain.writes import BeginTurn, FinishReply

TEXT = "น้ำท่วมกรุงเทพฯ ทุกปีเพราะอะไร why? " * 9
CHOICE = Choice("vllm", "standin")
INSERT = """
INSERT INTO chat_messages (message_id, session_id, role, content, message_order, status)
VALUES (%s, %s, 'user', %s, %s, 'complete')"""
NEW_SESSION = """
INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model) VALUES (%s, 'bench', 'n', 'b', 'm')"""


async def turn(history: OpenStores, session_id: UUID, *, mark: str = "") -> None:
    begin = BeginTurn(
        session_id=session_id,
        user_id="bench",
        session_name="n",
        question_id=uuid7(),
        question=TEXT + mark,
        reply_id=uuid7(),
        choice=CHOICE,
        at=datetime.now(UTC),
    )
    await history.write(begin)
    end = {"session_id": session_id, "reply_id": begin.reply_id, "choice": CHOICE, "at": datetime.now(UTC)}
    await history.write(FinishReply(**end, content=TEXT, status=Status.COMPLETE))


async def turns_a_second(history: OpenStores, writers: int, each: int) -> float:
    async def write() -> None:
        session_id = uuid7()
        for _ in range(each):
            await turn(history, session_id)

    began = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(writers)))
    return writers * each / (time.perf_counter() - began)


def commits_a_second(address: str, writers: int, each: int) -> float:
    def write() -> None:
        with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
            register_uuid(None, connection)
            session_id = uuid7()
            cursor.execute(NEW_SESSION, (session_id,))
            for order in range(1, each + 1):
                cursor.execute(INSERT, (uuid7(), session_id, TEXT, order))
                connection.commit()

    threads = [threading.Thread(target=write) for _ in range(writers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return writers * each / (time.perf_counter() - began)


async def replay(history: OpenStores, proxy: Proxy, turns: int) -> tuple[float, float]:
    """Return the seconds from the end of an outage until all turns are in PostgreSQL, and until all of them are
    searchable."""
    proxy.refuse()
    sessions = [uuid7() for _ in range(100)]
    for number in range(turns // 100):
        mark = f"ข้อที่{number:05}"
        await asyncio.gather(*(turn(history, session_id, mark=mark) for session_id in sessions))
    began = time.perf_counter()
    proxy.resume()
    while (await history.state()).database is not DatabaseState.POSTGRESQL:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    stored_s = time.perf_counter() - began
    for number in (0, turns // 200, turns // 100 - 1):
        query = SearchQuery(user_id="bench", terms=terms_of(f"ข้อที่{number:05}"), limit=200)
        while len((await history.search.messages(query)).hits) < len(sessions):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return stored_s, time.perf_counter() - began


async def measure(options: argparse.Namespace) -> None:
    settings = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on", "shared_buffers": "128MB"}
    with serving(next(iter(installations().values())), **settings) as postgres, tempfile.TemporaryDirectory() as folder:
        name = postgres.new_database()
        address = postgres.address(name)
        history = OpenStores(address, Path(folder))
        await history.start()
        await turns_a_second(history, 4, 50)
        postgres.query("VACUUM ANALYZE", database=name)  # as autovacuum does in the first minute
        print(f"{'writers':>8}{'commits/s':>12}{'turns/s':>10}{'turns x 2 / commits':>22}{'turns / commits':>18}")
        for writers, each in ((1, 400), (8, 150), (32, 60)):
            print(await _row(history, address, (writers, each, options.runs)), flush=True)
        await history.close()
        with closing(Proxy(postgres.port)) as proxy:
            address = postgres.address(postgres.new_database(), port=proxy.port)
            history = OpenStores(address, Path(folder))
            await history.start()
            stored_s, searchable_s = await replay(history, proxy, options.turns)
            print(f"{options.turns} journalled turns: {options.turns / stored_s:.0f} a second until all are stored,")
            print(f"{options.turns / searchable_s:.0f} a second until the search finds all of them")
            await history.close()


async def _row(history: OpenStores, address: str, load: tuple[int, int, int]) -> str:
    writers, each, runs = load
    commits, turns = [], []
    for _ in range(runs):
        commits.append(await asyncio.to_thread(commits_a_second, address, writers, 2 * each))
        turns.append(await turns_a_second(history, writers, each))
    ratio = statistics.median(t / c for t, c in zip(turns, commits, strict=True))
    rates = f"{statistics.median(commits):>12.0f}{statistics.median(turns):>10.0f}"
    return f"{writers:>8}{rates}{2 * ratio:>22.2f}{ratio:>18.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--turns", type=int, default=10_000, help="turns in the journal")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the page has it
        runner.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
