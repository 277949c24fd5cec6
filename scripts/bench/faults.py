"""`./manage.sh bench faults`: kills of the app and outages of PostgreSQL at random moments, with chats running.

The model server is a stand-in whose text is known, so every stored reply is compared with what was sent. Counted are
lost, doubled and misordered messages (the goal is 0, 0, 0), the longest time a turn waited to be taken, the most text
lost by a kill, and the longest time until all was stored after an outage. A third of the kills happen around an
outage. The seed is printed; `--seed` chooses the same faults again. The exit code is 1 when the promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

from scripts.bench.processes import Server, model_server, running
from scripts.bench.witness import DELAY_MS, TOKENS, Chat, Findings, compare, count_growing, talk, until_stored
from tests.outages import KINDS, Outage
from tests.postgres_servers import PostgresServer, Proxy, installations, serving

CHATS, GROUPS = 3, 4
"""The chats and groups of the kills: a group rests while the others are killed, until its dead replies count as
such."""
STALE_S = 11


@dataclass(slots=True)
class Place:
    """A database behind a proxy, and the settings of an app over it."""

    postgres: PostgresServer
    proxy: Proxy
    database: str
    settings: dict[str, str]
    """The settings of the app."""
    port: int
    chance: random.Random

    @property
    def address(self) -> str:
        """Past the proxy."""
        return self.postgres.address(self.database)

    def outage(self) -> Outage:
        return Outage(self.postgres, self.proxy, self.database).of_kind(self.chance.choice([*KINDS, "cut"]))


def kills(place: Place, count: int) -> dict[str, Findings]:
    groups = [[Chat() for _ in range(CHATS)] for _ in range(GROUPS)]
    every = [chat for group in groups for chat in group]
    alone, around = Findings(), Findings()
    outage, findings, killed_at_s = None, alone, 0.0
    for number in range(count + 1):
        with running(place.port, place.settings) as server:
            if outage:
                outage.join()
            asyncio.run(until_stored(server.address))
            if number:
                compare(place.address, groups[(number - 1) % GROUPS], findings, killed_at_s=killed_at_s)
            if number == count:
                time.sleep(STALE_S)
                alone.growing += asyncio.run(count_growing(server.address, every))
                break
            outage = _perhaps_an_outage(place)
            findings = around if outage else alone
            talking = _kill_while_talking(server, groups[number % GROUPS], findings, place.chance.uniform(0.5, 4.0))
            killed_at_s = asyncio.run(talking)
        print(f"\rkill {number + 1} of {count}", end="", flush=True)
    print()
    compare(place.address, every, alone)
    return {"kills": alone, "kills around an outage": around}


def _perhaps_an_outage(place: Place) -> Thread | None:
    """Start an outage around every third kill: it begins before it or soon after, and may go on through the next
    start."""
    outage, begins_s, long_s = place.outage(), place.chance.uniform(0, 3), place.chance.uniform(0.2, 8)
    if place.chance.random() > 1 / 3:
        return None

    def happen() -> None:
        time.sleep(begins_s)
        outage.begin()
        time.sleep(long_s)
        outage.end()

    thread = Thread(target=happen, name="outage")
    thread.start()
    return thread


async def _kill_while_talking(server: Server, chats: list[Chat], findings: Findings, after_s: float) -> float:
    """Kill the app while chats talk, and return when it was killed."""
    talking = asyncio.create_task(talk(server.address, chats, findings, time.monotonic() + 60))
    await asyncio.sleep(after_s)
    server.kill()
    killed_at_s = time.monotonic()
    await talking
    return killed_at_s


def outages(place: Place, count: int) -> dict[str, Findings]:
    every: list[Chat] = []
    findings = Findings()
    with running(place.port, place.settings) as server:
        for number in range(count):
            chats = [Chat() for _ in range(CHATS)]
            every += chats
            asyncio.run(_talk_through_outage(server, chats, findings, place))
            compare(place.address, chats, findings)
            print(f"\routage {number + 1} of {count}", end="", flush=True)
        compare(place.address, every, findings)
        findings.growing += asyncio.run(count_growing(server.address, every))
    print()
    return {"outages": findings}


async def _talk_through_outage(server: Server, chats: list[Chat], findings: Findings, place: Place) -> None:
    outage = place.outage()
    before_s, long_s = place.chance.uniform(0.2, 2.0), place.chance.uniform(0.1, 4.0)
    ends_at_s = time.monotonic() + before_s + long_s + 1
    talking = asyncio.create_task(talk(server.address, chats, findings, ends_at_s))
    await asyncio.sleep(before_s)
    await asyncio.to_thread(outage.begin)
    await asyncio.sleep(long_s)
    await asyncio.to_thread(outage.end)
    back_at_s = time.monotonic()
    await until_stored(server.address)
    findings.longest_until_stored_s = max(findings.longest_until_stored_s, time.monotonic() - back_at_s)
    await talking
    await until_stored(server.address)


@contextmanager
def _place(postgres: PostgresServer, chance: random.Random, model: str, port: int) -> Iterator[Place]:
    proxy = Proxy(postgres.port)
    database = postgres.new_database()
    with tempfile.TemporaryDirectory(prefix="thai-chat-bench-") as folder:
        address = postgres.address(database, port=proxy.port)
        settings = {"DATABASE_URL": address, "VLLM_BASE_URL": model, "DATA_DIR": folder}
        try:
            yield Place(postgres, proxy, database, settings, port, chance)
        finally:
            proxy.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--outages", type=int, default=100)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--server", choices=list(installations()), default=next(iter(installations())))
    parser.add_argument("--port", type=int, default=7897)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(10**6)
    print(f"seed {seed}, {options.server}")
    clean = True
    with (
        model_server("--tokens", str(TOKENS), "--delay-ms", str(DELAY_MS)) as model,
        serving(installations()[options.server], fsync="on") as postgres,
    ):
        for name, happen, count in (("kills", kills, options.kills), ("outages", outages, options.outages)):
            if not count:
                continue
            with _place(postgres, random.Random(f"{seed} {name}"), model, options.port) as place:
                found = happen(place, count)
            for what, findings in found.items():
                print(f"{what}: {findings}", flush=True)
                clean = clean and findings.is_clean
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
