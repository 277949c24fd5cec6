"""How the commands write on the terminal."""

from __future__ import annotations

from contextlib import suppress


def progress(line: str) -> None:
    # A terminal that was closed must not hinder what is being done, such as storing and stopping.
    with suppress(OSError):
        print(f"  {line}", flush=True)


def size(size_bytes: int) -> str:
    """Rounded, with its unit: "512 kB", "1.5 GB"."""
    value, unit = float(size_bytes), "B"
    for bigger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, bigger
    return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"
