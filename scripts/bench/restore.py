"""`./manage.sh bench restore`: backup and restore beside pg_dump and pg_restore of the same rows, on the same server.

PostgreSQL's tools leave the rows of the search index out as well, and have all its indexes to make, of empty tables.
CPU is that of both sides: on a machine that does other things it says more than the time.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scripts.bench import search_load
from scripts.bench.corpus import Size
from tests.postgres_servers import PostgresServer, installations
from thai_chat.history.postgres import upkeep
from thai_chat.history.postgres.backup import archive, restoring
from thai_chat.history.postgres.search import indexing

DATABASE = "bench_restore"
_TICKS = os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, server: PostgresServer, installation: Path, folder: Path) -> None:
        self._server = server
        self._bin = installation / "bin"
        self._folder = folder
        self.times: dict[str, list[tuple[float, float]]] = {}

    def prepare(self, size: Size) -> None:
        if not self._server.query("SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
            self._server.query(f"ALTER DATABASE {self._server.new_database()} RENAME TO {DATABASE}")
        upkeep.migrate(self._source)
        if not search_load.is_loaded(self._source, size):
            search_load.load(self._source, size, print)

    def run(self) -> None:
        """Run one round: both ways to save, and three to restore."""
        backup, dump = self._folder / "chats.zip", self._folder / "chats.dump"
        for file in (backup, dump):
            file.unlink(missing_ok=True)
        left_out = [f"--exclude-table-data={table}" for table in indexing.TABLES]
        self._time("pg_dump", lambda: self._tool("pg_dump", "-Fc", *left_out, "-d", self._source, "-f", str(dump)))
        self._time("backup", lambda: archive.save(self._source, backup))
        name = self._server.new_database()
        self._time("pg_restore", lambda: self._tool("pg_restore", "-d", self._server.address(name), str(dump)))
        self._server.query(f"DROP DATABASE {name}")
        name = self._server.new_database()
        address = self._server.address(name)
        self._time("restore", lambda: restoring.restore(address, backup))
        self._time("restore --replace", lambda: restoring.restore(address, backup, replace=True))
        self._server.query(f"DROP DATABASE {name}")

    @property
    def _source(self) -> str:
        return self._server.address(DATABASE)

    def _tool(self, program: str, *arguments: str) -> None:
        subprocess.run([self._bin / program, *arguments], check=True, capture_output=True)

    def _time(self, what: str, work: Callable[[], object]) -> None:
        self._server.query("CHECKPOINT")
        began_s, began_cpu_s = time.perf_counter(), self._cpu_s()
        work()
        took_s = time.perf_counter() - began_s
        time.sleep(0.2)  # a connection that was closed is counted once its process has gone
        self.times.setdefault(what, []).append((took_s, self._cpu_s() - began_cpu_s))
        print(f"{what:<18}{took_s:>8.2f} s{self.times[what][-1][1]:>8.2f} s of CPU", flush=True)

    def _cpu_s(self) -> float:
        own = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        postmaster = int((self._server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        fields = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
        return own + sum(map(int, fields[11:15])) / _TICKS


def summary(times: Mapping[str, Sequence[tuple[float, float]]]) -> list[str]:
    """Return medians, and how quick each is beside PostgreSQL's tool for the same."""
    medians = {what: [statistics.median(column) for column in zip(*rows, strict=True)] for what, rows in times.items()}
    lines = [f"{'median':<18}{'time':>10}{'CPU':>10}{'of the tool by time':>22}{'by CPU':>10}"]
    for what, (took_s, cpu_s) in medians.items():
        tool_s, tool_cpu_s = medians["pg_dump" if what in ("pg_dump", "backup") else "pg_restore"]
        ratios = f"{tool_s / took_s:>22.2f}{tool_cpu_s / cpu_s:>10.2f}"
        lines.append(f"{what:<18}{took_s:>8.2f} s{cpu_s:>8.2f} s{ratios}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keeps the server and the corpus for the next time")
    options = parser.parse_args()
    installation = next(iter(installations().values()))
    tuning = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "128MB"}
    server = PostgresServer(installation, folder=options.folder, **tuning)
    with tempfile.TemporaryDirectory(prefix="thai-chat-bench-") as folder:
        try:
            server.start()
            bench = Bench(server, installation, Path(folder))
            bench.prepare(Size(options.messages, options.messages // 20))
            for _ in range(options.runs):
                bench.run()
        finally:
            server.close()
    print("\n".join(summary(bench.times)))


if __name__ == "__main__":
    main()
