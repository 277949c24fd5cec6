"""Tests and benchmarks beside the settings of a user: nothing that those name may be reached, read from or written."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.app import ROOT
from tests.ports import free_port
from tests.seclusion import allowed, bare

SOME_TESTS = (
    "tests/api/test_health.py",
    "tests/integration/test_start.py::test_a_quiet_log_level_is_quiet_and_others_of_this_machine_are_refused",
    "tests/integration/test_commands.py::test_status_tells_version_schema_and_counts",
)
A_BENCH = ("chat", "--streams", "1", "--delays", "1", "--runs", "1", "--port")


@dataclass(slots=True)
class Trap:
    """Stands for a database and a model server of the user: it takes connections, answers nothing, and counts them."""

    listener: socket.socket
    visits: list[bytes] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def watch(self) -> None:
        while True:
            try:
                visitor, _ = self.listener.accept()
            except OSError:
                return
            with visitor:
                visitor.settimeout(1)
                try:
                    self.visits.append(visitor.recv(200))
                except OSError:
                    self.visits.append(b"silence")


@pytest.fixture
def trap() -> Iterator[Trap]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        trap = Trap(listener)
        watcher = threading.Thread(target=trap.watch)
        watcher.start()
        yield trap
        # Wakes accept(), which closing alone does not.
        listener.shutdown(socket.SHUT_RDWR)
        watcher.join()


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """Return a folder of the user's with chats in it."""
    folder = tmp_path / "canary"
    (folder / "journal").mkdir(parents=True)
    (folder / "journal" / "ข้อความ").write_text("ของฉัน", "utf-8")
    return folder


@pytest.fixture
def clone(tmp_path: Path, trap: Trap, canary: Path) -> Path:
    """Return the code beside a `.env` and a `data` of the user's."""
    folder = tmp_path / "clone"
    leave = shutil.ignore_patterns("__pycache__", ".git", ".venv", "data", ".*_cache", ".env")
    shutil.copytree(ROOT, folder, ignore=leave)
    folder.chmod(0o755)
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in poison(trap, canary).items()), "utf-8")
    (folder / "data").symlink_to(canary)
    return folder


def poison(trap: Trap, canary: Path) -> dict[str, str]:
    at = f"127.0.0.1:{trap.port}"
    return {
        "DATABASE_URL": f"postgresql://thai_chat:s3cr3t@{at}/thai_chat",
        "DATA_DIR": str(canary),
        "VLLM_BASE_URL": f"http://{at}/v1",
        "OLLAMA_HOST": f"http://{at}",
        "OPENAI_API_KEY": "sk-of-the-user",
        "OPENAI_BASE_URL": f"http://{at}/v1",
        "LOG_LEVEL": "DEBUG",
    }


def environment_of_a_user(trap: Trap, canary: Path, home: Path) -> dict[str, str]:
    """Return what programs find that a user starts: settings, proxies, and PostgreSQL's own variables and files."""
    at = f"127.0.0.1:{trap.port}"
    home.mkdir()
    (home / ".pgpass").write_text(f"127.0.0.1:{trap.port}:*:*:s3cr3t\n", "utf-8")
    (home / ".pgpass").chmod(0o600)
    (home / ".pg_service.conf").write_text(f"[mine]\nhost=127.0.0.1\nport={trap.port}\n", "utf-8")
    postgres = {"PGHOST": "127.0.0.1", "PGPORT": str(trap.port), "PGSERVICE": "mine", "PGOPTIONS": "-c nonsense=1"}
    proxies = {"HTTP_PROXY": f"http://{at}", "http_proxy": f"http://{at}", "ALL_PROXY": f"http://{at}"}
    parts = {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(trap.port), "LLAMACPP_MODEL_PATH": "/nowhere.gguf"}
    plain = {"PATH": os.environ["PATH"], "HOME": str(home), "PGPASSFILE": str(home / ".pgpass")}
    return {**plain, **postgres, **proxies, **parts, **poison(trap, canary)}


@pytest.mark.parametrize("kind", ["tests", "a benchmark"])
def test_tests_and_benchmarks_reach_nothing_that_the_settings_of_the_user_name(
    clone: Path, trap: Trap, canary: Path, tmp_path: Path, kind: str
) -> None:
    before = state_of(canary)
    pytest_ = ("-m", "pytest", "-q", "-p", "no:cacheprovider", *SOME_TESTS)
    command = [sys.executable, *(pytest_ if kind == "tests" else ("-m", "scripts.bench", *A_BENCH, str(free_port())))]
    home = tmp_path / "home"
    user = environment_of_a_user(trap, canary, home)
    told = subprocess.run(command, cwd=clone, env=user, capture_output=True, text=True, check=False, timeout=280)
    assert told.returncode == 0, told.stdout + told.stderr
    assert trap.visits == []
    assert state_of(canary) == before
    assert sorted(file.name for file in home.iterdir()) == [".pg_service.conf", ".pgpass"]


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(file): (file.stat().st_mtime_ns, file.stat().st_size) for file in folder.rglob("*")}


def test_what_a_test_starts_is_given_no_setting_but_its_own() -> None:
    assert set(bare(PORT="1")) <= {
        *("PATH", "TMPDIR", "HOME", "LC_ALL", "PORT", "THAI_CHAT_HOME", "THAI_CHAT_SECLUDED", "OLLAMA_HOST")
    }
    assert list(Path(os.environ["THAI_CHAT_HOME"]).rglob(".env")) == []


def test_only_the_tests_of_a_model_server_that_was_named_keep_key_and_proxy() -> None:
    given = {"BACKEND_KEY": "k", "HTTPS_PROXY": "p", "OPENAI_API_KEY": "sk", "PATH": "/bin", "PGPASSWORD": "x"}
    assert allowed(given) == {"BACKEND_KEY": "k", "PATH": "/bin"}
    assert allowed({**given, "BACKEND": ""}) == {"BACKEND": "", "BACKEND_KEY": "k", "HTTPS_PROXY": "p", "PATH": "/bin"}


@pytest.mark.parametrize("folder", ["tests", "scripts/bench"])
def test_tests_and_benchmarks_read_the_environment_in_one_place(folder: str) -> None:
    readers = {
        str(file.relative_to(ROOT))
        for file in (ROOT / folder).rglob("*.py")
        if "os.environ" in file.read_text("utf-8") and file.name not in ("seclusion.py", Path(__file__).name)
    }
    # The name and the key of the model server; programs on PATH; what a secluded process hands on to its own.
    assert readers <= {
        "tests/contract/real_server.py",
        *("tests/pgbouncer.py", "tests/postgres_servers.py", "tests/test_architecture.py"),
        *(
            "tests/setup/debian_cluster.py",
            "tests/app.py",
            "tests/forked.py",
            "tests/integration/test_start.py",
            "scripts/bench/processes.py",
            "scripts/bench/start.py",
        ),
        *("scripts/bench/door.py", "tests/documented.py"),  # LiteLLM's own; the examples of the documents
    }
