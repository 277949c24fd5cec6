"""The way to one PostgreSQL: its pool, its threads, the deadline of every call, and the translation of its errors."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import orjson
import psycopg2
from psycopg2 import errorcodes
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, make_dsn, parse_dsn
from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from thai_chat.domain.errors import HistoryError, HistoryRefused, HistoryUnavailable, StartError
from thai_chat.history.pulse import Pulse
from thai_chat.history.search_path import cursor_in

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

POOL_SIZE = 8
TIMEOUT_S = 2.0
"""After so long without an answer a server is taken for lost, unless it shows that it lives."""
_LATE_S = 0.1
"""What comes so much later than it was asked of the event loop was held up in this process."""
_PATIENCE_S = 6.0
"""For so long a call of the chat waits for a server that lives: a lock, a disk or a processor that others use up."""

# What the address does not say itself. No `options`: pgbouncer refuses connections that carry it. The kernel's
# time-outs find a peer that is gone; one that takes packets and never answers is found by the deadline of `run`.
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


def translated(error: BaseException) -> HistoryError:
    """The one place that maps psycopg2's and SQLAlchemy's errors.

    Only what lies in the content of a write is HistoryRefused. All else, a schema that is gone included, may pass:
    then the write waits and is not lost.
    """
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    code = getattr(cause, "pgcode", None) or ""
    detail = f"{type(cause).__name__} {code}".strip()
    if isinstance(cause, (psycopg2.DataError, psycopg2.IntegrityError)) or code.startswith("54"):
        return HistoryRefused(detail)
    # The server's sentence stays out of what may be shown; it can quote a row.
    logger.debug("%s: %s", detail, str(cause).strip())
    return HistoryUnavailable(detail)


def parsed(conninfo: str) -> dict[str, str]:
    """The parts of an address. Raises StartError for one at which no server can ever be reached."""
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
        """`conninfo` is what libpq takes: a URI, also with several hosts. Raises StartError when it is none.

        With `schema_name` everything is made and found in that schema, else where the server's user has it. Without
        `is_patient` no call gets more time for a server that lives and is slow.
        """
        self._address: dict[str, str] = {**_DEFAULTS, **parsed(conninfo)}
        self._cursors = cursor_in(schema_name) if schema_name else None
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(pool_size, thread_name_prefix="postgres")
        self._calls: dict[asyncio.Future[Any], _Job] = {}
        self._failed_at = 0.0
        self._pulse = Pulse(self._beside) if is_patient else None
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
        event.listen(self.engine, "connect", _keep_socket)
        event.listen(self.engine, "close", _drop_socket)

    async def run(self, work: Callable[[Connection], Result], *, timeout_s: float | None = None) -> Result:
        """What `work` returns, called in a thread with a connection in autocommit.

        `work` is called again when a connection turns out dead, a deadlock was resolved against it or a lock was not to
        be had, so it must be repeatable. Raises HistoryUnavailable at the latest `timeout_s` after a thread took it up:
        its connection is then cut, so that a server that hangs never keeps a thread. Without `timeout_s` a server that
        commits meanwhile what others ask gets `_PATIENCE_S`. A cancelled caller does not stop `work`.
        """
        job = _Job(timeout_s or self._timeout_s)
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, self._perform, job, work)
        self._calls[future] = job
        future.add_done_callback(self._ended)
        try:
            await self._wait(future, job)
            while not (future.done() or job.has_ended) and timeout_s is None and self._lives(job) and job.extend():
                await self._wait(future, job)
            if future.done() or job.has_ended:
                return await future
        except asyncio.CancelledError:
            loop.call_later(max(0.0, job.remaining_s()), job.cut)
            raise
        if not self._lives(job):
            self._failed_at = time.monotonic()
        job.cut()
        raise HistoryUnavailable("no answer from PostgreSQL in time")

    async def _wait(self, future: asyncio.Future[Any], job: _Job) -> None:
        """Return when the call has ended or its time is over. Half-way the server's pulse is felt."""
        while not future.done() and (left_s := job.remaining_s()) > 0:
            first_half_s = left_s - job.timeout_s / 2
            wait_s = first_half_s if first_half_s > 0 else left_s
            until_s = time.monotonic() + wait_s
            await asyncio.wait((future,), timeout=wait_s)
            # Where this process was busy itself, the answer may be there and nobody could take it.
            job.forgive(time.monotonic() - until_s)
            if self._pulse and job.is_started and not future.done():
                self._pulse.feel()

    def _beside(self) -> Database:
        return Database(make_dsn(**self._address), pool_size=1, timeout_s=self._timeout_s, is_patient=False)

    def _lives(self, job: _Job) -> bool:
        return self._pulse is not None and self._pulse.was_felt_since(time.monotonic() - job.timeout_s / 2)

    async def close(self) -> None:
        """Lets calls under way end, within the usual deadline. Safe to call twice."""
        if self._pulse:
            await self._pulse.close()
        if self._calls:
            await asyncio.wait(tuple(self._calls), timeout=self._timeout_s)
        for job in self._calls.values():
            job.cut()
        await asyncio.to_thread(self._threads.shutdown)
        self.engine.dispose()

    def _ended(self, future: asyncio.Future[Any]) -> None:
        del self._calls[future]
        if not future.cancelled():
            future.exception()  # read here, for nobody may be left to read it

    def _perform(self, job: _Job, work: Callable[[Connection], Result]) -> Result:
        job.start()
        if self._failed_at > job.submitted_at:
            raise HistoryUnavailable("PostgreSQL hung while this call waited")
        try:
            is_last = False
            while True:
                try:
                    return self._attempt(job, work, is_last=is_last)
                except _Repeat:
                    is_last = True
                except _Locked:
                    logger.debug("a call waits for a lock that others have")
        except HistoryUnavailable:
            if not job.was_cut:  # else whoever cut it has judged
                self._failed_at = time.monotonic()
            raise
        finally:
            job.has_ended = True

    def _attempt(self, job: _Job, work: Callable[[Connection], Result], *, is_last: bool = False) -> Result:
        used = False
        try:
            with self.engine.connect() as connection:
                used = job.hold(connection)
                try:
                    return work(connection)
                except BaseException:
                    _make_clean(connection)
                    raise
                finally:
                    job.release()
        except (psycopg2.Error, exc.SQLAlchemyError) as error:
            history_error = translated(error)
            if isinstance(history_error, HistoryRefused):
                raise history_error from error
            code = getattr(getattr(error, "orig", error), "pgcode", None)
            if code == errorcodes.LOCK_NOT_AVAILABLE and job.extend():  # an answer is a sign of life
                raise _Locked from error
            if code not in (*_TRY_AGAIN, errorcodes.LOCK_NOT_AVAILABLE):
                # One dead connection is a sign that all that rest are dead, or lead to a server that lost its role.
                self.engine.dispose()
                may_pass = used
            else:
                may_pass = code in _TRY_AGAIN
            if may_pass and not is_last and not job.was_cut:
                raise _Repeat from error
            raise history_error from error

    def _connect(self) -> Any:
        connection = psycopg2.connect(**self._address, cursor_factory=self._cursors)
        self._prefer(connection.info.host, str(connection.info.port))
        return connection

    def _prefer(self, host: str, port: str) -> None:
        """Of several hosts the one that answered is asked first next time: a dead one costs 2 s each time."""
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


