"""The private database's files: where they are, how they are made, and the password to them."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from thai_chat.domain import private_files, requests_role, server_log
from thai_chat.domain.errors import StartError
from thai_chat.embedded import account as accounts
from thai_chat.embedded import binaries as programs
from thai_chat.embedded.account import SystemAccount
from thai_chat.embedded.binaries import Binaries

DATABASE = ROLE = "thai_chat"
SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"

_ROOTS_FOLDER = Path("/var/lib/thai-chat")
_SHORT_PARENT = Path("/tmp")  # what is made there is checked for its owner and mode
_LONGEST_SOCKET_PATH = 103  # sun_path has 108 bytes on Linux and 104 on macOS, with a final NUL
_ROOM_BYTES = 200_000_000
# With a ctype of C, trigrams and upper/lower case of anything but ASCII silently do nothing.
_LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8")
_LOGINS = f"""\
# The owner of these files may enter as the superuser {SUPERUSER}; the application has a password.
local  all  {SUPERUSER}  peer  map=owner
local  {DATABASE}  {ROLE}  scram-sha-256
"""
_TUNING = """
# Thai Chat, for a small machine. Change what you like: it is written once, when the database is made.
max_connections = 50
shared_buffers = 128MB
jit = off
password_encryption = scram-sha-256
logging_collector = off
log_checkpoints = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    folder: Path
    """Resolved: no symbolic link in it."""
    account: SystemAccount
    binaries: Binaries
    socket_folder: Path

    def server(self, *options: str) -> list[str | Path]:
        """Return the command line of a server on these files, up to its options."""
        return [self.binaries.program("postgres"), *options, "-D", self.folder]

    def run_sql(self, *statements: str) -> None:
        """Run statements as the superuser, who needs no password this way. Only while no server runs on the files.

        Raises StartError.
        """
        command = [*self.server("--single"), "-c", "log_min_error_statement=panic", SUPERUSER]
        ran = self.account.run(command, stdin="".join(f"{statement};\n" for statement in statements))
        # It goes on after an error and ends with 0.
        if ran.returncode != 0 or "ERROR:" in ran.stderr:
            raise StartError(f"The database in {self.folder} could not be prepared: {_reason(ran.stderr)}")


def open_or_make(data_dir: Path, progress: Callable[[str], None]) -> Cluster:
    """Return the cluster of `data_dir`, made when there is none. The caller holds the lock on it. Raises StartError."""
    link = data_dir / "postgres"
    try:
        if link.is_symlink() and not link.exists():
            raise StartError(
                f"{link} leads to {link.readlink()}, which is not there: bring that folder back, "
                f"or remove {link} to begin with an empty database."
            )
        if not link.is_dir() or not any(link.iterdir()):
            return _make(data_dir, progress)
        return _open(link.resolve(), progress)
    except PermissionError as exc:
        raise StartError(
            f"{link} may not be used by {accounts.current_name()}: start as its owner or as root, "
            "or set DATA_DIR to a folder of your own."
        ) from exc
    except OSError as exc:
        raise StartError(
            f"{link} can't be used: {exc.strerror or exc}. Correct that, or set DATA_DIR elsewhere."
        ) from exc


def read_password(data_dir: Path) -> str | None:
    """Return the database's password; None until there is one that the database knows."""
    path = _password_file(data_dir)
    return path.read_text("ascii").strip() if path.exists() else None


def renew_password(data_dir: Path, cluster: Cluster) -> str:
    """Make a password, tell the database, keep it in a file of mode 0600. Only while no server runs on the files."""
    made = secrets.token_urlsafe(32)
    cluster.run_sql(f"ALTER ROLE {ROLE} PASSWORD '{made}'")
    path = _password_file(data_dir)
    partial = path.with_suffix(".partial")
    with open(private_files.create(partial), "w", encoding="ascii") as file:
        file.write(f"{made}\n")
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    return made


def set_roles(cluster: Cluster, progress: Callable[[str], None]) -> None:
    """Keep chats out of the server's log and make the role of requests, once for a database of an earlier version. Only
    while no server runs on it.

    A database that did not stop in good order is left for the next time: it may take long to recover.
    """
    statements = [*server_log.statements(ROLE), *requests_role.statements(ROLE)]
    marker, wanted = cluster.folder / "thai-chat.quiet", "\n".join(statements)
    if (cluster.folder / "postmaster.pid").exists() or cluster.account.read(marker) == wanted:
        return
    try:
        cluster.run_sql(*statements)
        cluster.account.write(marker, wanted)
    except StartError as error:
        progress(str(error))  # the chats are more than their absence from a log


def _password_file(data_dir: Path) -> Path:
    return data_dir / "postgres.password"


def _open(folder: Path, progress: Callable[[str], None]) -> Cluster:
    account = accounts.of_owner(folder)
    try:
        major = int((folder / "PG_VERSION").read_text("ascii"))
    except (FileNotFoundError, ValueError) as exc:
        raise StartError(f"{folder} holds no PostgreSQL database: move it away, a new one is made then.") from exc
    binaries = _reachable(programs.find(major), account, progress)
    if account.is_other and not account.can_enter(folder):
        raise StartError(
            f"{account.name}, as whom PostgreSQL runs, can't reach {folder}: move it to "
            f"{_ROOTS_FOLDER / stable_id(folder.parent)} and make {folder} a symbolic link to that."
        )
    return Cluster(folder, account, binaries, _socket_folder(folder, account))


