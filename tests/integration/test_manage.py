"""manage.sh and its scripts as a person meets them: verbs, paths, and one clear line for what is wrong."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = "awk bash basename cat cksum df dirname flock grep head id mkdir printf readlink rm sort tail tee uname"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return the scripts without .venv, and nothing to install: what they do is looked at, not the packages."""
    folder = tmp_path / "ไทย แชต"
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.sh", folder)
    for name in ("requirements.txt", "requirements-model.txt", "requirements-oidc.txt", "requirements-dev.txt"):
        (folder / name).write_text("# nothing\n")
    return folder


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a folder for PATH that has the plain tools, this Python, and no apt-get."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in TOOLS.split():
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    program(folder / "python3", f'exec "{sys.executable}" "$@"')
    return folder


def program(path: Path, body: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(f"#!{shutil.which('bash')}\n{body}\n")
    path.chmod(0o755)


def run(
    command: Sequence[str | Path], *, path: Path | None = None, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    given: Mapping[str, str] = {"PATH": str(path) if path else "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environment}
    return subprocess.run(
        command, cwd=cwd, env=given, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=120
    )


def test_help_names_every_verb_and_is_what_no_verb_gives() -> None:
    script = (ROOT / "manage.sh").read_text("utf-8")
    main = script[script.index("main() {") :]
    verbs = [
        verb for line in re.findall(r"^        ([a-z-]+(?: \| [a-z-]+)*)\)$", main, re.M) for verb in line.split(" | ")
    ]
    shown = run([ROOT / "manage.sh", "help"])
    assert shown.returncode == 0
    assert len(verbs) > 10
    assert [verb for verb in verbs if f"./manage.sh {verb}" not in shown.stdout and not verb.startswith("-")] == []
    assert run([ROOT / "manage.sh"]).stdout == shown.stdout


def test_an_unknown_verb_gives_the_help_and_2() -> None:
    told = run([ROOT / "manage.sh", "chat-wbe-db"])
    assert told.returncode == 2
    assert 'there is no command "chat-wbe-db"' in told.stderr
    assert "chat-web-db" in told.stderr


@pytest.mark.parametrize(
    "verb", ["chat-web-db", "setup", "setup-postgres", "migrate", "status", "doctor", "backup", "restore", "check"]
)
def test_help_behind_any_verb_is_the_help_and_does_nothing(clone: Path, tools: Path, verb: str) -> None:
    told = run([clone / "manage.sh", verb, "--help"], path=tools)
    assert told.returncode == 0
    assert f"./manage.sh {verb}" in told.stdout
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        *(["chat-web-db", "--port=7863"], ["setup-postgres", "now"], ["status", "x"], ["check", "x"]),
        *(["setup-postgres", "--database"], ["setup-postgres", "--take-it-over"], ["backup", "--take-over"]),
        *(["backup", "--replace"], ["backup", "one.zip", "two.zip"], ["backup", ""]),
        *(["restore"], ["restore", "--replace"], ["restore", "a.zip", "--repalce"], ["restore", "a.zip", "b.zip"]),
    ],
)
def test_wrong_usage_is_told_before_anything_is_installed(clone: Path, tools: Path, arguments: list[str]) -> None:
    told = run([clone / "manage.sh", *arguments], path=tools)
    assert told.returncode == 2
    assert arguments[0] in told.stderr
    assert "./manage.sh help" in told.stderr
    assert not (clone / ".venv").exists()


def test_it_works_from_any_folder_and_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "chat").symlink_to(ROOT / "manage.sh")
    assert run([tmp_path / "chat", "help"], cwd=tmp_path).returncode == 0


def test_setup_makes_the_environment_once_and_again_when_the_requirements_change(clone: Path, tools: Path) -> None:
    first = run([clone / "manage.sh", "setup"], path=tools)
    assert first.returncode == 0, first.stderr
    assert "Making the virtual environment" in first.stdout
    second = run([clone / "manage.sh", "setup"], path=tools)
    assert "Installing" not in second.stdout
    (clone / "requirements.txt").write_text("# other\n")
    third = run([clone / "manage.sh", "setup"], path=tools)
    assert "Installing requirements.txt" in third.stdout
    assert "Making" not in third.stdout


def test_what_openid_needs_is_installed_where_it_is_asked_for(clone: Path, tools: Path) -> None:
    told = "Installing requirements-oidc.txt"
    (clone / ".env").write_text("AUTH=password # or oidc\n#AUTH=oidc\n")
    assert told not in run([clone / "manage.sh", "setup"], path=tools).stdout
    (clone / ".env").write_text("AUTH=password\nexport AUTH=password,OIDC\n")
    assert told in run([clone / "manage.sh", "setup"], path=tools).stdout
    assert told not in run([clone / "manage.sh", "setup"], path=tools).stdout


