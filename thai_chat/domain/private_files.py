"""Opens files for their owner alone, in folders that another account may own too: no link is followed."""

from __future__ import annotations

import os
from pathlib import Path


def create(path: Path) -> int:
    """Create a file of mode 0600 and return its descriptor, to read and write.

    A file that had its name is removed first. Raises OSError.
    """
    path.unlink(missing_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)


def open_or_create(path: Path, flags: int) -> int:
    """Return a descriptor of the file, made with mode 0600 where there is none. Raises OSError, for a link too."""
    return os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def sync_folder(folder: Path) -> None:
    """Make the names of its files survive a power cut. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
