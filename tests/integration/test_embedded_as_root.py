"""A PostgreSQL of our own that root starts: it belongs to an account of its own, which can lead root nowhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.embedded import (
    NOBODY,
    QUIET,
    ROOTS_FOLDER,
    THAI,
    embedded,
    in_process_of,
    keep,
    open_folder,
    running,
    server_pid,
    sql,
)
from tests.other_accounts import needs_root
from thai_chat.domain.errors import StartError
from thai_chat.embedded import cluster as clusters

pytestmark = needs_root


def test_root_runs_the_server_as_an_unprivileged_user(data_dir: Path) -> None:
    with running(data_dir):
        assert Path(f"/proc/{server_pid(data_dir)}").stat().st_uid != 0


def test_an_ordinary_user_is_told_that_the_database_belongs_to_another(data_dir: Path) -> None:
    said = in_process_of(NOBODY, lambda: embedded(data_dir).start())
    assert "StartError" in said
    assert "Permission denied" in said


def test_out_of_reach_of_the_server_s_user_the_database_moves_and_no_folder_is_opened() -> None:
    lines: list[str] = []
    with open_folder() as folder:
        closed = folder / "root"
        (closed / "data").mkdir(mode=0o700, parents=True)
        closed.chmod(0o700)
        server = embedded(closed / "data", lines.append)
        address = server.start()
        keep(address, THAI)
        server.stop()
        assert (closed / "data" / "postgres").readlink().parent == ROOTS_FOLDER
        assert [stat.S_IMODE(path.stat().st_mode) for path in (closed, closed / "data")] == [0o700, 0o700]
        with running(closed / "data") as address:
            assert sql(address, "SELECT text FROM kept") == THAI
    assert any(str(ROOTS_FOLDER) in line for line in lines)


def test_root_follows_no_link_that_the_server_s_account_puts_into_the_database(data_dir: Path) -> None:
    with open_folder() as folder:
        precious = roots_file(folder)
        marker = data_dir / "postgres" / "thai-chat.quiet"
        marker.unlink(missing_ok=True)
        marker.symlink_to(precious)
        with running(data_dir) as address:
            assert sql(address, QUIET) == "tersepanic"
        assert is_untouched(precious)


def test_a_database_s_files_are_written_as_its_account(data_dir: Path) -> None:
    cluster = clusters.open_or_make(data_dir, print)
    with open_folder() as folder:
        precious = roots_file(folder)
        for name in ("pg_ident.conf", "linked"):
            (cluster.folder / name).unlink(missing_ok=True)
            (cluster.folder / name).symlink_to(precious)
            with pytest.raises(StartError, match="can't be written"):
                cluster.account.write(cluster.folder / name, "x")
            assert cluster.account.read(cluster.folder / name) is None
            cluster.account.own(cluster.folder / name)
        assert is_untouched(precious)


@pytest.mark.parametrize("name", ["postgres.log", "postgres.lock", "postgres.users", "postgres.partial"])
def test_root_follows_no_link_in_a_data_dir_of_another_account(name: str) -> None:
    with open_folder() as folder:
        precious = roots_file(folder)
        before = precious.read_text()
        (folder / "data").mkdir(mode=0o711)
        (folder / "data" / name).symlink_to(precious)
        os.chown(folder / "data", NOBODY, NOBODY)
        with pytest.raises(StartError):
            embedded(folder / "data").start()
        assert precious.read_text() == before
        assert is_untouched(precious)


def test_root_puts_nothing_where_another_account_can_lead_it_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_folder() as folder:
        shared, closed = folder / "shared", folder / "root"
        for made in (shared, closed):
            made.mkdir(mode=0o700)
        os.chown(shared, NOBODY, NOBODY)
        monkeypatch.setattr(clusters, "_ROOTS_FOLDER", shared)
        with pytest.raises(StartError, match="which others can change"):
            embedded(closed / "data").start()
        assert not list(shared.iterdir())


def roots_file(folder: Path) -> Path:
    (folder / "root").mkdir(mode=0o755)
    file = folder / "root" / "precious"
    file.write_text("precious")
    file.chmod(0o600)
    return file


def is_untouched(file: Path) -> bool:
    status = file.stat()
    return file.read_text() == "precious" and (status.st_uid, status.st_mode & 0o777) == (0, 0o600)


def test_a_database_given_to_root_is_refused_with_the_command_that_helps(data_dir: Path) -> None:
    os.chown(data_dir / "postgres", 0, 0)
    with pytest.raises(StartError, match="chown -R thai-chat"):
        embedded(data_dir).start()