def test_an_old_python_is_named_with_what_to_install(clone: Path, tools: Path) -> None:
    program(tools / "python3", 'case "$*" in --version) echo "Python 3.9.2";; *) exit 1;; esac')
    told = run([clone / "manage.sh", "chat-web-db"], path=tools)
    assert told.returncode == 1
    assert told.stderr.startswith("thai-chat: Python 3.9.2 is too old: install Python 3.11")


def test_a_newer_python_beside_an_old_one_is_used(clone: Path, tools: Path) -> None:
    program(tools / "python3", "exit 1")
    program(tools / "python3.11", f'exec "{sys.executable}" "$@"')
    assert run([clone / "manage.sh", "setup"], path=tools).returncode == 0


def test_a_missing_python_is_named(clone: Path, tools: Path) -> None:
    (tools / "python3").unlink()
    told = run([clone / "manage.sh", "setup"], path=tools)
    assert told.returncode == 1
    assert told.stderr.startswith("thai-chat: Python is missing")


def test_a_missing_venv_module_is_named_where_it_may_not_be_installed(clone: Path, tools: Path) -> None:
    program(tools / "python3", f'case "$*" in *ensurepip*) exit 1;; *) exec "{sys.executable}" "$@";; esac')
    told = run([clone / "manage.sh", "setup"], path=tools)
    assert told.returncode == 1
    assert "venv module is missing" in told.stderr


def test_a_full_disk_is_named_before_anything_is_installed(clone: Path, tools: Path) -> None:
    program(tools / "df", "printf 'Filesystem 1024-blocks Used Available Capacity Mounted\\nx 9 9 700000 9%% /\\n'")
    told = run([clone / "manage.sh", "setup"], path=tools)
    assert told.returncode == 1
    assert "Only 700 MB are free" in told.stderr
    assert not (clone / ".venv" / "bin").exists()


def test_a_taken_port_is_named_before_anything_is_installed(clone: Path, tools: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = run([clone / "manage.sh", "chat-web-db"], path=tools, PORT=port)
    assert told.returncode == 1
    assert f"Port {port} is taken" in told.stderr
    assert not (clone / ".venv").exists()


def test_ctrl_c_in_the_installation_is_no_failure_of_it(clone: Path, tools: Path) -> None:
    (clone / "requirements.txt").write_text("one==1\n")
    python = clone / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    # pip that is interrupted as the script is, says so and ends with 1.
    pressed = "kill -INT $PPID; echo 'ERROR: Operation cancelled by user'; exit 1"
    program(python, f'case "$*" in *install*) {pressed};; esac')
    told = run([clone / "manage.sh", "setup"], path=tools)
    assert told.returncode == 130
    assert told.stderr == "\nthai-chat: stopped in the middle of the installation; start again to go on with it.\n"


def test_the_progress_counts_every_package_wherever_it_comes_from() -> None:
    script = "source scripts/terminal.sh && source scripts/environment.sh && show_progress 20"
    lines = ["Collecting gradio==6.31.0 (from -r requirements.txt (line 7))", "Processing /wheels/numpy-2.4.6.whl"] * 10
    told = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, input="\n".join([*lines, ""]), capture_output=True, text=True, check=False
    )
    assert told.stdout == "    20 of 20 packages\n"


def test_an_environment_of_somebody_else_is_named(clone: Path, tools: Path) -> None:
    # Stands for a file that may not be written, which root always may.
    (clone / ".venv" / ".lock").mkdir(parents=True)
    told = run([clone / "manage.sh", "setup"], path=tools)
    assert told.returncode == 1
    assert re.fullmatch(r"thai-chat: .*/\.venv can't be written by .*\n", told.stderr)


def test_an_index_out_of_reach_is_told_in_one_line_and_tried_again_next_time(clone: Path, tools: Path) -> None:
    (clone / "requirements.txt").write_text("thai-chat-no-such-package==1.0\n")
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:1/simple", "PIP_CONFIG_FILE": "/dev/null"}
    told = run([clone / "manage.sh", "setup"], path=tools, **offline)
    assert told.returncode == 1
    assert re.fullmatch(r"thai-chat: The package index .* can not be reached.*\n", told.stderr)
    (clone / "requirements.txt").write_text("# nothing\n")
    assert run([clone / "manage.sh", "setup"], path=tools).returncode == 0


