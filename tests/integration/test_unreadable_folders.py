"""Folders that are closed, files, or links that lead nowhere: commands say so, and take nothing for empty."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.app import ROOT
from tests.postgres_servers import PostgresServer, free_port
from tests.seclusion import bare
from thai_chat.commands import doctor
from thai_chat.history.postgres import probe

COMMANDS = ["status", "doctor", "backup", "restore --undo", "restore --forget-old", "restore --take-journal"]
# Root may read everything, but for who has given that up.
AS_OTHERS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


def close(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o000)


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "closed": (close, "can't be read: Permission denied"),
    "a file": (Path.touch, "is a file and no folder"),
    "dangling": (lambda folder: folder.symlink_to("/nowhere"), "leads to /nowhere, which is not there"),
}


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    for folder in tmp_path.glob("**/"):
        folder.chmod(0o700)
    for folder in tmp_path.glob("*/*"):
        if not folder.is_symlink():
            folder.chmod(0o700)


def said(data: Path, command: str, **settings: str) -> str:
    environment = bare(DATA_DIR=str(data), OLLAMA_HOST="", PORT=str(free_port()), THAI_CHAT_HOME=str(ROOT), **settings)
    line = [*AS_OTHERS, sys.executable, "-m", "thai_chat", *command.split()]
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    assert done.returncode == 1, told
    assert "Traceback" not in told
    return told


@pytest.mark.parametrize("command", COMMANDS)
def test_a_data_folder_that_can_not_be_read_is_told(data: Path, fault: str, command: str) -> None:
    make, words = FAULTS[fault]
    make(data)
    assert f"{data} {words}" in said(data, command)


@pytest.mark.parametrize("name", ["journal", "refused"])
def test_what_waits_in_a_folder_that_can_not_be_read_is_not_told_to_be_nothing(
    data: Path, fault: str, name: str
) -> None:
    make, words = FAULTS[fault]
    data.mkdir()
    make(data / name)
    for command in ("status", "doctor"):
        assert f"{data / name} {words}" in said(data, command)


def test_a_folder_below_a_closed_one_is_told(data: Path) -> None:
    close(data)
    for command in COMMANDS:
        assert f"{data / 'below'} can't be read: Permission denied" in said(data / "below", command)


def test_a_file_where_the_database_should_be_is_told(data: Path) -> None:
    data.mkdir()
    (data / "postgres").touch()
    assert "postgres is a file and no folder" in said(data, "backup")


def test_a_backup_into_a_closed_folder_is_refused_in_a_line(
    data: Path, postgres: PostgresServer, own_database: str
) -> None:
    close(data)
    told = said(data, f"backup {data}/chats.zip", DATABASE_URL=postgres.address(own_database))
    assert f"{data}/chats.zip can't be used: Permission denied" in told


@pytest.mark.parametrize("version", ["19beta1", "16.4 (Debian 16.4-1)", "mine"])
def test_versions_are_compared_by_their_number_whatever_their_name_is(
    postgres: PostgresServer, own_database: str, version: str
) -> None:
    facts = probe.ask(postgres.address(own_database))
    assert facts.version_number == int(str(postgres.query("SHOW server_version_num")[0][0]))
    found = list(doctor.database_findings(replace(facts, version=version)))
    assert not any("too old" in finding.english for finding in found)
    found = list(doctor.database_findings(replace(facts, version=version, version_number=120_022)))
    assert any("too old" in finding.english for finding in found)
