"""The real app as a process of its own, for tests that restart it, kill it, or look at it in a browser."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.ports import free_port

ROOT = Path(__file__).parent.parent
START_S = 150


@dataclass(slots=True)
class App:
    """`start`, `stop` and `kill` may be called in any order, over the same folder and the same port."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: asyncio.subprocess.Process | None = None
    program: tuple[str, ...] = (sys.executable, "-m", "thai_chat")

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
        with (self.folder / "app.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.program, "serve", cwd=ROOT, env=self.whole_environment, stdout=log, stderr=log
            )
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
async def running_app(**environment: str) -> AsyncIterator[App]:
    """Yield an app in a folder of its own; both are gone at the end, however the app was left."""
    with tempfile.TemporaryDirectory(prefix="thai-chat-test-") as folder:
        # Root's database runs as another user, who must reach the folder (pytest's own are closed to others).
        os.chmod(folder, 0o755)
        app = App(Path(folder), environment)
        try:
            await app.start()
            yield app
        finally:
            if app.process and app.process.returncode is not None:
                await app.start()  # to end the database that a killed app has left behind
            await app.stop()
