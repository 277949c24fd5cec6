"""The way to one PostgreSQL: its pool, its threads, and the deadline of every call."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import orjson
import psycopg2
from psycopg2 import errorcodes
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, make_dsn, parse_dsn
from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.pool import QueuePool

from thai_chat.domain.errors import HistoryRefused, HistoryUnavailable, StartError
from thai_chat.history.postgres import row_security
from thai_chat.history.postgres.calls import Call, drop_socket, keep_socket
from thai_chat.history.postgres.errors import translated
from thai_chat.history.postgres.ids import read_ids
from thai_chat.history.postgres.pulse import Pulse
from thai_chat.history.postgres.search_path import cursor_in
from thai_chat.history.postgres.sql.requests import RequestConnection, RequestCursor, carried_out_as

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

POOL_SIZE = 8
TIMEOUT_S = 2.0
"""The time without an answer after which a server is taken for lost, unless it shows that it lives."""
_LOCK_S = 1.8
"""The time for a lock, more than the server lets a call of the chat wait (`statements.BEGIN`): none is cut while it
does."""

# These hold where the address says nothing else. No `options`: pgbouncer refuses connections that carry it. The
# kernel's time-outs find a peer that is gone; one that takes packets and never answers is found by the deadline of
# `run`.
_DEFAULTS = {
    "application_name": "thai-chat",
    "client_encoding": "UTF8",
    "connect_timeout": "2",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "5000",
}
# From libpq's documentation; it looks at them only when it connects, and says then that the connection failed.
_CHOICES = {
    "sslmode": ("prefer", "disable", "allow", "require", "verify-ca", "verify-full"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
}
_TRY_AGAIN = (errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED)


def parsed(conninfo: str) -> dict[str, str]:
    """Return the parts of an address. Raises StartError for one at which no server can ever be reached."""
    try:
        parts: dict[str, str] = parse_dsn(conninfo)
    except psycopg2.ProgrammingError:
        # Its message quotes the address, password included.
        raise StartError("DATABASE_URL is not an address that PostgreSQL understands") from None
    if not all(port.isdecimal() and 1 <= int(port) <= 65535 for port in parts.get("port", "").split(",") if port):
        raise StartError("DATABASE_URL has a port that is no number up to 65535")
    for option, possible in _CHOICES.items():
        if parts.get(option, possible[0]) not in possible:
            raise StartError(f"DATABASE_URL has {option} with another value than {', '.join(possible)}")
    return parts


class Database:
    """Threads and connections in equal number, so that calls wait in our queue and never for the pool.

    Made without a network call. Safe to use from many tasks of one event loop.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        pool_size: int = POOL_SIZE,
        timeout_s: float = TIMEOUT_S,
        schema_name: str | None = None,
        is_patient: bool = True,
    ) -> None:
        """Take an address of libpq's: a URI, also with several hosts. Raises StartError when `conninfo` is none.

        With `schema_name` everything is made and found in that schema, else where the server's user has it. Without
        `is_patient`, and with several hosts, no call gets more time for a server that lives and is slow.
        """
        self._address: dict[str, str] = {**_DEFAULTS, **parsed(conninfo)}
        self._cursors = cursor_in(schema_name) if schema_name else RequestCursor
        self._role: Mapping[str, str] | None = None
        """The settings of transactions that are carried out behind the wall; None before anybody has looked."""
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(pool_size, thread_name_prefix="postgres")
        self._calls: dict[asyncio.Future[Any], Call] = {}
        self._failed_at = 0.0
        # Where there are several hosts, another one might show that it lives.
        self._pulse = Pulse(self._beside) if is_patient and "," not in self._address.get("host", "") else None
        self.engine: Engine = create_engine(
            "postgresql+psycopg2://",
            creator=self._connect,
            poolclass=QueuePool,
            pool_size=pool_size,
            max_overflow=0,
            pool_use_lifo=True,
            isolation_level="AUTOCOMMIT",
            use_native_hstore=False,
            json_deserializer=orjson.loads,
        )
        event.listen(self.engine, "connect", keep_socket)
        event.listen(self.engine, "connect", read_ids)
        event.listen(self.engine, "close", drop_socket)

    async def run(
        self, work: Callable[[Connection], Result], *, timeout_s: float | None = None, user_id: str | None = None
    ) -> Result:
        """Return what `work` returns, called in a thread with a connection in autocommit.

        With `user_id` it is a request of this person, who alone has the rows that it sees and writes; without one it is
        the server's own work, which sees all.

        `work` is called again when a connection turns out dead, a deadlock was resolved against it or a lock was not to
        be had, so it must be repeatable. Raises HistoryUnavailable at the latest `timeout_s` after a thread took it up:
        its connection is then cut, so that a server that hangs never keeps a thread. Without `timeout_s` a server that
        commits meanwhile what others ask gets `calls.PATIENCE_S`. A cancelled caller does not stop `work`.
        """
        call = Call(timeout_s or self._timeout_s, may_extend=timeout_s is None and self._pulse is not None)
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, self._perform, call, work, user_id)
        self._calls[future] = call
        future.add_done_callback(self._ended)
        try:
            await self._wait(future, call)
            while not (future.done() or call.has_ended) and self._lives(call) and call.extend():
                await self._wait(future, call)
            if future.done() or call.has_ended:
                return await future
        except asyncio.CancelledError:
            loop.call_later(max(0.0, call.remaining_s()), call.cut)
            raise
        if not self._lives(call):
            self._failed_at = time.monotonic()
        call.cut()
        raise HistoryUnavailable("no answer from PostgreSQL in time")

    async def _wait(self, future: asyncio.Future[Any], call: Call) -> None:
        """Return when the call has ended or its time is over. Half-way the server's pulse is felt."""
        while not future.done() and (left_s := call.remaining_s()) > 0:
            first_half_s = left_s - call.timeout_s / 2
            wait_s = first_half_s if first_half_s > 0 else left_s
            until_s = time.monotonic() + wait_s
            await asyncio.wait((future,), timeout=wait_s)
            # Where this process was busy itself, the answer may be there and nobody could take it.
            call.forgive(time.monotonic() - until_s)
            if self._pulse and call.is_started and not future.done():
                call.watched_since_s = call.watched_since_s or time.monotonic()
                self._pulse.feel()

    def _beside(self) -> Database:
        return Database(make_dsn(**self._address), pool_size=1, timeout_s=self._timeout_s, is_patient=False)

    def _lives(self, call: Call) -> bool:
        since_s = call.watched_since_s
        return self._pulse is not None and since_s is not None and self._pulse.was_felt_since(since_s)

    async def close(self) -> None:
        """Let calls under way end, within the usual deadline. Safe to call twice."""
        if self._calls:
            await asyncio.wait(tuple(self._calls), timeout=self._timeout_s)
        for call in self._calls.values():
            call.cut()
        await asyncio.to_thread(self._threads.shutdown)
        if self._pulse:
            await self._pulse.close()
        self.engine.dispose()

    def _ended(self, future: asyncio.Future[Any]) -> None:
        del self._calls[future]
        if not future.cancelled():
            future.exception()  # read here, for nobody may be left to read it

    def look_again(self) -> None:
        """Look at the next request whether the wall stands."""
        self._role = None

    def _perform(self, call: Call, work: Callable[[Connection], Result], user_id: str | None) -> Result:
        call.start()
        if self._failed_at > call.submitted_at:
            raise HistoryUnavailable("PostgreSQL hung while this call waited")
        try:
            is_last = False
            while True:
                try:
                    return self._attempt(call, work, user_id, is_last=is_last)
                except _Repeat:
                    is_last = True
                except _Locked:
                    logger.debug("a call waits for a lock that others have")
        except HistoryUnavailable:
            if not (call.was_cut or call.was_answered):  # of one that was cut it is known already
                self._failed_at = time.monotonic()
            raise
        finally:
            call.has_ended = True

    def _attempt(
        self, call: Call, work: Callable[[Connection], Result], user_id: str | None, *, is_last: bool
    ) -> Result:
        used = False
        try:
            with self.engine.connect() as connection:
                used = call.hold(connection)
                try:
                    if user_id is None:
                        return work(connection)
                    raw: Any = connection.connection.dbapi_connection
                    with carried_out_as(raw, self._found_role(connection), user_id):
                        return work(connection)
                except BaseException:
                    _make_clean(connection)
                    raise
                finally:
                    call.release()
        except (psycopg2.Error, exc.SQLAlchemyError) as error:
            history_error = translated(error)
            if isinstance(history_error, HistoryRefused):
                raise history_error from error
            code = getattr(getattr(error, "orig", error), "pgcode", None)
            call.was_answered = code in (*_TRY_AGAIN, errorcodes.LOCK_NOT_AVAILABLE)
            if code == errorcodes.LOCK_NOT_AVAILABLE and call.extend(at_least_s=_LOCK_S):
                raise _Locked from error
            if not call.was_answered:
                # One dead connection is a sign that all that rest are dead, or lead to a server that lost its role.
                self.engine.dispose()
                self.look_again()
                may_pass = used
            else:
                may_pass = code in _TRY_AGAIN
            if may_pass and not is_last and not call.was_cut:
                raise _Repeat from error
            raise history_error from error

    def _found_role(self, connection: Connection) -> Mapping[str, str]:
        role = self._role  # another thread may forget it meanwhile
        if role is None:
            wall = row_security.build(connection)
            self._role = role = wall.settings if wall else {}
        return role

    def _connect(self) -> Any:
        connection = psycopg2.connect(
            **self._address, connection_factory=RequestConnection, cursor_factory=self._cursors
        )
        self._prefer(connection.info.host, str(connection.info.port))
        return connection

    def _prefer(self, host: str, port: str) -> None:
        """Ask the one of several hosts that answered first next time: a dead one costs 2 s each time."""
        hosts = self._address.get("host", "").split(",")
        ports = self._address.get("port", "").split(",")
        if len(hosts) < 2 or "hostaddr" in self._address:
            return
        ports = ports * len(hosts) if len(ports) == 1 else ports
        pairs = sorted(zip(hosts, ports, strict=True), key=lambda pair: pair != (host, port) and pair != (host, ""))
        self._address = {
            **self._address,
            "host": ",".join(name for name, _ in pairs),
            "port": ",".join(number for _, number in pairs),
        }


class _Repeat(Exception):
    """The work failed for a reason that a second attempt probably does not meet."""


class _Locked(Exception):
    """The server gave up waiting for a lock, and there is time to try again."""


def _make_clean(connection: Connection) -> None:
    """End an open transaction, of which psycopg2 in autocommit knows nothing, before the connection goes back."""
    raw: Any = connection.connection.dbapi_connection
    if raw is None:
        return
    try:
        if raw.closed:
            connection.invalidate()
        elif raw.info.transaction_status != TRANSACTION_STATUS_IDLE:
            with raw.cursor() as cursor:
                cursor.execute("ROLLBACK")
    except psycopg2.Error:
        connection.invalidate()