def _make(data_dir: Path, progress: Callable[[str], None]) -> Cluster:
    account = accounts.choose(progress)
    folder = _place(data_dir, account, progress)
    if (folder / "PG_VERSION").exists():
        progress(f"Found the earlier database in {folder}.")
        cluster = _open(folder, progress)
    else:
        progress("Making a new database ...")
        # A password left over from a database that is gone would be taken for this one's.
        _password_file(data_dir).unlink(missing_ok=True)
        cluster = _initialise(folder, account, _reachable(programs.find(), account, progress), progress)
    link = data_dir / "postgres"
    if folder != link:
        if link.is_dir() and not link.is_symlink():
            link.rmdir()
        link.symlink_to(folder)
    return cluster


def _place(data_dir: Path, account: SystemAccount, progress: Callable[[str], None]) -> Path:
    if not account.is_other or account.can_enter(data_dir):
        return data_dir / "postgres"
    folder = _roots_folder() / stable_id(data_dir)
    # Opening the folders above DATA_DIR to everybody would show root's own files; the database moves instead.
    progress(f"{account.name} can't reach {data_dir}; the database is in {folder}, with a link to it.")
    return folder


def _reachable(binaries: Binaries, account: SystemAccount, progress: Callable[[str], None]) -> Binaries:
    if not account.is_other or account.can_run(binaries.program("postgres")):
        return binaries
    parent = _roots_folder()
    copied = programs.copied(binaries, parent)
    if not copied.folder.is_dir():
        progress(f"{account.name} can't reach {binaries.folder}; copying PostgreSQL's programs to {parent} ...")
        programs.copy(binaries, parent)
    return copied


def _roots_folder() -> Path:
    """Return the folder where root puts what its server's account has to reach.

    Raises StartError when somebody else can change it: who owns a folder can lead elsewhere what root writes into it.
    """
    _ROOTS_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    status = _ROOTS_FOLDER.stat()
    if status.st_uid != 0 or status.st_mode & 0o022:
        raise StartError(
            f"root would have to write into {_ROOTS_FOLDER}, which others can change: start as its owner, or put Thai "
            "Chat and DATA_DIR where PostgreSQL's account can reach them."
        )
    return _ROOTS_FOLDER


def _initialise(folder: Path, account: SystemAccount, binaries: Binaries, progress: Callable[[str], None]) -> Cluster:
    free = shutil.disk_usage(folder.parent).free
    if free < _ROOM_BYTES:
        raise StartError(
            f"The disk of {folder.parent} has {free // 1_000_000} MB left and a database needs "
            f"{_ROOM_BYTES // 1_000_000} MB: free some space, or set DATA_DIR to another disk."
        )
    # Whole or not at all: what is half made when the process is killed never gets the final name.
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    account.own(partial)
    cluster = Cluster(partial, account, binaries, partial)
    locale = _initdb(cluster)
    _configure(cluster)
    cluster.run_sql(
        f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE",
        f"CREATE DATABASE {DATABASE} OWNER {ROLE} TEMPLATE template0 ENCODING 'UTF8' LOCALE '{locale}'",
    )
    set_roles(cluster, progress)
    if folder.is_dir():
        folder.rmdir()
    partial.rename(folder)
    return Cluster(folder, account, binaries, _socket_folder(folder, account))


def _initdb(cluster: Cluster) -> str:
    reason = ""
    for locale in _LOCALES:
        command: list[str | Path] = [
            cluster.binaries.program("initdb"),
            *("--pgdata", cluster.folder, "--username", SUPERUSER, "--encoding", "UTF8", "--locale", locale),
            *("--data-checksums", "--auth-local", "peer", "--auth-host", "reject", "--no-instructions"),
        ]
        made = cluster.account.run(command)
        if made.returncode == 0:
            return locale
        reason = _reason(made.stderr)
        if "locale" not in reason:
            break
    raise StartError(f"The database could not be made in {cluster.folder.parent}: {reason}")


def _configure(cluster: Cluster) -> None:
    folder, account = cluster.folder, cluster.account
    account.write(folder / "pg_hba.conf", _LOGINS)
    account.write(folder / "pg_ident.conf", f"owner  {account.name}  {SUPERUSER}\n")
    account.write(folder / "postgresql.conf", _TUNING, append=True)


def _reason(stderr: str) -> str:
    """Return the one line of a program's complaints that says what is wrong."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "ERROR", "error:"))]
    return (telling or lines or ["no reason was given"])[-1]


def _socket_folder(folder: Path, account: SystemAccount) -> Path:
    if len(os.fsencode(folder / SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
        return folder
    name = stable_id(folder)
    short = _roots_folder() / f"run-{name}" if account.is_other else _SHORT_PARENT / f"thai-chat-{account.uid}-{name}"
    try:
        short.mkdir(mode=0o700)
        account.own(short)
    except FileExistsError:
        status = short.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != account.uid or status.st_mode & 0o077:
            raise StartError(
                f"{short} is not a folder of {account.name} alone: remove it, or set DATA_DIR to a shorter path."
            ) from None
    return short


def stable_id(path: Path) -> str:
    """Return the name, 16 hexadecimal digits, under which root keeps elsewhere what belongs to the folder `path`."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
