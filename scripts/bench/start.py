"""`./manage.sh bench start`: a warm start (virtual environment ready, database made) beside `import gradio` alone.

Both are whole processes, run in turn; the limit of a warm start is the import and the database's own start.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts.bench.processes import running
from thai_chat.embedded.postgres import EmbeddedPostgres


def import_s() -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "import gradio"], check=True, env={**os.environ, "GRADIO_ANALYTICS_ENABLED": "0"}
    )
    return time.perf_counter() - began


def database_s(data_dir: Path) -> float:
    database = EmbeddedPostgres(data_dir, progress=lambda line: None)
    began = time.perf_counter()
    database.start()
    took_s = time.perf_counter() - began
    database.stop()
    return took_s


def page_start(port: int, data_dir: Path) -> tuple[float, float]:
    """Return the seconds to the first answer, and megabytes once it is at rest."""
    with running(port, {"DATA_DIR": str(data_dir)}) as server:
        time.sleep(3)
        return server.started_s, server.memory_mb()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--port", type=int, default=7898)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="thai-chat-bench-") as folder:
        Path(folder).chmod(0o755)
        data_dir = Path(folder) / "data"
        page_start(options.port, data_dir)  # makes the database
        rows = []
        print(f"{'import gradio':>14}{'database':>10}{'page':>8}{'page / limit':>14}{'MB at rest':>12}")
        for _ in range(options.runs):
            gradio_s, postgres_s = import_s(), database_s(data_dir)
            page_s, memory_mb = page_start(options.port, data_dir)
            rows.append((gradio_s, postgres_s, page_s, page_s / (1.5 * gradio_s + postgres_s), memory_mb))
            print(_line(rows[-1]), flush=True)
        print("median:")
        print(_line(tuple(statistics.median(column) for column in zip(*rows, strict=True))))
        print("limit: 1.5 times `import gradio` plus the database's start")


def _line(row: tuple[float, ...]) -> str:
    gradio_s, postgres_s, page_s, ratio, memory_mb = row
    return f"{gradio_s:>12.2f} s{postgres_s:>8.2f} s{page_s:>6.2f} s{ratio:>14.2f}{memory_mb:>12.0f}"


if __name__ == "__main__":
    main()
