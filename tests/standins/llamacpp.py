"""The demo model as tests use it; as a program it is a parent to be killed.

`python -m tests.standins.llamacpp FOLDER loading|serving` prints the process id of its llama.cpp server and waits.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from thai_chat.backends.llamacpp.backend import DEMO_MODEL, LlamaCppBackend
from thai_chat.backends.llamacpp.library import demo_model_path
from thai_chat.domain.backend_errors import BackendLoading
from thai_chat.domain.ports.backend import ModelInfo


@asynccontextmanager
async def demo(tmp_path: Path) -> AsyncIterator[LlamaCppBackend]:
    path = demo_model_path()
    assert path is not None
    backend = LlamaCppBackend(path, model=DEMO_MODEL, demo=True, log_file=tmp_path / "llamacpp.log")
    try:
        yield backend
    finally:
        await backend.close()


async def loaded(backend: LlamaCppBackend) -> Sequence[ModelInfo]:
    while True:
        try:
            return await backend.models()
        except BackendLoading:
            await asyncio.sleep(0.05)


def child_of(pid: int) -> int:
    """Return the process id of the llama.cpp server that a process runs."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    (server,) = (
        child
        for child in children
        if b"thai_chat.backends.llamacpp.server" in Path(f"/proc/{child}/cmdline").read_bytes()
    )
    return server


async def _be_a_parent(folder: Path, when: str) -> None:
    async with demo(folder) as backend:
        try:
            await backend.models()
        except BackendLoading:
            await asyncio.sleep(0.2)
        if when == "serving":
            await loaded(backend)
        print(child_of(os.getpid()), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_be_a_parent(Path(sys.argv[1]), sys.argv[2]))
