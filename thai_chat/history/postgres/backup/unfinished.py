"""Files that are being written: each has a name of its own until it is whole, and one that was left is removed later.

Whoever writes one holds a lock on it, by which others tell it from what a killed process has left.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO

from thai_chat.domain import private_files

SUFFIX = ".partial"


def is_one(file: Path) -> bool:
    """Return whether the name is that of a file which was not finished."""
    return file.name.endswith(SUFFIX)


@contextmanager
def opened(file: Path) -> Iterator[IO[bytes]]:
    """Open a new file (mode 0600) beside `file`, that gets its name at the end, or is gone when something fails.

    What earlier ones for `file` have left is removed first. Nothing is overwritten. Raises OSError, FileExistsError
    when there is a `file` by then.
    """
    sweep(file.parent, file.name)
    with _created(file) as output:
        partial = Path(output.name)
        try:
            yield output
            _name(partial, file)
            private_files.sync_folder(file.parent)
        finally:
            partial.unlink(missing_ok=True)


def sweep(folder: Path, name: str | None = None) -> None:
    """Remove what was left unfinished in the folder, for the file of that name or for all."""
    stem = "*" if name is None else glob.escape(name)
    for pattern in (f"{stem}{SUFFIX}", f"{stem}.*{SUFFIX}"):
        with suppress(OSError):
            for partial in list(folder.glob(pattern)):
                _remove(partial)


def _remove(partial: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(partial, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            partial.unlink()


def _created(file: Path) -> IO[bytes]:
    """Return a file of a name that nobody else takes, locked."""
    while True:
        partial = file.with_name(f"{file.name}.{token_hex(8)}{SUFFIX}")
        output = _opened(partial)
        fcntl.flock(output, fcntl.LOCK_EX)
        # Another one may have taken it for a left one before it was locked.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(output.fileno()), partial.stat()):
                return output
        output.close()


def _opened(partial: Path) -> IO[bytes]:
    descriptor = private_files.create(partial)
    return open(partial, "w+b", opener=lambda *_: descriptor)


def _name(partial: Path, file: Path) -> None:
    try:
        os.link(partial, file)
    except FileExistsError:
        raise
    except OSError:  # not every file system has links
        if file.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file)) from None
        partial.rename(file)
