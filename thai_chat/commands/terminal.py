"""How this process writes on the terminal: nothing else prints."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TextIO

from thai_chat.observability import printable


def tell(*lines: str, to: TextIO | None = None) -> None:
    """Prints each of `lines` as one line, at once; signs that a terminal would obey, and ends of lines, as escapes.

    `to` is standard output unless it is named.
    """
    stream = to or sys.stdout
    for line in lines:
        shown = printable(line)
        # In a terminal without UTF-8 Thai is escaped, too: better than no line at all.
        encoding = getattr(stream, "encoding", None) or "utf-8"
        print(shown.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def progress(line: str) -> None:
    # A terminal that was closed must not hinder what is being done, such as storing and stopping.
    with suppress(OSError):
        tell(f"  {line}".rstrip())


def size(size_bytes: int) -> str:
    """Rounded, with its unit: "512 kB", "1.5 GB"."""
    value, unit = float(size_bytes), "B"
    for bigger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, bigger
    return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"
