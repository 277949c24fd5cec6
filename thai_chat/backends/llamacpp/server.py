"""The child process that serves a GGUF file by llama.cpp: `python -m thai_chat.backends.llamacpp.server`.

Reads one line of JSON from stdin (`LaunchOrder`), writes one to stdout: `{"address"}` once it serves, or `{"error"}`.
It ends with its parent, however that ends, because stdin is then closed.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import asdict, dataclass

from thai_chat.backends.llamacpp.library import HOW_TO_INSTALL

_NICENESS = 5
"""The page and the database come first on a small machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchOrder:
    """The model to serve, and how. The key comes this way because a command line is seen by everybody on the
    machine."""

    model_path: str
    model: str
    api_key: str
    slots: int
    slot_context: int
    """Tokens for each slot; the model's own limit bounds it."""
    threads: int

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


def _end_with_the_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


def _serve(order: LaunchOrder) -> object:
    """Return the running server; it serves in threads of its own for as long as the object lives."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = order.model_path
    params.model_alias = {order.model}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order.api_key]
    params.n_parallel = order.slots
    params.n_ctx = order.slots * order.slot_context
    params.cpuparams.n_threads = order.threads
    params.cpuparams_batch.n_threads = order.threads
    params.cache_ram_mib = 0  # its default keeps up to 8 GB of old prompts
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = 1  # errors only: at the next level every request leaves a dozen lines
    return xllamacpp.Server(params)


def main() -> None:
    # llama.cpp may print; the parent reads one line and no other.
    parent = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.nice(_NICENESS)
    order = LaunchOrder(**json.loads(sys.stdin.buffer.readline()))
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        server = _serve(order)
    except ModuleNotFoundError as error:
        missing = f"the package {error.name} is not installed: {HOW_TO_INSTALL}"
        print(json.dumps({"error": missing}), file=parent, flush=True)
        os._exit(1)
    except Exception as error:  # noqa: BLE001 - the edge of this process: whatever it is goes to the parent in one line
        print(json.dumps({"error": " ".join(str(error).split())[:300]}), file=parent, flush=True)
        os._exit(1)
    print(json.dumps({"address": getattr(server, "listening_address")}), file=parent, flush=True)  # noqa: B009
    threading.Event().wait()


if __name__ == "__main__":
    main()
