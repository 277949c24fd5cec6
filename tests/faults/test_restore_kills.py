"""Whatever dies in the middle of a backup or a restore: the chats are those of before or those of the backup, whole."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.backups import content, fill, schemas
from tests.postgres_servers import PostgresServer, installations, serving, wait_for
from tests.seclusion import bare
from thai_chat.domain.errors import HistoryUnavailable, ThaiChatError
from thai_chat.history import archive, restoring

ROOT = Path(__file__).parents[2]
_OTHERS = "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


def command(address: str, folder: Path, *arguments: str, shell: str = "") -> subprocess.Popen[bytes]:
    # A limit of the size of files would leave halves of compiled modules.
    own = {"DATA_DIR": str(folder / "data"), "OLLAMA_HOST": "", "PYTHONDONTWRITEBYTECODE": "1"}
    environment = bare(DATABASE_URL=address, **own)
    line = ["sh", "-c", f'{shell}exec "$0" "$@"', sys.executable, "-m", "thai_chat", *arguments]
    return subprocess.Popen(line, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def ended(process: subprocess.Popen[bytes]) -> int:
    process.communicate()
    return process.returncode


def test_a_restore_that_is_killed_at_any_moment_leaves_all_or_nothing(postgres: PostgresServer, tmp_path: Path) -> None:
    name = postgres.new_database()
    address = postgres.address(name)
    fill(address, sessions=500)
    archive.save(address, tmp_path / "chats.zip")
    restored = content(address)
    fill(address, sessions=100)
    before = content(address)
    began_s = time.monotonic()
    assert ended(command(address, tmp_path, "restore", str(tmp_path / "chats.zip"), "--replace")) == 0
    whole_s = time.monotonic() - began_s
    assert content(address) == restored
    for share in (0.4, 0.6, 0.75, 0.9):
        fill(address, sessions=1)
        before = content(address)
        kept_before = schemas(address)
        process = command(address, tmp_path, "restore", str(tmp_path / "chats.zip"), "--replace")
        time.sleep(share * whole_s)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        wait_for(lambda: postgres.query(_OTHERS, name) == [(True,)], within_s=30)
        found = content(address)
        assert found in (before, restored)
        assert len(schemas(address)) == len(kept_before) + (found == restored)
    # And the next one goes through.
    restoring.restore(address, tmp_path / "chats.zip", replace=True)
    assert content(address) == restored


@pytest.mark.parametrize("what", ["chat_messages", "checking chat_sessions", "building indexes", "finishing"])
def test_postgresql_may_die_in_the_middle_of_a_restore(what: str, tmp_path: Path) -> None:
    with serving(next(iter(installations().values()))) as server:
        address = server.address(server.new_database())
        fill(address)
        archive.save(address, tmp_path / "chats.zip")
        fill(address)
        before = content(address)
        with pytest.raises(HistoryUnavailable, match=r"Nothing was changed|status says"):
            restoring.restore(address, tmp_path / "chats.zip", replace=True, meter=at(what, server.crash))
        server.start()
        assert (content(address), schemas(address)) == (before, [])


def at(what: str, act: Callable[[], None]) -> archive.Meter:
    left = [act]

    def meter(now: str, *_: int) -> None:
        if now == what and left:
            left.pop()()

    return meter


def test_a_full_disk_of_the_server_leaves_the_chats_as_they_were(tmp_path: Path) -> None:
    """The kernel refuses the server every file beyond that of its log, as a full disk does."""
    with serving(next(iter(installations().values()))) as server:
        name = server.new_database()
        address = server.address(name)
        fill(address)
        server.query(_BIG, database=name)
        archive.save(address, tmp_path / "chats.zip")
        server.query("DELETE FROM chat_presets", database=name)
        before = content(address)
        server.stop()
        with no_file_beyond(16 << 20):
            server.start()
        with pytest.raises(ThaiChatError, match="Nothing was changed"):
            restoring.restore(address, tmp_path / "chats.zip", replace=True)
        assert (content(address), schemas(address)) == (before, [])
        server.stop()
        server.start()
        restoring.restore(address, tmp_path / "chats.zip", replace=True)
        assert content(address) != before


@contextmanager
def no_file_beyond(size_bytes: int) -> Iterator[None]:
    """For the processes that are started meanwhile, for as long as they live."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


_BIG = """
INSERT INTO chat_presets (preset_id, user_id, preset_name, options)
SELECT gen_random_uuid(), 'u', 'n', (SELECT jsonb_object_agg(m, md5(n::text || m)) FROM generate_series(1, 45) m)
FROM generate_series(1, 11000) n"""


def test_a_full_disk_leaves_no_backup_under_its_name(postgres: PostgresServer, tmp_path: Path) -> None:
    address = postgres.address(postgres.new_database())
    fill(address, sessions=400)
    process = command(address, tmp_path, "backup", str(tmp_path / "chats.zip"), shell="ulimit -f 8; ")
    _, said = process.communicate()
    assert process.returncode == 1
    assert b"can't be used" in said
    assert b"Traceback" not in said
    assert not list(tmp_path.glob("chats*"))


def test_a_backup_that_is_killed_leaves_nothing_under_its_name(postgres: PostgresServer, tmp_path: Path) -> None:
    address = postgres.address(postgres.new_database())
    fill(address, sessions=400)
    target = tmp_path / "chats.zip"
    for share in (0.3, 0.6, 0.9):
        process = command(address, tmp_path, "backup", str(target))
        with suppress(subprocess.TimeoutExpired):
            process.wait(share * 1.5)
        process.kill()
        process.communicate()
        if target.exists():
            archive.verify(target)
            target.unlink()
    assert ended(command(address, tmp_path, "backup", str(target))) == 0
    archive.verify(target)
