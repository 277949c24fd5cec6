"""Free ports for the servers that tests start; each process has a block of its own, so runs side by side never meet.

The system's own choice (`bind` to port 0) is free when asked and may be some client's a moment later, before the server
that was meant to have it has started. The blocks lie below the ports that Linux hands out.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import cycle, islice

_FIRST, _LAST, _BLOCK = 12_000, 32_000, 250


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on and that was not handed out for some 250 calls.

    Raises RuntimeError when every port of this process' block is in use.
    """
    _, ports = _own_block()
    for port in islice(ports, _BLOCK - 1):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"none of {_BLOCK} ports is free")


@cache
def _own_block() -> tuple[socket.socket, Iterator[int]]:
    """Return the socket that holds the block until the process ends, and the block's ports, round and round."""
    for first in range(_FIRST, _LAST, _BLOCK):
        guard = socket.socket()
        try:
            guard.bind(("127.0.0.1", first))
        except OSError:
            guard.close()
        else:
            return guard, cycle(range(first + 1, first + _BLOCK))
    raise RuntimeError(f"all ports from {_FIRST} to {_LAST} are held by other test runs")
