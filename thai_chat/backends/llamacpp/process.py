"""Keeps a llama.cpp server running in a child process: starts it, starts it again when it dies, ends it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import orjson

from thai_chat.backends.llamacpp.server import LaunchOrder
from thai_chat.domain import private_files, python_process
from thai_chat.domain.backend_errors import BackendLoading, BackendUnreachable

logger = logging.getLogger(__name__)

_LOAD_TIMEOUT_S = 600.0
_TERMINATE_S = 3.0
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 300.0
_STEADY_AFTER_S = 60.0
"""A server that ran this long was sound: when it dies, it is started again after the first pause."""


class LlamaCppProcess:
    """The process of one event loop, that in which `start` was called. The child has a session of its own, so that
    Ctrl-C does not end it before the replies are stored."""

    def __init__(self, order: LaunchOrder, *, log_file: Path | None) -> None:
        """Take the order. What llama.cpp prints goes to `log_file`, begun anew at each start, or nowhere."""
        self._order = order
        self._log_file = log_file
        self._address: str | None = None
        self._failure = ""
        self._news = asyncio.Event()
        """Set, and replaced, whenever the address or the failure changes."""
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def start(self) -> None:
        """Begin to load the model in the background; safe to call again."""
        if self._task is None and not self._closed:
            self._task = asyncio.create_task(self._keep_running(), name="llama.cpp")

    @property
    def is_loading(self) -> bool:
        return self._address is None and not self._failure and not self._closed

    def address(self) -> str:
        """Return where the server listens now. Raises BackendLoading until it does, BackendUnreachable when it
        can't."""
        if self._address:
            return self._address
        if self.is_loading:
            raise BackendLoading("the model is being loaded")
        raise BackendUnreachable(self._failure or "closed")

    async def wait_for_address(self, timeout_s: float) -> str:
        """Wait while the model is loaded, and return the address. Raises as `address` does when that fails or takes too
        long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.is_loading:
                    await self._news.wait()
        return self.address()

    async def close(self) -> None:
        """End the child, by force if it must be; safe to call twice."""
        self._closed = True
        self._tell()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._address = None

    async def _keep_running(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            started = time.monotonic()
            try:
                reason = await self._run()
            except OSError as exc:
                reason = str(exc)
            self._address, self._failure = None, reason
            self._tell()
            if time.monotonic() - started > _STEADY_AFTER_S:
                pause_s = _FIRST_PAUSE_S
            logger.error("llama.cpp has ended: %s; it is started again in %.0f s", reason, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _run(self) -> str:
        """Run one life of the child, and return the reason of its end."""
        with self._open_log() as log_output:
            process = await asyncio.create_subprocess_exec(
                *python_process.command("thai_chat.backends.llamacpp.server"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log_output,
                env=os.environ | {"PYTHONPATH": python_process.search_path()},
                cwd=python_process.ROOT,
                start_new_session=True,
            )
        try:
            told = await self._hear(process)
            if address := told.get("address"):
                self._address, self._failure = address, ""
                self._tell()
            code = await process.wait()
            return told.get("error") or f"exit code {code}. {self._last_log_line()}".strip()
        finally:
            await _end(process)

    async def _hear(self, process: asyncio.subprocess.Process) -> dict[str, str]:
        """Return the child's one line; empty when it dies before or takes too long."""
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(self._order.to_line())
            async with asyncio.timeout(_LOAD_TIMEOUT_S):
                line = await process.stdout.readline()
            told: dict[str, str] = orjson.loads(line) if line else {}
        except TimeoutError:
            process.kill()
            return {"error": f"the model was not loaded in {_LOAD_TIMEOUT_S:.0f} s"}
        return told

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    @contextlib.contextmanager
    def _open_log(self) -> Iterator[IO[bytes] | int]:
        if self._log_file is None:
            yield subprocess.DEVNULL
            return
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        with open(private_files.create(self._log_file), "wb") as output:
            yield output

    def _last_log_line(self) -> str:
        if self._log_file is None:
            return ""
        try:
            with self._log_file.open("rb") as output:
                output.seek(max(0, output.seek(0, os.SEEK_END) - 4096))
                lines = output.read().decode("utf-8", "replace").split("\n")
        except OSError:
            return ""
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_TERMINATE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
