"""`./manage.sh fuzz [--examples N] [ARGS]`: Schemathesis against the app, with and without accounts.

It sends what the description of the API allows and what it does not, in a fixed order, and looks whether each answer is
one that is described. The app is a process of its own with a database of its own; the model's words are made up. ARGS
go to Schemathesis as they are, such as `--include-path /chat`.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from tests.documented import documented_app
from tests.postgres_servers import PostgresServer, installations, serving
from thai_chat.commands.terminal import tell
from thai_chat.history.postgres import upkeep

SEED = 20261130
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "response_headers_conformance"),
)
ENDLESS = "/api/changes"
"""This stream has no end to wait for."""


async def _fuzz(postgres: PostgresServer, folder: Path, auth: str, program: str, args: list[str]) -> int:
    """Return what Schemathesis ends with: 0 where every answer was as described."""
    address = postgres.address(postgres.new_database())
    upkeep.migrate(address)
    async with documented_app(address, folder, AUTH=auth) as app:
        process = await asyncio.create_subprocess_exec(
            *(program, "run", f"{app.address}/openapi.json", "--seed", str(SEED), "--request-timeout", "30"),
            *("--phases", "examples,coverage,fuzzing", "--checks", ",".join(CHECKS), "--exclude-path", ENDLESS),
            *("--continue-on-failure", "--warnings", "off", "-H", f"Authorization: Bearer {app.admin_key}", *args),
            cwd=folder,
        )
        return await process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="./manage.sh fuzz")
    parser.add_argument("--examples", type=int, default=15, help="the most requests for each operation in each phase")
    parser.add_argument("--auth", choices=("none", "password"), help="only without accounts, or only with")
    known, args = parser.parse_known_args()
    program = Path(sys.executable).parent / "schemathesis"
    if not program.exists():
        tell(f"Schemathesis is not here: {sys.executable} -m pip install -r requirements-fuzz.txt", to=sys.stderr)
        return 2
    ended = 0
    with serving(next(iter(installations().values()))) as postgres:
        for auth in (known.auth,) if known.auth else ("none", "password"):
            tell(f"AUTH={auth}")
            folder = Path(tempfile.mkdtemp(prefix="thai-chat-fuzz-"))
            try:
                given = ["-n", str(known.examples), *args]
                ended = max(ended, asyncio.run(_fuzz(postgres, folder, auth, str(program), given)))
            finally:
                shutil.rmtree(folder)
    return ended


if __name__ == "__main__":
    sys.exit(main())
