"""A real pgbouncer in transaction mode, in front of a PostgreSQL of the tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg2

from tests.ports import free_port
from tests.postgres_servers import PostgresServer, unprivileged, wait_for

_PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))

# These are the settings that docs/operations.md tells operators, and what it takes to run here; all else is pgbouncer's
# own default.
_SETTINGS = """
[databases]
* = host=127.0.0.1 port={server_port}
[pgbouncer]
pool_mode = transaction
server_login_retry = 1
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
admin_users = chat
"""


class PgBouncer:
    """Not started when made."""

    def __init__(self, server: PostgresServer) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="thai-chat-test-"))
        self.folder.chmod(0o755)
        settings = _SETTINGS.format(server_port=server.port, port=self.port, folder=self.folder)
        (self.folder / "pgbouncer.ini").write_text(settings)
        (self.folder / "users.txt").write_text('"chat" ""\n')
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start pgbouncer; return when it takes connections."""
        program = shutil.which("pgbouncer", path=_PLACES)
        assert program, "pgbouncer is not installed"
        user = unprivileged()
        self._process = subprocess.Popen(
            [program, "--quiet", str(self.folder / "pgbouncer.ini")],
            cwd=self.folder,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self.answers)

    def crash(self) -> None:
        """Kill it with kill -9. Safe to call twice."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=10)
            self._process = None

    def freeze(self) -> None:
        """Take connections and bytes and do nothing with them until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`. Safe at any time."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        self.crash()
        shutil.rmtree(self.folder)

    def answers(self) -> bool:
        """Tell whether it answers, whatever is behind it."""
        try:
            psycopg2.connect(f"postgresql://chat@127.0.0.1:{self.port}/pgbouncer", connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
