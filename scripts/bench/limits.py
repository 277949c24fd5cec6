"""The time that the gate and the limits add to a request: in pairs, in one process, without sockets or a database.

`./manage.sh bench limits` prints the median of each, in microseconds.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

from starlette.types import Receive, Scope, Send

from thai_chat.accounts.model_rules import ModelRules
from thai_chat.accounts.quotas import Limits
from thai_chat.domain.people import LOCAL, Person, PersonRole
from thai_chat.domain.quotas import Quota
from thai_chat.gate.gate import Gate
from thai_chat.history.postgres.accounts import PostgresAccounts
from thai_chat.history.postgres.quotas import PostgresModelRules, PostgresQuotas
from thai_chat.history.postgres.serving import ServingDatabase

ROUNDS, REQUESTS, PEOPLE = 200, 50, 1000
MOST = {PersonRole.USER: {what: Decimal(10**9) for what in Quota}}
SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/api/sessions",
    "query_string": b"",
    "scheme": "http",
    "client": ("127.0.0.1", 1),
    "headers": [(b"host", b"localhost"), (b"accept-encoding", b"gzip"), (b"cookie", b"thai_chat=x")],
}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b"{}"})


async def receive() -> Any:
    return {"type": "http.request", "body": b""}


async def send(message: Any) -> None:
    pass


async def measure() -> None:
    nobody = ServingDatabase(None)
    accounts = PostgresAccounts(nobody)
    limits = Limits(PostgresQuotas(nobody), accounts, ModelRules(PostgresModelRules(nobody), accounts), defaults=MOST)
    people = [replace(LOCAL, user_id=str(n), role=PersonRole.USER, account_id=uuid4()) for n in range(PEOPLE)]
    limits._rules._read_at = float("inf")  # known, and never old
    turns = iter(people * (3 * ROUNDS * REQUESTS // PEOPLE + 1))

    async def who(scope: Scope) -> Person | None:
        return next(turns)

    ways: dict[str, Callable[[Scope, Receive, Send], Awaitable[None]]] = {
        "no gate": app,
        "gate": Gate(app, who=who),
        "gate and limits": Gate(app, who=who, limit=limits.let_pass),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            began_s = time.perf_counter()
            for _ in range(REQUESTS):
                await way(dict(SCOPE), receive, send)
            taken[name].append((time.perf_counter() - began_s) / REQUESTS * 1e6)
    for name, times in taken.items():
        ordered = sorted(times)
        print(f"{name:<16} {statistics.median(times):7.1f} us   p95 {ordered[int(len(ordered) * 0.95)]:7.1f} us")


def main() -> None:
    asyncio.run(measure())


if __name__ == "__main__":
    main()
