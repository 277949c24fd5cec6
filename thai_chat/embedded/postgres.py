"""The private PostgreSQL of a DATA_DIR, shared by every process of ours that uses the folder."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg2

from thai_chat.domain import private_files
from thai_chat.domain.errors import StartError
from thai_chat.embedded import cluster as clusters
from thai_chat.embedded import postmaster as postmasters
from thai_chat.embedded.cluster import DATABASE, ROLE, Cluster
from thai_chat.embedded.postmaster import Postmaster

logger = logging.getLogger(__name__)

_CONNECT_S = 10
_THAI_SAMPLE = "ข้าวมันไก่"


class EmbeddedPostgres:
    """Starts the server of `data_dir`, or joins the one that runs, and ends it when the last process leaves.

    Every method blocks and may be called again, from any thread. Who holds the server is told by file locks, which
    the kernel gives up with the process, so that a kill -9 leaves nothing to clean.
    """

    def __init__(self, data_dir: Path, *, progress: Callable[[str], None]) -> None:
        """Take the database's folder. `progress` gets one line whenever something takes time or is worth knowing."""
        # One thread at a time: a stop during a start waits for it and then stops what it started.
        self._busy = threading.Lock()
        self._data_dir = data_dir.expanduser().absolute()
        self._progress = progress
        self._postmaster: Postmaster | None = None
        self._address: str | None = None
        self._in_use: int | None = None
        """Descriptor that holds the shared lock while this process uses the server."""

    def start(self) -> str:
        """Return the address for libpq and SQLAlchemy, once the server takes connections.

        Calling it again gives the address again, after starting the server anew if it has died. Raises StartError.
        """
        try:
            with self._busy:
                self._make_data_dir()
                with self._one_at_a_time():
                    return self._start()
        except OSError as exc:
            raise StartError(
                f"The database in {self._data_dir} can't be used: {exc.strerror or exc}. "
                "Correct that, or set DATA_DIR to another folder."
            ) from exc

    def is_running(self) -> bool:
        """Tell whether the server that `start` gave still lives."""
        return self._postmaster is not None and self._postmaster.is_alive()

    def stop(self) -> None:
        """Leave the server, and stop it when no other process uses it."""
        with self._busy:
            if self._in_use is not None:
                with self._one_at_a_time():
                    self._leave()

    def _start(self) -> str:
        if self._address and self.is_running():
            return self._address
        self._join()
        try:
            cluster, password = self._prepare()
            if self._postmaster is None:
                clusters.set_roles(cluster, self._progress)
                self._postmaster = postmasters.launch(cluster, self._data_dir / "postgres.log", self._progress)
            self._address = _address(cluster, password)
            _check(self._address)
        except BaseException:
            self._leave()
            raise
        return self._address

    def _prepare(self) -> tuple[Cluster, str]:
        """Return the files and the password; put the server that already runs on them into `_postmaster`, if it can be
        kept."""
        cluster = clusters.open_or_make(self._data_dir, self._progress)
        password = clusters.read_password(self._data_dir)
        if self._postmaster is None or not self._postmaster.is_alive():
            self._postmaster = postmasters.running(cluster)
        if self._postmaster and not self._postmaster.wait_until_ready(self._progress):
            self._postmaster = None
        if self._postmaster and (password is None or self._is_outdated(cluster, password)):
            self._replace(self._postmaster)
        return cluster, password or clusters.renew_password(self._data_dir, cluster)

    def _is_outdated(self, cluster: Cluster, password: str) -> bool:
        """Tell whether a server left behind by a killed process has another version than the programs have now."""
        if not self._is_alone():
            return False
        with closing(_connect(_address(cluster, password))) as connection:
            major, minor = divmod(connection.server_version, 10_000)
            return f"{major}.{minor}" != cluster.binaries.version

    def _replace(self, postmaster: Postmaster) -> None:
        if not self._is_alone():
            raise StartError(
                f"{self._data_dir}/postgres.password is gone while another process uses the database: "
                "stop that one, then start again."
            )
        postmaster.stop(self._progress)
        self._postmaster = None

    def _make_data_dir(self) -> None:
        # Root's server runs as another user, who has to pass through the folder; what is in it is closed by itself.
        self._data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        self._data_dir = self._data_dir.resolve()

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        descriptor = self._open("postgres.lock")
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._progress("Another process starts or stops the database of this folder; waiting for it ...")
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _join(self) -> None:
        if self._in_use is None:
            self._in_use = self._open("postgres.users")
        fcntl.flock(self._in_use, fcntl.LOCK_SH)

    def _leave(self) -> None:
        if self._postmaster and self._is_alone():
            self._postmaster.stop(self._progress)
        elif self._postmaster:
            self._postmaster.release()
        if self._in_use is not None:
            os.close(self._in_use)
        self._in_use = self._postmaster = self._address = None

    def _is_alone(self) -> bool:
        """Tell whether no other process uses the server.

        Only inside `_one_at_a_time`, and after `_join`: nobody can join or leave meanwhile.
        """
        assert self._in_use is not None
        try:
            # flock does not change a lock in one step: a refusal may lose the shared one, so it is taken again below.
            fcntl.flock(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            alone = False
        else:
            alone = True
        fcntl.flock(self._in_use, fcntl.LOCK_SH)
        return alone

    def _open(self, name: str) -> int:
        return private_files.open_or_create(self._data_dir / name, os.O_RDWR)


def _address(cluster: Cluster, password: str) -> str:
    folder = quote(str(cluster.socket_folder), safe="")
    return f"postgresql://{ROLE}:{quote(password, safe='')}@/{DATABASE}?host={folder}&port=5432"


def _connect(address: str) -> psycopg2.extensions.connection:
    try:
        return psycopg2.connect(address, connect_timeout=_CONNECT_S)
    except psycopg2.OperationalError as exc:
        raise StartError(
            f"The embedded PostgreSQL can't be reached: {str(exc).strip().splitlines()[0].rstrip('.')}. If it is about "
            "the password: stop Thai Chat, remove postgres.password in DATA_DIR and start again; it is made anew."
        ) from exc


def _check(address: str) -> None:
    """Warn when trigrams of Thai are empty, which a wrong locale causes without a word of its own."""
    with closing(_connect(address)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if not cursor.fetchone()[0]:
            return
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute("SELECT cardinality(show_trgm(%s))", (_THAI_SAMPLE,))
        if not cursor.fetchone()[0]:
            logger.warning("The database's locale knows no Thai letters: trigram searches will find nothing")
        connection.rollback()
