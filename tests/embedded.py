"""A PostgreSQL of our own in a folder of a test, and what is asked of it."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

from thai_chat.domain.errors import StartError
from thai_chat.embedded import cluster as clusters
from thai_chat.embedded.postgres import EmbeddedPostgres

THAI = "ข้าวมันไก่ น้ำจิ้ม 🍚 chicken rice"


NOBODY = 65534


ROOTS_FOLDER = Path("/var/lib/thai-chat")


@contextmanager
def open_folder() -> Iterator[Path]:
    """Yield a temporary folder through which the server's user may pass, which pytest's own does not allow."""
    folder = Path(tempfile.mkdtemp(prefix="tc-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        for leftover in _kept_for(folder):
            shutil.rmtree(leftover)
        shutil.rmtree(folder)


def _kept_for(folder: Path) -> list[Path]:
    """Return what root keeps elsewhere for the databases in `folder`: other tests, which run beside, have their own."""
    names = {clusters.stable_id(path) for path in (folder, *folder.rglob("*")) if path.is_dir()}
    return [kept for kept in ROOTS_FOLDER.glob("*") if kept.stem.removeprefix("run-") in names]


def embedded(data_dir: Path, progress: Callable[[str], None] = lambda line: None) -> EmbeddedPostgres:
    return EmbeddedPostgres(data_dir, progress=progress)


@contextmanager
def running(data_dir: Path) -> Iterator[str]:
    server = embedded(data_dir)
    try:
        yield server.start()
    finally:
        server.stop()


def sql(address: str, statement: str, *values: object) -> object:
    """Return the first column of the first row, committed."""
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


QUIET = "SELECT current_setting('log_error_verbosity') || current_setting('log_min_error_statement')"


def keep(address: str, text: str) -> None:
    sql(address, "CREATE TABLE IF NOT EXISTS kept (text text)")
    sql(address, "INSERT INTO kept VALUES (%s)", text)


def server_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


def in_process_of(uid: int, action: Callable[[], object]) -> str:
    """Return what `action` returns or says when it fails, done by another user in a child of this process."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def act() -> None:
        if os.geteuid() != uid:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
        try:
            sender.send(str(action()))
        except StartError as error:
            sender.send(f"StartError: {error}")

    child = context.Process(target=act)
    child.start()
    sender.close()
    try:
        return str(receiver.recv())
    finally:
        child.join()
