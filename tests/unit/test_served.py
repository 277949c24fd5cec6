"""The server of the tests' API ends when whoever runs the tests presses Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys

PRESSED = """
import asyncio, signal
from tests.served import listening

async def main():
    async with listening(None):
        asyncio.get_running_loop().call_later(0.1, signal.raise_signal, signal.SIGINT)
        await asyncio.Event().wait()

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background begins without it
asyncio.run(main())
"""


def test_ctrl_c_ends_a_test_that_waits_for_ever() -> None:
    job = subprocess.run([sys.executable, "-c", PRESSED], capture_output=True, text=True, check=False, timeout=200)
    assert job.returncode == -signal.SIGINT, job.stderr
