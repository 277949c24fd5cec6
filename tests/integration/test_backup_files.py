"""A backup has its name when it is whole; what an interrupted one leaves is taken for none, and goes."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from scripts import env_file
from tests.app import ROOT
from tests.backups import at, fill
from tests.postgres_servers import PostgresServer
from tests.seclusion import bare
from thai_chat.commands import restore
from thai_chat.domain.errors import StartError
from thai_chat.history.postgres.backup import archive, unfinished
from thai_chat.settings import Settings


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    address = postgres.address(postgres.new_database())
    fill(address)
    return address


def test_two_backups_at_once_are_whole_under_two_names(address: str, tmp_path: Path) -> None:
    def other() -> None:
        thread = threading.Thread(target=archive.save, args=(address, tmp_path / "two.zip"))
        thread.start()
        thread.join()

    archive.save(address, tmp_path / "one.zip", at("chat_messages", other))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one.zip", "two.zip"]
    for file in tmp_path.iterdir():
        archive.verify(file)


def test_of_two_backups_under_one_name_the_later_is_refused_and_the_first_is_whole(
    address: str, tmp_path: Path
) -> None:
    target = tmp_path / "chats.zip"
    with pytest.raises(StartError, match=r"chats\.zip can't be used: File exists"):
        archive.save(address, target, at("chat_messages", lambda: archive.save(address, target)))
    archive.verify(target)
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_backup_left_goes_with_the_next_and_what_grows_stays(address: str, tmp_path: Path) -> None:
    target = tmp_path / "chats [1].zip"
    left = [tmp_path / f"{target.name}{end}" for end in (".partial", ".0123456789abcdef.partial")]
    strange = [tmp_path / name for name in ("other.zip.partial", "notes.partial", "chats [1].zip.old")]
    for file in [*left, *strange]:
        file.write_bytes(b"half")
    growing = tmp_path / f"{target.name}.fedcba9876543210.partial"
    growing.write_bytes(b"half")
    with growing.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        archive.save(address, target)
    assert sorted(tmp_path.iterdir()) == sorted([target, growing, *strange])
    unfinished.sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([target, tmp_path / "chats [1].zip.old"])


def test_a_killed_backup_leaves_nothing_under_its_name_and_the_next_takes_away_the_rest(
    address: str, tmp_path: Path
) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from thai_chat.history.postgres.backup import archive\n"
        "archive.save(sys.argv[1], Path(sys.argv[2]), lambda *_: os.kill(os.getpid(), signal.SIGKILL))"
    )
    target = tmp_path / "chats.zip"
    killed = subprocess.run([sys.executable, "-c", code, address, str(target)], cwd=ROOT, env=bare(), check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [file.suffix for file in tmp_path.iterdir()] == [".partial"]
    archive.save(address, target)
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_whose_name_was_taken_meanwhile_is_not_overwritten(address: str, tmp_path: Path) -> None:
    target = tmp_path / "chats.zip"
    for make in (lambda: target.write_text("mine"), lambda: target.symlink_to(tmp_path / "nowhere")):
        with pytest.raises(StartError, match="File exists"):
            archive.save(address, target, at("chat_messages", make))
        assert os.listdir(tmp_path) == ["chats.zip"]
        target.unlink()


def test_an_unfinished_backup_is_not_restored(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="interrupted backup"):
        restore.run(Settings(data_dir=tmp_path), tmp_path / "chats.zip.0123456789abcdef.partial", replace=True)


def test_a_manifest_that_lies_about_its_size_fills_no_memory(tmp_path: Path) -> None:
    file = tmp_path / "lies.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        with made.open("manifest.json", "w") as entry:
            for _ in range(500):
                entry.write(b" " * 1_000_000)
        made.getinfo("manifest.json").file_size = 900  # as the directory tells it
    code = (
        "import re, sys; from pathlib import Path; from thai_chat.history.postgres.backup import archive\n"
        "from thai_chat.domain.errors import StartError\n"
        "try: archive.verify(Path(sys.argv[1]))\n"
        "except StartError as error: print(error)\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024)"
    )
    line = [sys.executable, "-c", code, str(file)]
    told = subprocess.run(line, cwd=ROOT, env=bare(), check=True, capture_output=True, text=True).stdout.splitlines()
    assert "not a backup" in told[0] or "damaged" in told[0]
    assert int(told[1]) < 250


def test_of_refused_writes_that_the_disk_takes_a_part_of_none_is_lost_in_silence(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from thai_chat.history.outage.refused import RefusedWrites\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "refused = RefusedWrites(Path(sys.argv[1]))\n"
        "refused.append([b'x' * 99] * 40); refused.append([b'y' * 99] * 40)\n"
        "print(refused.count())"
    )
    line = [sys.executable, "-B", "-c", code, str(tmp_path)]
    told = subprocess.run(line, cwd=ROOT, env=bare(), check=True, capture_output=True, text=True).stdout
    assert int(told) >= 80


def test_a_half_written_env_file_is_not_left_with_its_password(tmp_path: Path) -> None:
    (tmp_path / ".env" / "full").mkdir(parents=True)
    with pytest.raises(OSError, match=r"\.env"):
        env_file.replace(tmp_path / ".env", "DATABASE_URL=postgresql://a:secret@b/c")
    assert [file.name for file in tmp_path.iterdir()] == [".env"]
