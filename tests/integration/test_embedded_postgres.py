"""The private PostgreSQL, with the real programs: made, shared, killed, recovered, and kept from other people."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.embedded import NOBODY, QUIET, THAI, embedded, in_process_of, keep, open_folder, running, server_pid, sql
from thai_chat.domain.errors import StartError
from thai_chat.embedded import cluster as clusters
from thai_chat.history.postgres import probe, upkeep


def test_its_log_holds_nothing_of_what_is_refused(data_dir: Path) -> None:
    with running(data_dir) as address:
        assert sql(address, QUIET) == "tersepanic"
        with pytest.raises(psycopg2.Error):
            sql(address, "SELECT 'ความลับ'::int")
    log = (data_dir / "postgres.log").read_text("utf-8")
    assert "ERROR:" in log
    assert "STATEMENT:" not in log


def test_the_log_of_a_database_of_an_earlier_version_is_quietened_at_its_next_start(data_dir: Path) -> None:
    with running(data_dir) as address:
        sql(address, "SELECT 1")
    cluster = clusters.open_or_make(data_dir, print)
    cluster.run_sql(f"ALTER ROLE {clusters.ROLE} RESET ALL")
    (data_dir / "postgres" / "thai-chat.quiet").unlink()
    for _ in range(2):
        with running(data_dir) as address:
            assert sql(address, QUIET) == "tersepanic"


def test_requests_are_carried_out_as_a_role_of_their_own(data_dir: Path) -> None:
    with running(data_dir) as address:
        upkeep.migrate(address)
        wall = probe.ask(address).wall
        assert wall
        assert (wall.role, wall.stands) == ("thai_chat_requests", True)


def is_alive(pid: int) -> bool:
    """Tell whether a process is alive; a zombie is not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_until_dead(pid: int) -> None:
    deadline = time.monotonic() + 30
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} still lives"
        time.sleep(0.01)


def abandon(data_dir: Path) -> None:
    """Start the server in a process that is then killed, as kill -9 does it."""
    code = f"""
import os, signal
from pathlib import Path
from thai_chat.embedded.postgres import EmbeddedPostgres
EmbeddedPostgres(Path({str(data_dir)!r}), progress=print).start()
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False)
    assert ended.returncode == -signal.SIGKILL


def test_a_new_database_is_utf8_and_knows_thai_letters_whatever_the_locale_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    with open_folder() as folder, running(folder / "data") as address:
        assert sql(address, "SHOW server_encoding") == "UTF8"
        assert sql(address, "SELECT datctype FROM pg_database WHERE datname = current_database()") != "C"
        sql(address, "CREATE EXTENSION pg_trgm")
        assert sql(address, "SELECT cardinality(show_trgm('ข้าวมันไก่'))") == 10
        assert sql(address, "SELECT upper('é')") == "É"
        keep(address, THAI)
        assert sql(address, "SELECT text FROM kept") == THAI


def test_checksums_and_fsync_are_on_and_nothing_listens_on_the_network(data_dir: Path) -> None:
    with running(data_dir) as address:
        shown = [sql(address, f"SHOW {name}") for name in ("data_checksums", "fsync", "listen_addresses")]
        assert shown == ["on", "on", ""]


def test_the_application_is_no_superuser_and_needs_its_password(data_dir: Path) -> None:
    with running(data_dir) as address:
        assert sql(address, "SELECT NOT (rolsuper OR rolcreatedb OR rolcreaterole) FROM pg_roles WHERE rolname = USER")
        password = (data_dir / "postgres.password").read_text().strip()
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(address.replace(password, "guessed"))


def test_what_is_secret_is_closed_to_other_users(data_dir: Path) -> None:
    with running(data_dir) as address:
        keep(address, THAI)
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode)
            for path in (data_dir / "postgres", *data_dir.glob("postgres.*"), data_dir / "postgres" / ".s.PGSQL.5432")
        }
    assert modes.pop("postgres") == modes.pop(".s.PGSQL.5432") == 0o700
    assert set(modes.values()) == {0o600}


def test_starting_again_gives_the_same_address_and_stopping_again_does_nothing(data_dir: Path) -> None:
    server = embedded(data_dir)
    address = server.start()
    assert server.start() == address
    assert server.is_running()
    pid = server_pid(data_dir)
    server.stop()
    server.stop()
    assert not server.is_running()
    wait_until_dead(pid)


def test_what_was_written_is_there_after_a_restart(data_dir: Path) -> None:
    with running(data_dir) as address:
        keep(address, THAI)
    with running(data_dir) as address:
        assert sql(address, "SELECT text FROM kept") == THAI


def test_two_processes_share_one_server_and_the_last_one_stops_it(data_dir: Path) -> None:
    first, second = embedded(data_dir), embedded(data_dir)
    assert first.start() == second.start()
    pid = server_pid(data_dir)
    first.stop()
    assert is_alive(pid)
    assert second.is_running()
    second.stop()
    wait_until_dead(pid)


def test_many_that_start_at_the_same_time_get_one_server() -> None:
    with open_folder() as folder:
        data_dir = folder / "data"
        code = f"""
