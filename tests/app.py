"""The real app as a process of its own, for tests that restart it, kill it, or look at it in a browser."""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.forked import Forked
from tests.ports import free_port

ROOT = Path(__file__).parent.parent
START_S = 150


@dataclass(slots=True)
class App:
    """`start`, `stop` and `kill` may be called in any order, over the same folder and the same port."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: asyncio.subprocess.Process | Forked | None = None
    program: tuple[str, ...] = ()
    """The command that is the app; without one it is a fork of a process that has imported it."""

    def __post_init__(self) -> None:
        self.port = self.port or free_port()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All that the process said, over all its starts."""
        return (self.folder / "app.log").read_text()

    @property
    def whole_environment(self) -> dict[str, str]:
        """The environment of the process, for commands beside it."""
        own = {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DATA_DIR": str(self.folder / "data"),
            "OLLAMA_HOST": "",
            **self.environment,
        }
        return {**os.environ, **own}

    async def start(self) -> None:
        """Start the app; return when it answers. Raises RuntimeError with its log when it ends instead."""
        log = self.folder / "app.log"
        if self.program:
            with log.open("ab") as output:
                self.process = await asyncio.create_subprocess_exec(
                    *self.program, "serve", cwd=ROOT, env=self.whole_environment, stdout=output, stderr=output
                )
        else:
            self.process = Forked(("serve",), self.whole_environment, ROOT, log)
            await self.process.start()
        async with asyncio.timeout(START_S), httpx.AsyncClient() as http:
            while not await self._answers(http):
                if self.process.returncode is not None:
                    raise RuntimeError(f"the app ended with {self.process.returncode}:\n{self.log}")
                await asyncio.sleep(0.05)

    async def stop(self) -> int:
        """Stop the app as Ctrl-C does, and return the exit code."""
        return await self._end(signal.SIGINT)

    async def kill(self) -> None:
        """Kill the app with kill -9."""
        await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> int:
        assert self.process
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(START_S):
            return await self.process.wait()

    async def _answers(self, http: httpx.AsyncClient) -> bool:
        try:
            return (await http.get(f"{self.address}/healthz")).status_code == 200
        except httpx.TransportError:
            return False


@asynccontextmanager
async def running_app(*, first_run: bool = False, **environment: str) -> AsyncIterator[App]:
    """Yield an app in a folder of its own; both are gone at the end, however the app was left.

    Its database is new, and made by itself in a `first_run`; else it is a copy of one that was made before.
    """
    with new_folder() as folder:
        app = App(folder, environment)
        if not first_run and "DATABASE_URL" not in environment:
            await _put_database_into(folder / "data")
        try:
            await app.start()
            yield app
        finally:
            if app.process and app.process.returncode is not None:
                await app.start()  # to end the database that a killed app has left behind
            await app.stop()


@contextmanager
def new_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="thai-chat-test-") as folder:
        # Root's database runs as another user, who must reach the folder (pytest's own are closed to others).
        os.chmod(folder, 0o755)
        yield Path(folder)


_made = ExitStack()
_made_in: list[Path] = []
atexit.register(_made.close)


async def _put_database_into(data: Path) -> None:
    """Copy the database of an app that was started once and stopped, without what is of one installation alone."""
    if not _made_in:
        folder = _made.enter_context(new_folder())
        app = App(folder)
        await app.start()
        await app.stop()
        _made_in.append(folder / "data")
    await asyncio.to_thread(_copy, _made_in[0], data)


def _copy(made: Path, data: Path) -> None:
    data.mkdir()
    # It keeps the owner, as Python's own copy doesn't.
    subprocess.run(["cp", "-a", *made.glob("postgres*"), data], check=True)
