"""The account under which the private server runs: PostgreSQL refuses root, so root hands it to an unprivileged system
user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from thai_chat.domain.errors import StartError

SYSTEM_USER = "thai-chat"
_STAND_INS = ("postgres", "nobody")
_SBIN = "/usr/sbin:/sbin:/usr/bin:/bin"
# Nothing of the caller's environment goes in: PGOPTIONS, LD_PRELOAD or a C locale would change the server.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class SystemAccount:
    name: str
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """True when processes have to change to this account, which only root can."""
        return self.uid != os.geteuid()

    def own(self, path: Path) -> None:
        """Give this account the path itself, never what a link in its place leads to."""
        if self.is_other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def write(self, path: Path, text: str, *, append: bool = False) -> None:
        """Write as this account, so that a link in a folder of its own leads to nothing that only root may write.

        Raises StartError.
        """
        ran = self.run(["/bin/sh", "-c", f'cat >{">" if append else ""}"$0"', path], stdin=text)
        if ran.returncode:
            raise StartError(f"{path} can't be written by {self.name}: {ran.stderr.strip()}")

    def read(self, path: Path) -> str | None:
        """Read as this account, for the same reason as `write`; None for what is not there or not for it."""
        ran = self.run(["/bin/cat", path])
        return None if ran.returncode else ran.stdout

    def run(self, command: Sequence[str | Path], *, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end as this account, in `/`. The exit code is the caller's to look at. Raises
        StartError."""
        user, group, groups = self._identity()
        try:
            return subprocess.run(
                [str(part) for part in command],
                input=stdin,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                cwd="/",
                env=_ENVIRONMENT,
                umask=0o077,
                user=user,
                group=group,
                extra_groups=groups,
            )
        except OSError as exc:
            raise StartError(f"{command[0]} can't be run as {self.name}: {exc.strerror}.") from exc

    def start(
        self, command: Sequence[str | Path], *, output: IO[bytes], environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a server in a session of its own, so that Ctrl-C in our terminal does not reach it. Raises
        StartError."""
        user, group, groups = self._identity()
        try:
            return subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=_ENVIRONMENT | environment,
                umask=0o077,
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=groups,
            )
        except OSError as exc:
            raise StartError(f"PostgreSQL can't be started as {self.name}: {exc.strerror}.") from exc

    def can_enter(self, folder: Path) -> bool:
        return self.run(["/bin/sh", "-c", 'cd -- "$0"', folder]).returncode == 0

    def can_run(self, program: Path) -> bool:
        return self.run(["/bin/sh", "-c", '"$0" --version', program]).returncode == 0

    def _identity(self) -> tuple[int | None, int | None, list[int] | None]:
        return (self.uid, self.gid, []) if self.is_other else (None, None, None)


def current_name() -> str:
    return _name(os.geteuid())


def of_owner(folder: Path) -> SystemAccount:
    """Return the account that owns an existing database. Raises StartError when this process may not act as it."""
    status = folder.stat()
    name = _name(status.st_uid)
    account = SystemAccount(name, status.st_uid, status.st_gid)
    if status.st_uid == 0:
        raise StartError(
            f"{folder} belongs to root, and PostgreSQL does not run as root: "
            f"chown -R {SYSTEM_USER}: {folder}, or restore it with its owner."
        )
    if account.is_other and os.geteuid() != 0:
        raise StartError(
            f"{folder} belongs to {name}: start as {name} or as root, or set DATA_DIR to a folder of your own."
        )
    return account


def choose(progress: Callable[[str], None]) -> SystemAccount:
    """Return the account for a new database: oneself, or for root a system user that is made when missing.

    Raises StartError.
    """
    if os.geteuid() != 0:
        return SystemAccount(current_name(), os.geteuid(), os.getegid())
    account = _lookup(SYSTEM_USER) or _create(progress)
    if account:
        return account
    for name in _STAND_INS:
        account = _lookup(name)
        if account:
            progress(f"The system user {SYSTEM_USER} could not be made; PostgreSQL runs as {name} instead.")
            return account
    raise StartError(
        f"PostgreSQL does not run as root, and no other user is there: make one (useradd --system {SYSTEM_USER}), "
        "or start as an ordinary user."
    )


def _create(progress: Callable[[str], None]) -> SystemAccount | None:
    program = shutil.which("useradd", path=_SBIN)
    if not program:
        return None
    command = [program, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    made = subprocess.run(
        [*command, "--shell", "/usr/sbin/nologin", SYSTEM_USER], capture_output=True, timeout=60, check=False
    )
    account = _lookup(SYSTEM_USER)
    if made.returncode == 0 and account:
        progress(f"Made the system user {SYSTEM_USER}: PostgreSQL does not run as root.")
    return account


def _lookup(name: str) -> SystemAccount | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return SystemAccount(name, entry.pw_uid, entry.pw_gid)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