class _Job:
    """One call: when its time is over, and the socket to cut then."""

    def __init__(self, timeout_s: float) -> None:
        self.submitted_at = time.monotonic()
        self.was_cut = False
        self.has_ended = False
        """Set by the thread, before the event loop hears of it."""
        self.timeout_s = timeout_s
        self._started_at = 0.0
        self._deadline: float | None = None
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        self._started_at = time.monotonic()
        self._deadline = self._started_at + self.timeout_s

    @property
    def is_started(self) -> bool:
        return self._deadline is not None

    def remaining_s(self) -> float:
        return self.timeout_s if self._deadline is None else self._deadline - time.monotonic()

    def forgive(self, late_s: float) -> None:
        """Do not count what was late in this process itself."""
        if self._deadline is not None and late_s > _LATE_S:
            self._deadline += late_s

    def extend(self) -> bool:
        """Give the call its time once more, from now on. Return whether it may have that."""
        deadline = time.monotonic() + self.timeout_s
        with self._lock:
            if self.was_cut or deadline > self._started_at + _PATIENCE_S:
                return False
            self._deadline = deadline
            return True

    def hold(self, connection: Connection) -> bool:
        """True when the connection had served before. Raises OperationalError when the time is over already."""
        info = connection.connection.info
        used = bool(info.get("used"))
        info["used"] = True
        with self._lock:
            if self.was_cut:
                raise psycopg2.OperationalError("the call's time was over before it had a connection")
            self._socket = info["socket"]
        return used

    def release(self) -> None:
        with self._lock:
            self._socket = None

    def cut(self) -> None:
        """Wakes the thread that waits for this socket: to it the server closed the connection."""
        with self._lock:
            self.was_cut = True
            if self._socket is not None:
                try:
                    self._socket.shutdown(socket.SHUT_RDWR)
                except OSError:
                    logger.debug("the connection was gone before it was cut")


def _keep_socket(connection: Any, entry: ConnectionPoolEntry) -> None:
    # A duplicate of its descriptor: libpq may close its own, and the number then belong to something else.
    kept = socket.socket(fileno=os.dup(connection.fileno()))
    entry.info["socket"] = kept
    entry.info["let_go"] = weakref.finalize(connection, kept.close)


def _drop_socket(connection: Any, entry: ConnectionPoolEntry) -> None:
    let_go = entry.info.pop("let_go", None)
    if let_go:
        let_go()


def _make_clean(connection: Connection) -> None:
    """Ends an open transaction, of which psycopg2 in autocommit knows nothing, before the connection goes back."""
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
