"""`./manage.sh bench faults`: kills of the app and outages of PostgreSQL at random moments, with chats running.

The model server is a stand-in whose text is known, so every stored reply is compared with what was sent. Counted are
lost, doubled and misordered messages (the goal is 0, 0, 0), the longest time a turn waited to be taken, the most text
lost by a kill, and the longest time until all was stored after an outage. The seed is printed; `--seed` runs it again.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field

import aiohttp
import orjson
import psycopg2

from scripts.bench.clients import events_of
from scripts.bench.processes import Server, model_server, running
from tests.postgres_servers import PostgresServer, Proxy, installations, serving
from tests.standins.script import thai_tokens

TOKENS, DELAY_MS, CHATS = 150, 20, 3
WHOLE = "".join(thai_tokens(TOKENS))


@dataclass(slots=True)
class Chat:
    """One session and what the app has acknowledged of it."""

    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    questions: list[str] = field(default_factory=list)
    whole_replies: set[str] = field(default_factory=set)
    """Questions whose reply was told to be complete."""
    received: list[tuple[float, int]] = field(default_factory=list)
    """When how many characters of the last reply had come."""

    def chars_at(self, moment_s: float) -> int:
        return max((chars for at_s, chars in self.received if at_s <= moment_s), default=0)

    def age_of(self, chars: int, moment_s: float) -> float:
        """For how long before `moment_s` more than `chars` characters had been there."""
        later = [at_s for at_s, count in self.received if count > chars and at_s <= moment_s]
        return moment_s - later[0] if later else 0.0


@dataclass(slots=True)
class Findings:
    turns: int = 0
    lost: int = 0
    doubled: int = 0
    misordered: int = 0
    wrong_text: int = 0
    longest_wait_s: float = 0.0
    longest_lost_s: float = 0.0
    longest_until_stored_s: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.turns} turns acknowledged: lost {self.lost}, doubled {self.doubled}, misordered {self.misordered}, "
            f"wrong text {self.wrong_text}\nlongest wait of a turn {self.longest_wait_s:.2f} s, "
            f"longest text lost by a kill {self.longest_lost_s:.2f} s, "
            f"longest until all was stored {self.longest_until_stored_s:.2f} s"
        )


async def ask(http: aiohttp.ClientSession, address: str, chat: Chat, findings: Findings) -> None:
    """One turn, followed to its end or to the end of the app. What is acknowledged is noted before anything else."""
    question = f"คำถามที่ {len(chat.questions) + 1} {uuid.uuid4()}"
    url = f"{address}/api/sessions/{chat.session_id}"
    body = {"query": question, "backend": "vllm", "model": "standin", "idempotency_key": uuid.uuid4().hex}
    began = time.monotonic()
    async with http.post(f"{url}/messages", json=body, headers={"Prefer": "respond-async"}) as response:
        if response.status != 202:
            raise RuntimeError(f"a turn was answered with {response.status}")
        message_id = (await response.json())["message_id"]
    findings.longest_wait_s = max(findings.longest_wait_s, time.monotonic() - began)
    findings.turns += 1
    chat.questions.append(question)
    chat.received, chars = [], 0
    async with http.get(f"{url}/events", params={"message_id": message_id}) as response:
        async for name, payload in events_of(response):
            if name == "delta":
                chars += len(orjson.loads(payload)["text"])
                chat.received.append((time.monotonic(), chars))
            elif name == "completed":
                chat.whole_replies.add(question)


async def talk(server: Server, chats: Sequence[Chat], findings: Findings, ends_at_s: float) -> None:
    """Every chat asks again and again until the time, or until the app is gone."""

    async def one(http: aiohttp.ClientSession, chat: Chat) -> None:
        with suppress(aiohttp.ClientError, TimeoutError):
            while time.monotonic() < ends_at_s:
                await ask(http, server.address, chat, findings)

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
        await asyncio.gather(*(one(http, chat) for chat in chats))


def check(address: str, chats: Sequence[Chat], findings: Findings, *, killed_at_s: float | None = None) -> None:
    """Compares what the database has with what was acknowledged."""
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        for chat in chats:
            cursor.execute(
                "SELECT role, content, status FROM chat_messages WHERE session_id = %s ORDER BY message_order",
                (chat.session_id,),
            )
            _compare(chat, cursor.fetchall(), findings, killed_at_s)


def _compare(chat: Chat, rows: list[tuple[str, str, str]], findings: Findings, killed_at_s: float | None) -> None:
    asked = [content for role, content, _ in rows if role == "user"]
    # A question that was stored but whose answer the kill swallowed was never acknowledged; it may be there.
    known = [content for content in asked if content in set(chat.questions)]
    findings.lost += len(set(chat.questions) - set(asked))
    findings.doubled += len(asked) - len(set(asked)) + abs(len(rows) - 2 * len(asked))
    findings.misordered += known != [question for question in chat.questions if question in set(asked)]
    findings.misordered += [role for role, _, _ in rows] != ["user", "assistant"] * (len(rows) // 2)
    for (_, question, _), (_, reply, status) in zip(rows[::2], rows[1::2], strict=False):
        whole = question in chat.whole_replies
        findings.wrong_text += reply != WHOLE if whole else not WHOLE.startswith(reply)
        findings.lost += whole and status != "complete"
        if killed_at_s and question == chat.questions[-1] and not whole:
            findings.longest_lost_s = max(findings.longest_lost_s, chat.age_of(len(reply), killed_at_s))


def kills(postgres: PostgresServer, count: int, chance: random.Random, options: argparse.Namespace) -> Findings:
    findings = Findings()
    name = postgres.new_database()
    chats = [Chat() for _ in range(CHATS)]
    for number in range(count):
        settings = {"DATABASE_URL": postgres.address(name), "VLLM_BASE_URL": options.model, "DATA_DIR": options.folder}
        with running(options.port, settings) as server:
            killed_at_s = asyncio.run(_kill_while_talking(server, chats, findings, chance.uniform(0.5, 4.0)))
        check(postgres.address(name), chats, findings, killed_at_s=killed_at_s)
        # The next question must wait until the app knows that the reply's process is gone (10 s), so others ask.
        chats = [Chat() for _ in range(CHATS)]
        print(f"\rkill {number + 1} of {count}", end="", flush=True)
    print()
    return findings


async def _kill_while_talking(server: Server, chats: Sequence[Chat], findings: Findings, after_s: float) -> float:
    talking = asyncio.create_task(talk(server, chats, findings, time.monotonic() + 60))
    await asyncio.sleep(after_s)
    server.kill()
    killed_at_s = time.monotonic()
    await talking
    return killed_at_s


def outages(postgres: PostgresServer, count: int, chance: random.Random, options: argparse.Namespace) -> Findings:
    findings = Findings()
    name = postgres.new_database()
    proxy = Proxy(postgres.port)
    settings = {
        "DATABASE_URL": postgres.address(name, port=proxy.port),
        "VLLM_BASE_URL": options.model,
        "DATA_DIR": options.folder,
    }
    try:
        with running(options.port, settings) as server:
            for number in range(count):
                chats = [Chat() for _ in range(CHATS)]
                asyncio.run(_talk_through_outage(server, chats, findings, (proxy, postgres, chance)))
                check(postgres.address(name), chats, findings)
                print(f"\routage {number + 1} of {count}", end="", flush=True)
    finally:
        proxy.close()
    print()
    return findings


async def _talk_through_outage(
    server: Server, chats: Sequence[Chat], findings: Findings, place: tuple[Proxy, PostgresServer, random.Random]
) -> None:
    proxy, postgres, chance = place
    kind = chance.choice(["cut", "refuse", "hang", "stop", "crash"])
    before_s, long_s = chance.uniform(0.2, 2.0), chance.uniform(0.1, 4.0)
    talking = asyncio.create_task(talk(server, chats, findings, time.monotonic() + before_s + long_s + 1))
    await asyncio.sleep(before_s)
    if kind in ("stop", "crash"):
        await asyncio.to_thread(postgres.stop if kind == "stop" else postgres.crash)
        await asyncio.sleep(long_s)
        await asyncio.to_thread(postgres.start)
    else:
        await asyncio.to_thread(getattr(proxy, kind))
        await asyncio.sleep(long_s)
        await asyncio.to_thread(proxy.resume)
    back_at_s = time.monotonic()
    await _until_stored(server)
    findings.longest_until_stored_s = max(findings.longest_until_stored_s, time.monotonic() - back_at_s)
    await talking
    await _until_stored(server)


async def _until_stored(server: Server) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(60):
        while True:
            async with http.get(f"{server.address}/readyz") as response:
                database = (await response.json())["database"]
            if database["state"] == "postgresql" and database["waiting"] == 0:
                return
            await asyncio.sleep(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--outages", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--port", type=int, default=7897)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(10**6)
    chance = random.Random(seed)
    print(f"seed {seed}")
    installation = next(iter(installations().values()))
    with (
        model_server("--tokens", str(TOKENS), "--delay-ms", str(DELAY_MS)) as options.model,
        serving(installation, fsync="on") as postgres,
        tempfile.TemporaryDirectory(prefix="thai-chat-bench-") as options.folder,
    ):
        if options.kills:
            print(f"{options.kills} kills of the app\n{kills(postgres, options.kills, chance, options)}")
        if options.outages:
            print(f"{options.outages} outages\n{outages(postgres, options.outages, chance, options)}")


if __name__ == "__main__":
    main()
