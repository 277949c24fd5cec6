"""Folders as the commands find them: each may be closed, a file, or a link that leads nowhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def problem(folder: Path) -> str | None:
    """Return why the folder can't be read, in plain words; None when it can, or when it is not there."""
    try:
        found = folder.lstat()
        if stat.S_ISLNK(found.st_mode):
            found = folder.stat()
        if stat.S_ISDIR(found.st_mode):
            os.scandir(folder).close()
            (folder / ".").stat()  # a folder may be listed and not be entered
    except FileNotFoundError:
        if not os.path.islink(folder):
            return None
        return f"{folder} leads to {os.readlink(folder)}, which is not there"
    except OSError as error:
        return f"{folder} can't be read: {error.strerror or error}"
    return None if stat.S_ISDIR(found.st_mode) else f"{folder} is a file and no folder"


def nearest(folder: Path) -> Path:
    """Return the folder, or the first above it that is there."""
    return next(parent for parent in (folder, *folder.parents) if os.path.isdir(parent))