def test_setup_postgres_prints_the_steps_where_it_may_not_do_them(clone: Path, tools: Path) -> None:
    told = run([clone / "scripts" / "setup_postgres.sh"], path=tools)
    assert told.returncode == 1
    for step in ("CREATE ROLE thai_chat", "LOCALE 'C.UTF-8'", "DATABASE_URL=postgresql://", "./manage.sh migrate"):
        assert step in told.stdout


def set_in(file: Path, name: str, value: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "env_file.py", name, file],
        input=value,
        capture_output=True,
        text=True,
        check=False,
    )


def test_writing_env_keeps_every_other_line_and_closes_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# ของฉัน\nPORT=7999\nexport OLLAMA_MODEL='ไทย'\n\n# end", "utf-8")
    assert set_in(file, "DATABASE_URL", "postgresql://u:p@h/d").returncode == 0
    kept = "# ของฉัน\nPORT=7999\nexport OLLAMA_MODEL='ไทย'\n\n# end\nDATABASE_URL=postgresql://u:p@h/d\n"
    assert file.read_text("utf-8") == kept
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_writing_env_again_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    set_in(file, "DATABASE_URL", "postgresql://u:p@h/d")
    once = file.read_text("utf-8")
    set_in(file, "DATABASE_URL", "postgresql://u:p@h/d")
    assert file.read_text("utf-8") == once


def test_another_database_that_env_named_stays_as_a_comment(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("DATABASE_URL=postgresql://a:b@elsewhere/x\nPORT=1\nDATABASE_URL=postgresql://u:old@h/d\n", "utf-8")
    set_in(file, "DATABASE_URL", "postgresql://u:new@h/d")
    assert file.read_text("utf-8").splitlines() == [
        "# before setup-postgres: DATABASE_URL=postgresql://a:b@elsewhere/x",
        "PORT=1",
        "DATABASE_URL=postgresql://u:new@h/d",
    ]


def test_an_env_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"PORT=\xff\xfe")
    told = set_in(file, "DATABASE_URL", "x")
    assert told.returncode == 1
    assert "not UTF-8" in told.stderr
    assert file.read_bytes() == b"PORT=\xff\xfe"


@pytest.mark.parametrize(
    "call",
    [
        "source scripts/environment.sh; require_venv_module python3",
        f"{sys.executable} -c 'from scripts.postgres import clusters; clusters.install()'",
    ],
    ids=["venv", "postgresql"],
)
def test_no_log_follows_a_link_in_a_shared_folder(tools: Path, tmp_path: Path, call: str) -> None:
    shared, precious = tmp_path / "shared", tmp_path / "precious"
    shared.mkdir()
    precious.write_text("precious")
    (shared / f"thai-chat-apt-{os.geteuid()}.log").symlink_to(precious)
    # The real ones would change this machine, if root runs this.
    for name in ("apt-get", "dpkg-query", "env", "sudo", "mkdir", "chmod"):
        program(tools / name, f"echo ran {name}")
    program(tools / "tee", "read -r _")
    program(tools / "python3", "case $* in *version*) echo python3-venv ;; *) exit 1 ;; esac")
    (tools / "mktemp").symlink_to("/usr/bin/mktemp")
    script = f"source scripts/terminal.sh; source scripts/debian.sh; {call}"
    told = run(["/usr/bin/bash", "-ec", script], path=tools, cwd=ROOT, TMPDIR=str(shared))
    assert told.returncode == 0, told.stderr
    assert precious.read_text() == "precious"
    assert "Installing Debian packages" in told.stdout
    assert len(list(shared.iterdir())) == 1


def test_a_package_that_the_tests_can_do_without_is_asked_for_once(clone: Path, tools: Path, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    # The real ones would change this machine, if root runs this.
    program(tools / "apt-get", f'echo "$@" >>"{asked}"\n[ "$1" = update ]')
    program(tools / "apt-cache", ":")
    program(tools / "dpkg-query", "case $* in *headless*) exit 1 ;; *) echo installed ;; esac")
    for name in ("sudo", "env"):
        program(tools / name, 'shift\nexec "$@"')
    for name in ("mkdir", "chmod", "rm", "true"):
        program(tools / name, ":")
    program(tools / "tee", "while read -r line; do :; done")
    script = clone / "manage.sh"
    script.write_text(script.read_text("utf-8").replace('\nmain "$@"\n', "\nensure_test_packages\n"), "utf-8")
    (clone / ".venv").mkdir()
    first, second = (run([script], path=tools) for _ in range(2))
    assert "The tests run in chromium" in first.stdout
    assert (first.returncode, first.stderr) == (0, "")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert sum("install" in line for line in asked.read_text().splitlines()) == 1
