"""Sets one name in `.env` to what standard input holds: other lines kept, mode 600, whole or not at all.

Usage: python3 scripts/env_file.py NAME [FILE]. Needs nothing but the standard library.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path


def with_value(text: str, name: str, value: str) -> str:
    """`text` with NAME=value in the place of its last line for it; other values it had stay as comments."""
    assignment = re.compile(rf"\s*(?:export\s+)?{re.escape(name)}\s*=\s*(.*)")
    lines = text.splitlines()
    found = [(number, match) for number, line in enumerate(lines) if (match := assignment.fullmatch(line))]
    new = f"{name}={value}"
    place = value.rpartition("@")[2]
    for number, match in found:
        had = match.group(1).strip()
        # An old password of the very same database is of no use to anybody.
        is_other = had and had.strip("\"'").rpartition("@")[2] != place
        lines[number] = f"# before setup-postgres: {name}={had}" if is_other else ""
    if found:
        last = found[-1][0]
        lines[last] = f"{lines[last]}\n{new}" if lines[last] else new
        for number, _ in reversed(found[:-1]):
            if not lines[number]:
                del lines[number]
    else:
        lines.append(new)
    return "\n".join(lines) + "\n"


def replace(file: Path, text: str) -> None:
    # A link is kept: the file behind it is replaced.
    file = file.resolve()
    owner = (file if file.exists() else file.parent).stat()
    partial = file.with_name(f"{file.name}.partial")
    partial.unlink(missing_ok=True)
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as output:
        output.write(text)
        output.flush()
        os.fsync(output.fileno())
    if os.geteuid() == 0:
        os.chown(partial, owner.st_uid, owner.st_gid)
    partial.rename(file)


def main() -> int:
    name, file = sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else ".env")
    try:
        text = file.read_text("utf-8") if file.exists() else ""
        replace(file, with_value(text, name, sys.stdin.read().strip()))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        print(f"thai-chat: {file} can't be written: {reason}. Correct it or move it away.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
