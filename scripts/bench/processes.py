"""The processes under measure: the page, and the stand-in model server; both are ended when the block is left."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    pid: int
    address: str
    started_s: float
    """From the start of the process to its first answer."""

    def kill(self) -> None:
        """Kill the process with kill -9."""
        os.kill(self.pid, signal.SIGKILL)

    def cpu_s(self) -> float:
        """Return user and system time of the process so far; its database and model server are others."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def threads_cpu_s(self) -> float:
        """Return the same of the threads that live now, to the nanosecond."""
        spent = (int(path.read_text().split()[0]) for path in Path(f"/proc/{self.pid}/task").glob("*/schedstat"))
        return sum(spent) / 1e9

    def memory_mb(self) -> float:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextlib.contextmanager
def model_server(*options: str) -> Iterator[str]:
    """Run the stand-in, and yield its address ending in /v1."""
    command = [sys.executable, "-m", "tests.standins.openai_server", "--port", "0", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            address = re.search(r"http://[\d.:]+", process.stdout.readline())
            if not address:
                raise RuntimeError("the stand-in model server did not start")
            yield f"{address[0]}/v1"
        finally:
            process.terminate()


@contextlib.contextmanager
def page(port: int, **environment: str) -> Iterator[Server]:
    """Run the real page in a folder of its own, with the embedded database."""
    with tempfile.TemporaryDirectory(prefix="thai-chat-bench-") as folder:
        # The database runs as another user when this is root.
        Path(folder).chmod(0o755)
        with running(port, {"DATA_DIR": f"{folder}/data", **environment}) as server:
            yield server


@contextlib.contextmanager
def plain_chat(port: int, model_address: str) -> Iterator[str]:
    """Run the plain `gr.ChatInterface`, and yield its address."""
    command = [sys.executable, "-m", "scripts.bench.plain_chat", "--port", str(port), "--model-address", model_address]
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_answers(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(30)


@contextlib.contextmanager
def running(port: int, environment: dict[str, str], program: Sequence[str] = ("-m", "thai_chat")) -> Iterator[Server]:
    """Run the page with these settings; `program` is what Python is told to run."""
    # It is as on a user's machine: the second start finds the compiled modules of the first.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    own = {"HOST": "127.0.0.1", "PORT": str(port), "LOG_LEVEL": "WARNING", "OLLAMA_HOST": "", **environment}
    began = time.perf_counter()
    command = [sys.executable, *program, "serve"]
    with subprocess.Popen(command, cwd=ROOT, env={**inherited, **own}, stdout=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_answers(f"{address}/healthz", process)
            yield Server(process.pid, address, time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_answers(url: str, process: subprocess.Popen[bytes], limit_s: float = 90) -> None:
    ends_at = time.monotonic() + limit_s
    while time.monotonic() < ends_at:
        if process.poll() is not None:
            raise RuntimeError(f"the page ended with {process.returncode}")
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{url} did not answer in {limit_s:.0f} s")
