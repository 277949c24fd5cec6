"""The files of a form that a person hands in, on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file as it was handed in: `size` bytes from `start` on."""

    name: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Upload:
    """Any number of files one after the other in one, so that a thousand of them take one descriptor."""

    file: IO[bytes]
    """A file without a name on the disk, so that it is gone with the process, however that ends."""
    files: Sequence[GivenFile]

    @property
    def size_bytes(self) -> int:
        return sum(given.size for given in self.files)

    @property
    def names(self) -> str:
        """The files' names, for people: of many only the first."""
        shown = ", ".join(given.name for given in self.files[:3])
        return f"{shown}, …" if len(self.files) > 3 else shown

    def close(self) -> None:
        """Close the file of the upload. Safe to call twice."""
        self.file.close()
