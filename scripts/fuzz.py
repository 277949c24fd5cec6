"""`./manage.sh fuzz [--examples N] [ARGS]`: Schemathesis and a generated client against the app.

Schemathesis sends what the description of the API allows and what it does not, in a fixed order, and looks whether each
answer is one that is described; with accounts and without. ARGS go to it as they are, such as `--include-path /chat`.
openapi-python-client makes a client of the description, which then does a client's main job. The app is a process of
its own with a database of its own; the model's words are made up.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import httpx

from scripts.generated_client import PACKAGE
from tests.documented import documented_app
from tests.postgres_servers import PostgresServer, installations, serving
from thai_chat.commands.terminal import tell
from thai_chat.history.postgres import upkeep

PROGRAMS = Path(__file__).parent.parent / ".venv" / "fuzz" / "bin"
PYTHON = PROGRAMS / "python"
"""It runs programs as modules: their own first lines name the folder in which they were installed."""
SEED = 20261130
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "response_headers_conformance"),
)
ENDLESS = "/api/changes"
"""This stream has no end to wait for: tests/api/test_changes_fuzzed.py sends what is random to it."""


async def _try(postgres: PostgresServer, folder: Path, auth: str, args: list[str]) -> int:
    """Return 0 where every answer was as described, and the client did its job."""
    address = postgres.address(postgres.new_database())
    upkeep.migrate(address)
    async with documented_app(address, folder, AUTH=auth) as app:
        described = folder / "openapi.json"
        described.write_bytes(await _read(f"{app.address}/openapi.json", app.admin_key))
        made = await _run(
            *(PYTHON, "-m", "openapi_python_client", "generate", "--path", described, "--meta", "none", "--overwrite"),
            *("--output-path", folder / PACKAGE),
            folder=folder,
        )
        job = await _run(
            *(PYTHON, Path(__file__).with_name("generated_client.py")),
            folder=folder,
            environment={**app.environment, "PYTHONPATH": str(folder)},
        )
        found = await _run(
            *(PYTHON, "-m", "schemathesis.cli", "run", f"{app.address}/openapi.json", "--seed", SEED),
            *("--request-timeout", 30),
            *("--phases", "examples,coverage,fuzzing", "--checks", ",".join(CHECKS), "--exclude-path", ENDLESS),
            *("--continue-on-failure", "--warnings", "off", "-H", f"Authorization: Bearer {app.admin_key}", *args),
            folder=folder,
        )
        return max(made, job, found)


async def _read(address: str, key: str) -> bytes:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
        return (await http.get(address)).raise_for_status().content


async def _run(*command: object, folder: Path, environment: Mapping[str, str] | None = None) -> int:
    own = {**os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}", **(environment or {})}
    process = await asyncio.create_subprocess_exec(*map(str, command), cwd=folder, env=own)
    return await process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="./manage.sh fuzz")
    parser.add_argument("--examples", type=int, default=15, help="the most requests for each operation in each phase")
    parser.add_argument("--auth", choices=("none", "password"), help="only without accounts, or only with")
    known, args = parser.parse_known_args()
    ended = 0
    with serving(next(iter(installations().values()))) as postgres:
        for auth in (known.auth,) if known.auth else ("none", "password"):
            tell(f"AUTH={auth}")
            folder = Path(tempfile.mkdtemp(prefix="thai-chat-fuzz-"))
            try:
                given = ["-n", str(known.examples), *args]
                ended = max(ended, asyncio.run(_try(postgres, folder, auth, given)))
            finally:
                shutil.rmtree(folder)
    return ended


if __name__ == "__main__":
    sys.exit(main())
