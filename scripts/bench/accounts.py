"""`./manage.sh bench accounts`: what signing in and being signed in cost.

`request`: what the gate adds to a request, for the one person of AUTH=none and for somebody with a cookie whose session
is in PostgreSQL; one request at a time, and 50 people at once. Behind it is an application that answers at once. The
clock is the CPU time of the event loop's thread from the request, or the first of the 50, to the answer: a neighbour's
burst on a shared machine is no property of ours. All take turns, and the look-ups of every few seconds are in it.
`look-up`: the time of one that is not remembered.
`memory`: the most that the process grows by while 8 people sign in at once.
`stream`: how late a task comes that is due every 20 ms, as a stream's pieces are, while people sign in without a pause
and while nobody does, in turns. On a busy machine read the difference.

PostgreSQL is a server of its own in a folder of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psutil
import uvloop
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from thai_chat.accounts.browsers import Browsers
from thai_chat.accounts.passwords import Passwords
from thai_chat.accounts.service import AccountRules, Accounts
from thai_chat.domain.accounts import Account, Visit
from thai_chat.domain.people import PersonRole
from thai_chat.domain.quotas import Quota
from thai_chat.embedded.postgres import EmbeddedPostgres
from thai_chat.gate.gate import Gate
from thai_chat.gate.people import Holders
from thai_chat.history.opening import open_history

PASSWORD = "ปลาทูสองตัวในเข่ง"
PACE_S = 0.02
PEOPLE = 50
SIGN_INS = 8
MANY = {Quota.REQUESTS_MINUTE: Decimal(1_000_000_000)}
Request = Callable[[str], Awaitable[None]]


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer at once, without looking at anything."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b"{}"})


def asking(app: ASGIApp) -> Request:
    """Return what asks an application for a list of sessions, as a browser with a cookie does."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def ask(token: str) -> None:
        status = 0

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)

        headers = [
            (b"host", b"127.0.0.1:7862"),
            (b"accept", b"*/*"),
            (b"accept-encoding", b"gzip, deflate, br"),
            (b"accept-language", b"th"),
            (b"sec-fetch-site", b"same-origin"),
            (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"),
            (b"cookie", f"thai_chat_language=th; thai_chat={token}".encode()),
        ]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/api/sessions",
            "raw_path": b"/api/sessions",
            "query_string": b"limit=50",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 5000),
            "server": ("127.0.0.1", 7862),
        }
        await app(scope, receive, send)
        if status != 200:
            raise RuntimeError(f"answered {status}")

    return ask


async def alone(ask: Request, tokens: Sequence[str], count: int) -> list[float]:
    times = []
    for number in range(count):
        began = time.thread_time()
        await ask(tokens[number % len(tokens)])
        times.append(time.thread_time() - began)
    return times


async def at_once(ask: Request, tokens: Sequence[str], rounds: int) -> list[float]:
    async def one(token: str, began: float) -> float:
        await ask(token)
        return time.thread_time() - began

    times: list[float] = []
    for _ in range(rounds):
        began = time.thread_time()
        times += await asyncio.gather(*(one(token, began) for token in tokens))
        await asyncio.sleep(0)
    return times


def row(what: str, times: Sequence[float], unit_s: float = 1e-6) -> str:
    scaled = sorted(one / unit_s for one in times)
    at = [statistics.median(scaled), scaled[int(len(scaled) * 0.95)], scaled[int(len(scaled) * 0.99)]]
    return f"{what:<34}" + "".join(f"{figure:>10.1f}" for figure in at)


