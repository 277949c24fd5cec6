"""The ways in which PostgreSQL goes away, and comes back."""

from __future__ import annotations

from tests.postgres_servers import PostgresServer, Proxy

# Without "cut", which is over when it has begun.
KINDS = ["refused", "hanging", "stopped", "crashed", "out of connections", "read-only", "without its tables"]


class Outage:
    """One way for PostgreSQL to be away, and its end; both block."""

    def __init__(self, server: PostgresServer, proxy: Proxy, database: str) -> None:
        self._server, self._proxy, self._database = server, proxy, database
        self.begin, self.end = proxy.refuse, proxy.resume

    def of_kind(self, kind: str) -> Outage:
        begins, ends = {
            "cut": (self._proxy.cut, self._proxy.resume),
            "refused": (self._proxy.refuse, self._proxy.resume),
            "hanging": (self._proxy.hang, self._proxy.resume),
            "stopped": (self._server.stop, self._server.start),
            "crashed": (self._server.crash, self._server.start),
            "out of connections": (self._fill_up, self._free),
            "read-only": (lambda: self._read_only("on"), lambda: self._read_only("off")),
            "without its tables": (
                lambda: self._rename("chat_messages", "x"),
                lambda: self._rename("x", "chat_messages"),
            ),
        }[kind]
        self.begin, self.end = begins, ends
        return self

    def undo(self) -> None:
        """Let the server run again, however a test was left."""
        if not self._server.answers():
            self._server.start()

    def _fill_up(self) -> None:
        self._server.query("ALTER ROLE chat CONNECTION LIMIT 0")
        self._disconnect()

    def _free(self) -> None:
        self._server.query("ALTER ROLE chat CONNECTION LIMIT -1")

    def _read_only(self, value: str) -> None:
        """Make the server read-only, as a primary is after it lost its role, or writable again."""
        self._server.query(f"ALTER DATABASE {self._database} SET default_transaction_read_only = {value}")
        self._disconnect()

    def _rename(self, old: str, new: str) -> None:
        self._server.query(f"ALTER TABLE {old} RENAME TO {new}", database=self._database)

    def _disconnect(self) -> None:
        self._server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'chat'")
