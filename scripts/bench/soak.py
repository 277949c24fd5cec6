"""`./manage.sh bench soak`: people who chat without a pause for ten minutes, and what that does to the page.

Each asks the next question when the reply has ended, and begins a new session after some turns. The model server is a
stand-in whose text is known, so every stored reply is compared with what was sent. Told are the memory of the page's
process over the time, and how often it took PostgreSQL for away, which it never is here. The exit code is 1 when a turn
was lost, doubled or refused, or PostgreSQL was taken for away.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from scripts.bench.processes import Server, model_server, running
from scripts.bench.witness import TOKENS, Chat, Findings, compare, talk, until_stored
from tests.postgres_servers import installations, serving

TURNS_OF_A_SESSION = 8
SAMPLED_S = 0.2
"""An outage lasts longer: the page waits so long before it tries to reach PostgreSQL again."""


@dataclass(slots=True)
class Course:
    """The page while people chatted."""

    memory_mb: list[float] = field(default_factory=list)
    """By sample."""
    outages: int = 0
    is_away: bool = False


async def soak(server: Server, people: int, seconds: float, findings: Findings) -> tuple[list[Chat], Course]:
    ends_at_s = time.monotonic() + seconds
    chats: list[Chat] = []
    course = Course()

    async def person() -> None:
        while time.monotonic() < ends_at_s:
            chats.append(chat := Chat())
            await talk(server.address, [chat], findings, ends_at_s, most=TURNS_OF_A_SESSION)

    watching = asyncio.create_task(_watch(server, course, findings))
    await asyncio.gather(*(person() for _ in range(people)))
    await until_stored(server.address)
    watching.cancel()
    return chats, course


async def _watch(server: Server, course: Course, findings: Findings) -> None:
    began_s = told_s = time.monotonic()
    async with aiohttp.ClientSession() as http:
        while True:
            async with http.get(f"{server.address}/readyz") as response:
                state = (await response.json())["database"]["state"]
            course.outages += state == "memory" and not course.is_away
            course.is_away = state == "memory"
            course.memory_mb.append(server.memory_mb())
            if (now_s := time.monotonic()) - told_s >= 30:
                told_s = now_s
                print(f"{now_s - began_s:5.0f} s  {findings.turns:6} turns  {course.memory_mb[-1]:5.0f} MB", flush=True)
            await asyncio.sleep(SAMPLED_S)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--delay-ms", type=float, default=2, help="between two tokens of a reply")
    parser.add_argument("--server", choices=list(installations()), default=next(iter(installations())))
    parser.add_argument("--port", type=int, default=7895)
    options = parser.parse_args()
    findings = Findings()
    with (
        model_server("--tokens", str(TOKENS), "--delay-ms", str(options.delay_ms)) as model,
        serving(installations()[options.server], fsync="on") as postgres,
        tempfile.TemporaryDirectory(prefix="thai-chat-bench-") as folder,
    ):
        address = postgres.address(postgres.new_database())
        settings = {"DATABASE_URL": address, "VLLM_BASE_URL": model, "DATA_DIR": str(Path(folder))}
        with running(options.port, settings) as server:
            chats, course = asyncio.run(soak(server, options.people, options.seconds, findings))
        compare(address, chats, findings)
    third = len(course.memory_mb) // 3
    print(findings)
    print(
        f"memory {course.memory_mb[0]:.0f} MB at the beginning, {course.memory_mb[third]:.0f} after a third, "
        f"{course.memory_mb[-1]:.0f} at the end, {max(course.memory_mb):.0f} at most; "
        f"PostgreSQL was taken for away {course.outages} times"
    )
    return 0 if findings.is_clean and not course.outages else 1


if __name__ == "__main__":
    sys.exit(main())
