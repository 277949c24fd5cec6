"""Starts the app as a fork of a process that has imported it: importing is most of a start, and the same each time.

What runs is the program, from `thai_chat.__main__.main` on, in a process, an environment and a folder of its own.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.loaded"])


class Forked:
    """Looks like the `asyncio.subprocess.Process` of a program that was started."""

    def __init__(self, arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path, log: Path) -> None:
        self._process = _FORKS.Process(target=_run, args=(arguments, dict(environment), folder, log))

    async def start(self) -> None:
        """Start it; the first start of all waits until everything is imported."""
        await asyncio.to_thread(self._process.start)

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or the negative number of the signal that ended it; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    async def wait(self) -> int:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        code = self.returncode
        assert code is not None
        return code


def take_environment(environment: Mapping[str, str]) -> None:
    """Have the environment that the program has when it was started with this one and has imported everything."""
    import thai_chat.ui

    os.environ.clear()
    os.environ.update(environment)
    importlib.reload(thai_chat.ui)  # it writes into the environment


def _run(arguments: tuple[str, ...], environment: dict[str, str], folder: Path, log: Path) -> None:
    take_environment(environment)
    time.tzset()
    os.chdir(folder)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)

    from thai_chat.__main__ import main

    sys.exit(main(arguments))
