"""The PostgreSQL clusters of this machine, as Debian's tools know them, and how to be the superuser of one."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thai_chat.domain.errors import StartError

OLDEST = 13
_ROOT = Path(__file__).parents[2]
# Nothing of the caller's: PGHOST or a service file would lead elsewhere.
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_KEPT = ("PG_CLUSTER_CONF_ROOT", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Cluster:
    version: str
    name: str
    port: int
    state: str
    owner: str

    @property
    def is_online(self) -> bool:
        """False for a standby too, which can't be prepared."""
        return self.state == "online"

    def __str__(self) -> str:
        return f"{self.version}/{self.name}"

    def start(self) -> None:
        """Start the cluster, under systemd as its service. Raises StartError."""
        command = ["pg_ctlcluster", self.version, self.name, "start"]
        if _me() != self.owner:
            command = [*_root(), *command]
        _run(command, f"PostgreSQL {self} does not start; its log is in /var/log/postgresql")

    def rows(self, statement: str, *, within: str = "postgres", **values: str) -> list[dict[str, Any]]:
        """Return the rows of a query, by column. `values` are quoted by psql: `:'name'` or `:"name"`. Raises
        StartError."""
        told = self.execute(f"SELECT row_to_json(found) FROM ({statement}) found;", within=within, **values)
        return [json.loads(line) for line in told.splitlines() if line]

    def execute(self, statements: str, *, within: str = "postgres", **values: str) -> str:
        """Run statements as the server's superuser, up to the first that fails. Raises StartError."""
        command = ["psql", "--cluster", str(self), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]
        command += ["--set=ON_ERROR_STOP=1", f"--dbname={within}", "--file=-"]
        return _run([*_as(self.owner), *command], f"PostgreSQL {self} refused", stdin=_set(values) + statements)


def all_clusters() -> list[Cluster]:
    """Return the clusters that can be used: the running ones first, the newest first."""
    found = []
    if is_installed():
        for line in _run(["pg_lsclusters", "--no-header"], "pg_lsclusters failed").splitlines():
            version, name, port, state, owner = line.split()[:5]
            if int(version.split(".")[0]) >= OLDEST and state in ("online", "down"):
                found.append(Cluster(version, name, int(port), state, owner))
    return sorted(found, key=lambda one: (one.is_online, float(one.version)), reverse=True)


def is_installed() -> bool:
    return bool(list(Path("/usr/lib/postgresql").glob("*/bin/postgres"))) and Path("/usr/bin/pg_lsclusters").exists()


def install() -> None:
    """Install PostgreSQL from the packages of this system. Raises StartError."""
    script = "source scripts/terminal.sh && source scripts/debian.sh && install_packages '' postgresql"
    if subprocess.run(["bash", "-ec", script], cwd=_ROOT, stdin=subprocess.DEVNULL, check=False).returncode:
        raise StartError("PostgreSQL could not be installed.")


def make() -> Cluster:
    """Make the first cluster of the machine, in a locale that knows Thai letters; not started. Raises StartError."""
    newest = max((int(path.parts[-3]) for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")), default=0)
    command = ["pg_createcluster", str(newest), "main", "--locale", "C.UTF-8", "--encoding", "UTF8"]
    _run([*_root(), *command], f"The cluster {newest}/main could not be made")
    return all_clusters()[0]


def may_administer() -> bool:
    """Tell whether this is root, somebody who may become root without a password, or the owner of a cluster."""
    return _may_be_root() or any(cluster.owner == _me() for cluster in all_clusters())


def _may_be_root() -> bool:
    if os.geteuid() == 0:
        return True
    try:
        return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _me() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _root() -> list[str]:
    return [] if os.geteuid() == 0 else ["sudo", "-n"]


def _as(user: str) -> list[str]:
    if user == _me():
        return []
    return ["runuser", "-u", user, "--"] if os.geteuid() == 0 else ["sudo", "-n", "-u", user]


def _set(values: dict[str, str]) -> str:
    r"""Return psql's variables, for its standard input: everybody sees a command line. A line of the input ends a
    `\set`."""
    signs = str.maketrans({"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r"})
    return "".join(f"\\set {name} '{value.translate(signs)}'\n" for name, value in values.items())


def _run(command: Sequence[str], problem: str, *, stdin: str = "") -> str:
    environment = _ENVIRONMENT | {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        told = subprocess.run(
            command, input=stdin, capture_output=True, text=True, check=False, cwd="/", env=environment, timeout=120
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise StartError(f"{problem}: {exc}") from exc
    if told.returncode:
        said = [line for line in told.stderr.splitlines() if line.strip()]
        raise StartError(f"{problem}: {said[0] if said else f'exit code {told.returncode}'}")
    return told.stdout
