"""Whose connections are answered while nobody signs in: those of the accounts that may read along (decision 0043)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from thai_chat.domain.errors import OtherAccount
from thai_chat.domain.local_users import LocalUsers, name_of
from thai_chat.domain.socket_owners import End, Way, has_hung_up
from thai_chat.gate.headers import complete
from thai_chat.gate.refusals import policy_of, refusal
from thai_chat.gate.reports import Reports
from thai_chat.gate.request_ids import request_id_of


@dataclass(frozen=True, slots=True)
class Guests:
    """`users` may connect, each known by its socket, which is found by `way`."""

    users: LocalUsers
    way: Way
    reports: Reports = field(default_factory=Reports)

    def guarded(self, app: ASGIApp, transport: asyncio.BaseTransport) -> ASGIApp:
        """Return what answers a new connection: the page, or a refusal."""
        client, server = _end(transport, "peername"), _end(transport, "sockname")
        if client is None or server is None:
            return _Refused("", self.reports)
        # The owner of a socket that is closed already is forgotten, and nothing is to be mended.
        reports = None if has_hung_up(transport.get_extra_info("socket")) else self.reports
        if self.way is Way.TABLE:  # which may be long
            return _LookedUp(self.way, client, server, partial(self.answering, app, reports))
        return self.answering(app, reports, self.way.owner(client, server))

    def answering(self, app: ASGIApp, reports: Reports | None, owner: int | None) -> ASGIApp:
        if self.users.have(owner):
            return app
        return _Refused("", reports) if owner is None else _Refused(name_of(owner), self.reports)


def _end(transport: asyncio.BaseTransport, which: str) -> End | None:
    """Return an end of a TCP connection; None for what is none."""
    name = transport.get_extra_info(which)
    try:
        return End.of(name[0], name[1])
    except (ValueError, TypeError, IndexError):
        return None


class _LookedUp:
    """Finds out at the first request, in a thread, who has connected."""

    def __init__(self, way: Way, client: End, server: End, answering: Callable[[int | None], ASGIApp]) -> None:
        self._way = way
        self._ends = client, server
        self._answering_to = answering
        self._answering: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._answering is None:
            self._answering = self._answering_to(await asyncio.to_thread(self._way.owner, *self._ends))
        await self._answering(scope, receive, send)


class _Refused:
    """Answers 403 to every request, and says what to do."""

    def __init__(self, account: str, reports: Reports | None) -> None:
        self._account = account
        self._reports = reports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        if self._reports:
            self._reports.other_account(self._account)
        error = OtherAccount(account=self._account, why="let_account_in" if self._account else "account_unknown")
        answer = refusal(error, scope)
        answer.headers["Connection"] = "close"
        complete(answer.headers, None, policy_of(answer), request_id=request_id_of(scope))
        await answer(scope, receive, send)
