"""A throw-away PostgreSQL cluster that Debian's tools know and the machine's own do not, and setup-postgres over it."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2

from scripts.postgres.__main__ import main
from tests.ports import free_port
from tests.postgres_servers import unprivileged
from tests.seclusion import bare
from thai_chat import settings


class DebianCluster:
    """`PG_CLUSTER_CONF_ROOT` is what points Debian's tools, and with them the script, at this one alone."""

    def __init__(self, *, locale: str = "C", port: int = 0) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="thai-chat-cluster-"))
        self.folder.chmod(0o755)
        self.port = port or free_port()
        self.environment = {"PG_CLUSTER_CONF_ROOT": str(self.folder / "etc")}
        self.version = max((path.name for path in Path("/usr/lib/postgresql").iterdir()), key=float)
        user = unprivileged() or pwd.getpwuid(os.geteuid())
        for name in ("etc", "run", "log"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, user.pw_uid, user.pw_gid)
        self._make("main", self.port, locale, user.pw_name)

    def _make(self, name: str, port: int, locale: str, user: str) -> None:
        places = ["--datadir", str(self.folder / name), "--socketdir", str(self.folder / "run")]
        places += ["--logfile", str(self.folder / "log" / name), "--port", str(port)]
        initdb = ["--", "--no-sync"]
        self.tool("pg_createcluster", self.version, name, "-u", user, "--locale", locale, *places, *initdb)
        # These are the settings of the tests' other servers: quick, and nothing of it outlives them.
        self.tool("pg_conftool", self.version, name, "set", "fsync", "off")
        self.tool("pg_conftool", self.version, name, "set", "unix_socket_permissions", "0777")

    def start(self) -> None:
        self.tool("pg_ctlcluster", "--skip-systemctl-redirect", self.version, "main", "start")

    def stop(self) -> None:
        command = ["pg_ctlcluster", "--skip-systemctl-redirect", self.version, "main", "stop", "--mode", "immediate"]
        subprocess.run(command, env=bare(**self.environment), capture_output=True, check=False)

    def restart(self) -> None:
        self.stop()
        self.start()

    @property
    def is_down(self) -> bool:
        return "down" in self.tool("pg_lsclusters", "--no-header")

    @property
    def log(self) -> str:
        return (self.folder / "log" / "main").read_text()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def set(self, name: str, value: str) -> None:
        """Set a setting, which needs a restart or `reload`."""
        self.tool("pg_conftool", self.version, "main", "set", name, value)

    @property
    def doors(self) -> Path:
        """pg_hba.conf."""
        return self.folder / "etc" / self.version / "main" / "pg_hba.conf"

    def reload(self) -> None:
        self.sql("SELECT pg_reload_conf()")

    def tool(self, *command: str) -> str:
        environment = bare(**self.environment) | {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        told = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stderr
        return told.stdout

    def sql(self, *statements: str, database: str = "postgres") -> list[dict[str, Any]]:
        """Run statements as the superuser; return the rows of those that are queries."""
        user = unprivileged()
        command = [
            *(["runuser", "-u", user.pw_name, "--"] if user else []),
            "psql",
            "--cluster",
            f"{self.version}/main",
        ]
        command += ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database]
        for statement in statements:
            command += ["-c", statement]
        return [json.loads(line) for line in self.tool(*command).splitlines() if line.startswith("{")]

    def state(self) -> dict[str, str]:
        """Return every role and database that is not the server's own, with what must not change unasked."""
        roles = (
            "SELECT row_to_json(r) FROM (SELECT rolname AS name, md5(row(r.*)::text) AS all FROM pg_authid r "
            "WHERE rolname !~ '^(pg_|postgres$)') r"
        )
        databases = (
            "SELECT row_to_json(r) FROM (SELECT 'db ' || datname AS name, pg_get_userbyid(datdba) || ' ' || "
            "coalesce(datacl::text, '') AS all FROM pg_database WHERE datname !~ '^(template.|postgres)$') r"
        )
        return {row["name"]: row["all"] for row in self.sql(roles, databases)}

    def clean(self) -> None:
        for name in self.state():
            if name.startswith("db "):
                self.sql(f'DROP DATABASE "{name[3:]}" WITH (FORCE)')
        for name in self.state():
            self.sql(f'DROP ROLE "{name}"')


@dataclass(frozen=True, slots=True)
class Run:
    code: int
    told: str
    """Standard output and standard error."""


class Setup:
    """setup-postgres of one clone: a folder with its `.env`."""

    def __init__(self, cluster: DebianCluster, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.cluster, self.folder, self.env = cluster, folder, folder / ".env"

    def command(self, *arguments: str) -> tuple[list[str], dict[str, str]]:
        """Return the command for a process of its own, and its environment."""
        environment = bare(THAI_CHAT_HOME=str(self.folder), **self.cluster.environment)
        return [sys.executable, "-m", "scripts.postgres", *arguments], environment

    def run(self, *arguments: str) -> Run:
        """Run in this process, which spares the imports; its standard input is no terminal."""
        # Settings that a user may have made for programs of his own lead nowhere.
        strange = {"PGHOST": "nowhere.invalid", "PGPORT": "1", "PGUSER": "nobody"}
        told = StringIO()
        own = environ(THAI_CHAT_HOME=str(self.folder), **self.cluster.environment, **strange)
        with own, redirect_stdout(told), redirect_stderr(told):
            code = main(arguments)
        return Run(code, told.getvalue())

    def prepared(self, *arguments: str) -> str:
        """Return what a run said that must succeed."""
        run = self.run(*arguments)
        assert run.code == 0, run.told
        assert self.works()
        return run.told

    def refused(self, *arguments: str) -> str:
        """Return what a run said that must fail and change nothing, neither on the server nor in `.env`."""
        before = self.state()
        run = self.run(*arguments)
        assert run.code == 1, run.told
        assert self.state() == before
        return run.told

    def state(self) -> tuple[bytes | None, dict[str, str]]:
        return self.env.read_bytes() if self.env.exists() else None, self.cluster.state()

    @property
    def address(self) -> str:
        found = settings.load(self.env, {}).database_address
        assert found
        return found.get_secret_value()

    @property
    def password(self) -> str:
        return self.address.split(":")[2].split("@")[0]

    def works(self) -> bool:
        try:
            with closing(psycopg2.connect(self.address, connect_timeout=5)):
                return True
        except psycopg2.OperationalError:
            return False


@contextmanager
def environ(**values: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