from pathlib import Path
from thai_chat.embedded.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path({str(data_dir)!r}), progress=lambda line: None)
print(server.start(), (Path({str(data_dir)!r}) / "postgres" / "postmaster.pid").read_text().split()[0], flush=True)
input()
server.stop()
"""
        started = [
            subprocess.Popen(
                [sys.executable, "-c", code],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(4)
        ]
        said = {process.stdout.readline() for process in started if process.stdout}
        for process in started:
            process.communicate("\n")
        assert [process.returncode for process in started] == [0, 0, 0, 0]
        assert len(said) == 1
        wait_until_dead(int(said.pop().split()[-1]))


def test_a_server_left_by_a_killed_process_is_used_and_stopped_by_the_next(data_dir: Path) -> None:
    abandon(data_dir)
    pid = server_pid(data_dir)
    assert is_alive(pid)
    with running(data_dir) as address:
        assert server_pid(data_dir) == pid
        assert sql(address, "SELECT 1") == 1
    wait_until_dead(pid)


def test_a_killed_server_recovers_what_was_committed(data_dir: Path) -> None:
    abandon(data_dir)
    with running(data_dir) as address:
        keep(address, THAI)
        os.kill(server_pid(data_dir), signal.SIGKILL)
        wait_until_dead(server_pid(data_dir))
    with running(data_dir) as address:
        assert sql(address, "SELECT text FROM kept") == THAI


def test_start_brings_back_a_server_that_died_while_in_use(data_dir: Path) -> None:
    server = embedded(data_dir)
    address = server.start()
    keep(address, THAI)
    os.kill(server_pid(data_dir), signal.SIGKILL)
    wait_until_dead(server_pid(data_dir))
    assert not server.is_running()
    assert server.start() == address
    assert sql(address, "SELECT text FROM kept") == THAI
    server.stop()


def test_what_is_waited_for_is_told_once(data_dir: Path) -> None:
    told: list[str] = []
    with running(data_dir) as address, closing(psycopg2.connect(address)) as connection:
        held = connection.info.backend_pid
        os.kill(held, signal.SIGSTOP)  # it can't notice that its server is gone
        os.kill(server_pid(data_dir), signal.SIGKILL)
        wait_until_dead(server_pid(data_dir))
    server = embedded(data_dir, told.append)

    def let_go() -> None:
        time.sleep(4)
        os.kill(held, signal.SIGCONT)

    release = threading.Thread(target=let_go)
    release.start()
    try:
        server.start()
    finally:
        release.join()
        server.stop()
    assert [line for line in told if "earlier PostgreSQL" in line] == [
        "Waiting for the processes of the earlier PostgreSQL to end ..."
    ]


def test_a_process_number_that_another_program_has_now_does_not_hinder_the_start(data_dir: Path) -> None:
    with running(data_dir) as address:
        keep(address, THAI)
        pid_file = data_dir / "postgres" / "postmaster.pid"
        left_behind = pid_file.read_text()
        os.kill(server_pid(data_dir), signal.SIGKILL)
        wait_until_dead(server_pid(data_dir))
    owner = (data_dir / "postgres").stat()
    identity = {} if os.geteuid() else {"user": owner.st_uid, "group": owner.st_gid}
    stranger = subprocess.Popen(["sleep", "60"], **identity)
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *left_behind.splitlines()[1:]]) + "\n")
        with running(data_dir) as address:
            assert sql(address, "SELECT text FROM kept") == THAI
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_the_server_is_out_of_reach_of_ctrl_c_in_the_terminal(data_dir: Path) -> None:
    with running(data_dir):
        assert os.getsid(server_pid(data_dir)) != os.getsid(0)


def test_a_database_whose_making_was_interrupted_is_made_anew() -> None:
    with open_folder() as folder:
        half_made = folder / "data" / "postgres.partial"
        half_made.mkdir(parents=True)
        (half_made / "PG_VERSION").write_text("18\n")
        (folder / "data").chmod(0o711)
        with running(folder / "data") as address:
            assert sql(address, "SELECT 1") == 1
        assert not half_made.exists()


def test_a_lost_password_is_made_anew(data_dir: Path) -> None:
    with running(data_dir) as address:
        keep(address, THAI)
    (data_dir / "postgres.password").unlink()
    with running(data_dir) as address:
        assert sql(address, "SELECT text FROM kept") == THAI


def test_a_failing_statement_leaves_no_chat_in_the_log(data_dir: Path) -> None:
    with running(data_dir) as address:
        sql(address, "CREATE TABLE strict (text text CHECK (length(text) < 3))")
        with pytest.raises(psycopg2.errors.CheckViolation):
            sql(address, "INSERT INTO strict VALUES (%s)", THAI)
    log = (data_dir / "postgres.log").read_text("utf-8")
    assert "violates check constraint" in log
    assert "ข้าว" not in log


def test_a_big_log_is_set_aside_at_the_start(data_dir: Path) -> None:
    with (data_dir / "postgres.log").open("wb") as log:
        log.truncate(11_000_000)
    with running(data_dir):
        assert (data_dir / "postgres.log").stat().st_size < 100_000
        assert (data_dir / "postgres.log.1").stat().st_size == 11_000_000


def test_a_database_of_another_version_is_left_alone_and_named(data_dir: Path) -> None:
    version = data_dir / "postgres" / "PG_VERSION"
    version.write_text("9\n")
    with pytest.raises(StartError, match=r"made by PostgreSQL 9.*backup") as raised:
        embedded(data_dir).start()
    here = re.findall(r"\d+", str(raised.value).partition("only version ")[2].partition(" is here")[0])
    assert len(here) == len(set(here)) > 0
    assert version.read_text() == "9\n"


def test_a_server_that_cannot_start_says_its_reason_in_one_line(data_dir: Path) -> None:
    with (data_dir / "postgres" / "postgresql.conf").open("a") as configuration:
        configuration.write("max_connections = many\n")
    with pytest.raises(StartError) as raised:
        embedded(data_dir).start()
    assert "configuration file" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_link_to_a_database_that_is_not_there_is_not_replaced_by_an_empty_one(data_dir: Path) -> None:
    shutil.rmtree(data_dir / "postgres")
    (data_dir / "postgres").symlink_to("/nowhere/postgres")
    with pytest.raises(StartError, match="/nowhere/postgres, which is not there"):
        embedded(data_dir).start()


def test_a_folder_that_is_no_database_is_left_alone(data_dir: Path) -> None:
    (data_dir / "postgres" / "PG_VERSION").unlink()
    with pytest.raises(StartError, match="holds no PostgreSQL database"):
        embedded(data_dir).start()


def test_a_data_dir_that_is_a_file_is_named(data_dir: Path) -> None:
    with pytest.raises(StartError, match=r"postgres.log can't be used: File exists"):
        embedded(data_dir / "postgres.log").start()


def test_a_path_too_long_for_a_socket_works_with_a_private_folder_for_it(template: Path) -> None:
    with open_folder() as folder:
        data_dir = folder / ("ข้าว" * 10) / ("ยาว" * 12)
        data_dir.parent.mkdir(mode=0o711)
        subprocess.run(["cp", "-a", template, data_dir], check=True)
        with running(data_dir) as address:
            assert sql(address, "SELECT 1") == 1
            socket_folder = clusters.open_or_make(data_dir, print).socket_folder
            assert not socket_folder.is_relative_to(data_dir)
            assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
        shutil.rmtree(socket_folder)


def test_an_ordinary_user_has_a_database_of_their_own() -> None:
    uid = os.geteuid() or NOBODY

    def act() -> str:
        with running(folder / "data") as address:
            keep(address, THAI)
            return f"{sql(address, 'SELECT text FROM kept')} {(folder / 'data' / 'postgres').stat().st_uid}"

    with open_folder() as folder:
        os.chown(folder, uid, -1)
        assert in_process_of(uid, act) == f"{THAI} {uid}"
