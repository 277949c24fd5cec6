"""The private server's process: begun, found again, waited for, ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from thai_chat.domain import private_files
from thai_chat.domain.errors import StartError
from thai_chat.embedded.cluster import Cluster

_LOG_BYTES = 10_000_000
_ORPHANS_S = 60.0
_STOP_S = 30.0
_FULL_BYTES = 20_000_000  # a WAL segment has 16 MiB
_QUIET_S = 2.0
# These must hold whatever postgresql.conf says. Errors are logged without the statement and its rows: they are chats.
_FIXED = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "log_destination": "stderr",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True, slots=True)
class Postmaster:
    pid: int
    cluster: Cluster
    child: subprocess.Popen[bytes] | None = None
    """None when another process started it."""

    def is_alive(self) -> bool:
        if self.child:
            return self.child.poll() is None
        return _serves(self.pid, self.cluster.folder)

    def wait_until_ready(self, progress: Callable[[str], None]) -> bool:
        """Wait as long as recovery takes, told by `progress`. False when the server ended instead."""
        for waited_s in _waiting():
            if not self.is_alive():
                return False
            found = _read(self.cluster.folder)
            if found and found.pid == self.pid and found.status == "ready":
                return True
            if waited_s:
                progress(f"PostgreSQL is starting; it may have to recover from a sudden end ({waited_s:.0f} s) ...")
        raise AssertionError("unreachable")

    def stop(self, progress: Callable[[str], None]) -> None:
        """Stop the server fast; after half a minute without a checkpoint, and the next start recovers."""
        for number, limit_s in ((signal.SIGINT, _STOP_S), (signal.SIGQUIT, _STOP_S)):
            self._signal(number)
            for waited_s in _waiting(limit_s):
                if not self.is_alive():
                    return
                if waited_s:
                    progress(f"PostgreSQL is stopping ({waited_s:.0f} s) ...")
        progress(f"PostgreSQL (process {self.pid}) did not stop in time; it goes on by itself.")

    def release(self) -> None:
        """Let the server go on without us, for the other processes that use it."""
        if self.child:
            self.child.returncode = 0  # else subprocess warns that its child still runs

    def _signal(self, number: int) -> None:
        if self.is_alive():
            os.kill(self.pid, number)


def running(cluster: Cluster) -> Postmaster | None:
    """Return the server that runs on these files, whoever started it; None without one."""
    found = _read(cluster.folder)
    if found is None or not _serves(found.pid, cluster.folder):
        return None
    return Postmaster(found.pid, cluster)


def launch(cluster: Cluster, log_file: Path, progress: Callable[[str], None]) -> Postmaster:
    """Start a server and wait until it takes connections. Raises StartError with the server's own reason."""
    deadline, is_told = time.monotonic() + _ORPHANS_S, False
    while True:
        with _open_log(log_file) as log:
            begins_at = log.tell()
            child = cluster.account.start(_command(cluster), output=log, environment=_ignore_stale_pid(cluster))
        postmaster = Postmaster(child.pid, cluster, child)
        try:
            ready = postmaster.wait_until_ready(progress)
        except BaseException:
            # Ctrl-C while it recovers: it is our child and nobody else knows it yet.
            postmaster.stop(progress)
            raise
        if ready:
            return postmaster
        reason = _reason(log_file, begins_at)
        # After a kill -9 its children need a moment to notice; a second server beside them would destroy data.
        if "shared memory block" not in reason or time.monotonic() > deadline:
            raise StartError(_advice(reason, log_file))
        if not is_told:
            progress("Waiting for the processes of the earlier PostgreSQL to end ...")
        is_told = True
        time.sleep(0.5)


def _command(cluster: Cluster) -> list[str | Path]:
    command = cluster.server()
    for name, value in (_FIXED | {"unix_socket_directories": str(cluster.socket_folder)}).items():
        command += ["-c", f"{name}={value}"]
    return command


@dataclass(frozen=True, slots=True)
class _PidFile:
    pid: int
    status: str


def _read(folder: Path) -> _PidFile | None:
    """Read `postmaster.pid`; its lines are in PostgreSQL's src/include/utils/pidfile.h."""
    try:
        lines = (folder / "postmaster.pid").read_text("utf-8", "replace").splitlines()
        return _PidFile(abs(int(lines[0])), lines[7].strip() if len(lines) > 7 else "")
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _serves(pid: int, folder: Path) -> bool:
    """Tell whether `pid` is a server on `folder`: false for a zombie and for a program that got the number later.

    Its command line is asked because everybody may read that; /proc/PID/cwd is closed to root in many containers.
    """
    if Path("/proc/self").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return b"\0-D\0" + os.fsencode(folder) + b"\0" in command
    listed = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False, timeout=10)
    return b" -D " + os.fsencode(folder) in listed.stdout


def _ignore_stale_pid(cluster: Cluster) -> dict[str, str]:
    """Let the server start although the process number it left behind is in use by another program, or a zombie.

    PostgreSQL takes a lock file for stale when it names its "grandparent" (CreateLockFile in miscinit.c); it still
    refuses when processes of the earlier server are attached to its shared memory, which removing the file would hide.
    """
    found = _read(cluster.folder)
    return {"PG_GRANDPARENT_PID": str(found.pid)} if found else {}


@contextmanager
def _open_log(path: Path) -> Iterator[IO[bytes]]:
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    with open(private_files.open_or_create(path, os.O_WRONLY | os.O_APPEND), "ab") as log:
        yield log


def _reason(log_file: Path, begins_at: int) -> str:
    with log_file.open("rb") as log:
        log.seek(begins_at)
        lines = log.read().decode("utf-8", "replace").splitlines()
    telling = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
    return (telling or lines or ["no reason was given"])[0].split("FATAL:")[-1].strip()


def _advice(reason: str, log_file: Path) -> str:
    # On a full disk the reason itself may not have been written.
    if "No space left" in reason or shutil.disk_usage(log_file.parent).free < _FULL_BYTES:
        return f"The disk of {log_file.parent} is full, so PostgreSQL can't start: free some space and start again."
    return f"PostgreSQL did not start: {reason} ({log_file} has more.)"


def _waiting(limit_s: float | None = None) -> Iterator[float]:
    """Yield now and again until `limit_s`: 0, but about once a second, after a quiet time, the seconds waited."""
    begun = told = time.monotonic()
    pause_s = 0.005
    while limit_s is None or time.monotonic() - begun < limit_s:
        now = time.monotonic()
        tell = now - begun >= _QUIET_S and now - told >= 1
        told = now if tell else told
        yield now - begun if tell else 0.0
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.1)
