"""Chats whose every acknowledged word is noted and compared with what PostgreSQL has afterwards."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field

import aiohttp
import orjson
import psycopg2

from scripts.bench.clients import events_of
from tests.standins.script import thai_tokens

TOKENS, DELAY_MS = 150, 20
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

    def age_of(self, chars: int, moment_s: float) -> float:
        """Return for how long before `moment_s` more than `chars` characters had been there."""
        later = [at_s for at_s, count in self.received if count > chars and at_s <= moment_s]
        return moment_s - later[0] if later else 0.0


@dataclass(slots=True)
class Findings:
    turns: int = 0
    whole: int = 0
    lost: int = 0
    doubled: int = 0
    misordered: int = 0
    wrong_text: int = 0
    refused: int = 0
    """Turns that were answered with an error."""
    failed: int = 0
    """Replies that ended with an error though their model answered."""
    growing: int = 0
    """Replies that still seem to grow when all is over."""
    longest_wait_s: float = 0.0
    longest_delay_s: float = 0.0
    longest_lost_s: float = 0.0
    longest_until_stored_s: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.turns} turns acknowledged, {self.whole} replies told to be whole: lost {self.lost}, "
            f"doubled {self.doubled}, misordered {self.misordered}, wrong text {self.wrong_text}, "
            f"refused {self.refused}, failed {self.failed}, growing for ever {self.growing}\n"
            f"longest wait of a question {self.longest_wait_s:.2f} s, longest delay of a whole turn "
            f"{self.longest_delay_s:.2f} s, longest text lost by a kill {self.longest_lost_s:.2f} s, "
            f"longest until all was stored {self.longest_until_stored_s:.2f} s"
        )

    @property
    def is_clean(self) -> bool:
        """The promise: nothing lost, doubled or out of order, and nobody turned away."""
        faults = (self.lost, self.doubled, self.misordered, self.wrong_text, self.refused, self.failed, self.growing)
        return not any(faults)


async def talk(
    address: str, chats: Sequence[Chat], findings: Findings, ends_at_s: float, *, most: int | None = None
) -> None:
    """Have every chat ask again and again until the time, or until the app is gone, or has taken `most` questions."""

    async def one(http: aiohttp.ClientSession, chat: Chat) -> None:
        with suppress(aiohttp.ClientError, TimeoutError):
            while time.monotonic() < ends_at_s and (most is None or len(chat.questions) < most):
                await _turn(http, f"{address}/api/sessions/{chat.session_id}", chat, findings)

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
        await asyncio.gather(*(one(http, chat) for chat in chats))


async def _turn(http: aiohttp.ClientSession, url: str, chat: Chat, findings: Findings) -> None:
    """Take one turn, followed to its end or to the end of the app. What is acknowledged is noted before anything
    else."""
    question = f"คำถามที่ {len(chat.questions) + 1} {uuid.uuid4()}"
    chat.received, chars = [], 0
    began = time.monotonic()
    message_id = await _ask(http, url, question, findings)
    if message_id is None:
        return
    findings.longest_wait_s = max(findings.longest_wait_s, time.monotonic() - began)
    findings.turns += 1
    chat.questions.append(question)
    async with http.get(f"{url}/events", params={"message_id": message_id}) as response:
        async for name, payload in events_of(response):
            if name == "delta":
                chars += len(orjson.loads(payload)["text"])
                chat.received.append((time.monotonic(), chars))
            elif name == "completed":
                chat.whole_replies.add(question)
                findings.whole += 1
                delay_s = time.monotonic() - began - TOKENS * DELAY_MS / 1000
                findings.longest_delay_s = max(findings.longest_delay_s, delay_s)
            elif name == "error":
                findings.failed += 1


async def _ask(http: aiohttp.ClientSession, url: str, question: str, findings: Findings) -> str | None:
    body = {"query": question, "backend": "vllm", "model": "standin", "idempotency_key": uuid.uuid4().hex}
    async with http.post(f"{url}/messages", json=body, headers={"Prefer": "respond-async"}) as response:
        answer = await response.json()
    if response.status == 202:
        return str(answer["message_id"])
    if response.status == 409:  # the reply of a killed process, which counts as growing for ten seconds
        await asyncio.sleep(0.5)
        return None
    findings.refused += 1
    return None


def compare(address: str, chats: Iterable[Chat], findings: Findings, *, killed_at_s: float | None = None) -> None:
    """Count where PostgreSQL has something else than what was acknowledged."""
    query = "SELECT role, content, status FROM chat_messages WHERE session_id = %s ORDER BY message_order"
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        for chat in chats:
            cursor.execute(query, (chat.session_id,))
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
        if killed_at_s and chat.questions and question == chat.questions[-1] and not whole:
            findings.longest_lost_s = max(findings.longest_lost_s, chat.age_of(len(reply), killed_at_s))


async def until_stored(address: str, *, within_s: float = 60) -> None:
    """Wait until PostgreSQL serves and nothing waits."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(within_s):
        while True:
            async with http.get(f"{address}/readyz") as response:
                database = (await response.json())["database"]
            if database["state"] == "postgresql" and database["waiting"] == 0:
                return
            await asyncio.sleep(0.05)


async def count_growing(address: str, chats: Iterable[Chat]) -> int:
    """Return how many replies the app shows as growing."""
    count = 0
    async with aiohttp.ClientSession() as http:
        for chat in chats:
            url = f"{address}/api/sessions/{chat.session_id}/messages"
            async with http.get(url, params={"limit": 200}) as response:
                shown = (await response.json()).get("history", [])
            count += sum(message["status"] == "streaming" for message in shown)
    return count
