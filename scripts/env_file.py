"""Sets one name in `.env` to what standard input holds: other lines kept, mode 600, whole or not at all.

Usage: python3 scripts/env_file.py NAME [FILE]. Needs nothing but the standard library.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path


def with_value(text: str, name: str, value: str) -> str:
    """Return `text` with NAME=value in the place of its last line for it; other values it had stay as comments.

    Every other line stays as it is, its end and a byte order mark included.
    """
    assignment = re.compile(rf"\ufeff?\s*(?:export\s+)?{re.escape(name)}\s*=\s*(.*?)\s*")
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    found = [(number, match) for number, line in enumerate(lines) if (match := assignment.fullmatch(line))]
    if not found:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += end
        return "".join([*lines, f"{name}={value}{end}"])
    place = value.rpartition("@")[2]
    for number, match in found:
        had = match.group(1)
        # An old password of the very same database is of no use to anybody.
        is_other = had and had.strip("\"'").rpartition("@")[2] != place
        lines[number] = f"# before setup-postgres: {name}={had}{end}" if is_other else ""
    lines[found[-1][0]] += f"{name}={value}{end}"
    return ("\ufeff" if text.startswith("\ufeff") and not lines[0].startswith("\ufeff") else "") + "".join(lines)


def problem(file: Path) -> str:
    """Return what would hinder `replace`, found without changing anything; empty when nothing would."""
    file = file.resolve()
    if file.exists() and not (file.is_file() and file.stat().st_mode & 0o200 and os.access(file, os.W_OK)):
        return f"{file} is write-protected: chmod u+w {file}, as its owner"
    if not os.access(file.parent, os.W_OK):
        return f"{file.parent} can't be written by this user: start as its owner"
    return ""


def replace(file: Path, text: str) -> None:
    # A link is kept: the file behind it is replaced.
    file = file.resolve()
    owner = (file if file.exists() else file.parent).stat()
    partial = file.with_name(f"{file.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as output:
            output.write(text.encode())
            output.flush()
            os.fsync(output.fileno())
            if os.geteuid() == 0:
                # By its descriptor: whoever owns the folder could put a link in the place of the name.
                os.fchown(output.fileno(), owner.st_uid, owner.st_gid)
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)  # it holds a password


def set_value(file: Path, name: str, value: str) -> bool:
    """Set a value; tell whether the file was changed. One that says it already is left alone.

    Raises OSError, UnicodeDecodeError.
    """
    text = file.read_bytes().decode("utf-8") if file.exists() else ""
    changed = with_value(text, name, value)
    if changed != text:
        replace(file, changed)
    return changed != text


def main() -> int:
    name, file = sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else ".env")
    try:
        set_value(file, name, sys.stdin.read().strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        print(f"thai-chat: {file} can't be written: {reason}. Correct it or move it away.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
