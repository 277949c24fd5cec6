"""The start and the end of the real process: what it logs, what it refuses, and Ctrl-C at a bad moment."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.app import ROOT, running_app
from tests.other_accounts import asked_by_nobody, needs_root
from tests.ports import free_port
from tests.seclusion import bare

QUESTION = "ความลับของข้าวมันไก่ 🍚"
SIGNALLED = """
import signal, sys
from thai_chat import bootstrap, __main__
build = bootstrap._build_app
def pressed(*arguments):
    signal.raise_signal(signal.SIGINT)
    return build(*arguments)
bootstrap._build_app = pressed
sys.exit(__main__.main(["serve"]))
"""

TAKES_ENVIRONMENT = """
import os
given = dict(os.environ)
import thai_chat.ui
imported = dict(os.environ)
from tests.forked import take_environment
take_environment(given)
assert dict(os.environ) == imported != given
"""


def ended(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"PORT": str(free_port()), "DATA_DIR": str(folder / "data")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=bare(**given, **environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def test_the_log_has_the_format_that_was_asked_for_and_no_word_of_a_chat() -> None:
    async with running_app(LOG_FORMAT="json", LOG_LEVEL="DEBUG") as app:
        async with httpx.AsyncClient(base_url=app.address, timeout=60) as http, asyncio.timeout(60):
            while (await http.get("/readyz")).json()["backends"]["llamacpp"]["state"] != "up":  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            assert (await http.post("/chat", json={"query": QUESTION})).status_code == 200
        logged = [json.loads(line) for line in app.log.splitlines() if line.startswith("{")]
        assert {"level": "INFO", "logger": "thai_chat.routing.health", "message": "llamacpp is up (answers)"} in [
            {name: line[name] for name in ("level", "logger", "message")} for line in logged
        ]
        assert "ความลับ" not in app.log


@needs_root
async def test_a_quiet_log_level_is_quiet_and_others_of_this_machine_are_refused() -> None:
    async with running_app(LOG_FORMAT="json", LOG_LEVEL="WARNING") as app:
        assert [line for line in app.log.splitlines() if line.startswith("{")] == []
        assert "open to   accounts of this machine: root" in app.log
        assert (await asked_by_nobody("127.0.0.1", app.port)).startswith("HTTP/1.1 403 ")
        assert "set ALLOW_LOCAL_USERS=nobody" in app.log


def test_ctrl_c_while_the_page_is_built_ends_it_without_a_traceback(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    # An address at which nobody is: memory serves, and no database has to be made for this.
    told = ended(tmp_path, "-c", SIGNALLED, DATABASE_URL="postgresql://u@127.0.0.1:1/d")
    assert told.returncode == 0
    assert "Traceback" not in told.stderr
    assert "is ready at" not in told.stdout


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:s3cr3t@here:54x32/d",
        "postgresql://u:s3cr3t@one:5432,two:65536/d",
        "postgresql://u:s3cr3t@here/d?sslmode=yes",
        "postgresql://u:s3cr3t@here/d?target_session_attrs=write",
        "postgresql://u:s3cr3t@here/d?no_such_option=1",
        "postgresql://u:s3cr3t%zz@here/d",
    ],
)
def test_an_address_that_can_never_be_a_database_stops_the_start_without_being_quoted(
    tmp_path: Path, address: str
) -> None:
    told = ended(tmp_path, "-m", "thai_chat", "serve", DATABASE_URL=address)
    assert told.returncode == 1
    assert told.stderr.startswith("thai-chat: DATABASE_URL ")
    assert len(told.stderr.splitlines()) == 1
    assert "s3cr3t" not in told.stderr


def test_a_fork_has_the_environment_of_the_program(tmp_path: Path) -> None:
    job = ended(tmp_path, "-c", TAKES_ENVIRONMENT)
    assert job.returncode == 0, job.stderr
