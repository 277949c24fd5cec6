"""`./manage.sh bench [NAME ARGS]`: every benchmark is a module here; without a name the table of `chat`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py") if "def main()" in path.read_text("utf-8"))


def run() -> int:
    name = "chat"
    if sys.argv[1:] and not sys.argv[1].startswith("-"):
        name = sys.argv.pop(1)
    if name not in NAMES:
        print(f"There is no benchmark {name}. There are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    runpy.run_module(f"scripts.bench.{name}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(run())
