"""One call to PostgreSQL: when its time is over, and the socket to cut then."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import weakref
from typing import Any

import psycopg2
from sqlalchemy import Connection
from sqlalchemy.pool import ConnectionPoolEntry

logger = logging.getLogger(__name__)

PATIENCE_S = 6.0
"""The time that a call of the chat waits for a server that lives: a lock, a disk or a processor that others use up."""
_LATE_S = 0.1
"""A wake-up that comes so much later than it was asked for was held up in this process."""


class Call:
    """A thread carries it out while the event loop watches its time."""

    def __init__(self, timeout_s: float, *, may_extend: bool) -> None:
        """Begin the call's time. Without `may_extend` it never gets more than `timeout_s` seconds."""
        self.submitted_at = time.monotonic()
        self.was_cut = False
        self.has_ended = False
        """True once the work has ended: the thread sets it, before the event loop hears of it."""
        self.was_answered = False
        """The server said that it can't be carried out now."""
        self.watched_since_s: float | None = None
        """When the server was first asked for a sign of life in the time that runs now."""
        self.timeout_s = timeout_s
        self._may_extend = may_extend
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
        with self._lock:
            if self._deadline is not None and late_s > _LATE_S:
                self._deadline += late_s

    def extend(self, *, at_least_s: float = 0.5) -> bool:
        """Give the call its time once more. Return False when `at_least_s` are not left of `PATIENCE_S`."""
        now_s = time.monotonic()
        with self._lock:
            deadline = min(now_s + self.timeout_s, self._started_at + PATIENCE_S)
            if not self._may_extend or self.was_cut or deadline - now_s < at_least_s:
                return False
            self._deadline = deadline
            self.watched_since_s = None
            return True

    def hold(self, connection: Connection) -> bool:
        """Tell whether the connection had served before. Raises OperationalError when the time is over already."""
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
        """Wake the thread that waits for this socket: to it the server closed the connection."""
        with self._lock:
            self.was_cut = True
            if self._socket is not None:
                try:
                    self._socket.shutdown(socket.SHUT_RDWR)
                except OSError:
                    logger.debug("the connection was gone before it was cut")


def keep_socket(connection: Any, entry: ConnectionPoolEntry) -> None:
    # A duplicate of its descriptor: libpq may close its own, and the number then belong to something else.
    kept = socket.socket(fileno=os.dup(connection.fileno()))
    entry.info["socket"] = kept
    entry.info["let_go"] = weakref.finalize(connection, kept.close)


def drop_socket(connection: Any, entry: ConnectionPoolEntry) -> None:
    let_go = entry.info.pop("let_go", None)
    if let_go:
        let_go()
