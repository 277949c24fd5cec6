"""Whatever dies in the middle of a backup or a restore: the chats are those of before or those of the backup, whole."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.backups import content, fill, schemas
from tests.postgres_servers import PostgresServer, installations, serving, wait_for
from tests.seclusion import bare
from thai_chat.domain.errors import HistoryUnavailable, ThaiChatError
from thai_chat.history.postgres.backup import archive, restoring

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


KILLED_AT = """
import os, signal, sys
from pathlib import Path
from thai_chat.history.postgres.backup import archive, restoring
def meter(now, *_):
    if now == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[4] == "restore":
    restoring.analyze = lambda address: meter("committed")
    restoring.restore(sys.argv[1], Path(sys.argv[2]), replace=True, meter=meter)
else:
    archive.save(sys.argv[1], Path(sys.argv[2]), meter)
"""


def killed(address: str, file: Path, at: str, what: str) -> None:
    """Run it until it tells that it is there, at which it kills itself."""
    line = [sys.executable, "-c", KILLED_AT, address, str(file), at, what]
    process = subprocess.run(line, cwd=ROOT, env=bare(), check=False, stderr=subprocess.PIPE)
    assert process.returncode == -signal.SIGKILL, process.stderr


MOMENTS = ["chat_presets", "chat_messages", "checking chat_sessions", "building indexes", "finishing", "committed"]


def test_a_restore_that_is_killed_at_any_moment_leaves_all_or_nothing(postgres: PostgresServer, tmp_path: Path) -> None:
    name = postgres.new_database()
    address = postgres.address(name)
    fill(address, sessions=500)
    archive.save(address, tmp_path / "chats.zip")
    restored = content(address)
    for moment in MOMENTS:
        fill(address, sessions=10)
        before, kept_before = content(address), schemas(address)
        killed(address, tmp_path / "chats.zip", moment, "restore")
        wait_for(lambda: postgres.query(_OTHERS, name) == [(True,)], within_s=30)
        is_done = moment == "committed"
        assert content(address) == (restored if is_done else before)
        assert len(schemas(address)) == len(kept_before) + is_done
    # And the next one goes through.
    fill(address, sessions=10)
    assert ended(command(address, tmp_path, "restore", str(tmp_path / "chats.zip"), "--replace")) == 0
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
    """Limit the files of the processes that are started meanwhile, for as long as they live."""
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
    for table in ("chat_messages", "chat_presets", "chat_sessions"):
        killed(address, target, table, "backup")
        assert not target.exists()
    assert ended(command(address, tmp_path, "backup", str(target))) == 0
    archive.verify(target)