async def requests(accounts: Accounts, tokens: Sequence[str], rounds: int) -> None:
    who = Holders(accounts.by_cookie, accounts.by_key)
    paths = {
        "no gate": asking(answering),
        "gate, AUTH=none": asking(Gate(answering)),
        "gate, signed in": asking(Gate(answering, who=who)),
        "the same, with limits": asking(Gate(answering, who=who, limit=accounts.limits.let_pass)),
    }
    single: dict[str, list[float]] = {name: [] for name in paths}
    many: dict[str, list[float]] = {name: [] for name in paths}
    for _ in range(rounds):
        for name, ask in paths.items():
            single[name] += await alone(ask, tokens, 500)
            many[name] += await at_once(ask, tokens, 10)
        await asyncio.sleep(0.5)
    print(f"{'request, us':<34}{'median':>10}{'p95':>10}{'p99':>10}")
    for name in paths:
        print(row(f"one at a time, {name}", single[name]))
    for name in paths:
        print(row(f"{PEOPLE} at once, {name}", many[name]))


async def look_ups(accounts: Accounts, tokens: Sequence[str]) -> None:
    times = []
    for token in tokens * 4:
        browsers = Browsers(accounts.storage.sign_ins, idle=accounts.rules.idle)
        began = time.perf_counter()
        await browsers.person(token)
        times.append(time.perf_counter() - began)
    print(row("look-up in PostgreSQL", times))


async def memory(passwords: Passwords, password_hash: str) -> None:
    process = psutil.Process()
    before = most = process.memory_info().rss
    signing_in = asyncio.gather(*(verify(passwords, password_hash) for _ in range(SIGN_INS)))
    while not signing_in.done():
        most = max(most, process.memory_info().rss)
        await asyncio.sleep(0.001)
    await signing_in
    print(f"\nmemory, {SIGN_INS} sign-ins at once: {(most - before) / 1e6:.0f} MB more than {before / 1e6:.0f} MB")


async def verify(passwords: Passwords, password_hash: str) -> None:
    async with passwords.turn():
        if not (await passwords.verify(PASSWORD, password_hash)).is_right:
            raise RuntimeError("the password is right")


async def lateness(for_s: float) -> list[float]:
    late, due = [], time.perf_counter()
    end = due + for_s
    while due < end:
        due += PACE_S
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        late.append(time.perf_counter() - due)
    return late


async def stream(passwords: Passwords, password_hash: str, rounds: int) -> None:
    async def sign_in_without_a_pause() -> None:
        while True:
            await verify(passwords, password_hash)

    quiet: list[float] = []
    busy: list[float] = []
    for _ in range(rounds):
        quiet += await lateness(2)
        people = [asyncio.create_task(sign_in_without_a_pause()) for _ in range(SIGN_INS)]
        busy += await lateness(2)
        for one in people:
            one.cancel()
        await asyncio.gather(*people, return_exceptions=True)
        await asyncio.sleep(0.2)
    print(f"\n{'stream, ms late':<34}{'median':>10}{'p95':>10}{'p99':>10}")
    print(row("nobody signs in", quiet, 1e-3))
    print(row(f"{SIGN_INS} sign in all the time", busy, 1e-3))


async def bench(rounds: int) -> None:
    with TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder), progress=lambda line: None)
        history = open_history(address=server.start, folder=Path(folder))
        await history.start()
        accounts = Accounts(history.storage, AccountRules(quotas={PersonRole.USER: MANY}))
        try:
            tokens = [await signed_in(accounts) for _ in range(PEOPLE)]
            await requests(accounts, tokens, rounds)
            await look_ups(accounts, tokens)
            password_hash = await accounts.passwords.hash(PASSWORD)
            await memory(accounts.passwords, password_hash)
            await stream(accounts.passwords, password_hash, rounds)
        finally:
            await accounts.close()
            await history.close()
            server.stop()


async def signed_in(accounts: Accounts) -> str:
    name = uuid4().hex
    account = Account(
        account_id=uuid4(), user_id=name, name=name, display_name=name, created_at=datetime.now(UTC) - timedelta(days=1)
    )
    await accounts.storage.accounts.add(account)
    return (await accounts.signing_in.begin(account, Visit())).token


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(bench(given.rounds))


if __name__ == "__main__":
    main()
