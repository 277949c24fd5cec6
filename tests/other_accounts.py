"""Clients of another account of this machine, for tests that run as root."""

from __future__ import annotations

import asyncio
import os
import pwd
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another account")
NOBODY = "nobody"
_CLIENT = """
import socket, sys
host, port, question = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
with socket.create_connection((host, port), 20) as client:
    client.sendall(question)
    while part := client.recv(65536):
        sys.stdout.buffer.write(part)
"""


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be another account, to whom sockets belong that are made meanwhile."""
    os.seteuid(pwd.getpwnam(NOBODY).pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


async def asked_by_nobody(host: str, port: int, path: str = "/", accept: str = "text/html") -> str:
    """Return the whole answer to a process of another account."""
    question = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
    process = await asyncio.create_subprocess_exec(
        "/usr/bin/env", "python3", "-I", "-c", _CLIENT, host, str(port), question,
        user=NOBODY, group=pwd.getpwnam(NOBODY).pw_gid, extra_groups=(),
        cwd="/", env={"PATH": "/usr/local/bin:/usr/bin:/bin"}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    answer, _ = await process.communicate()
    assert process.returncode == 0
    return answer.decode()


def connected(address: str, server: socket.socket) -> socket.socket:
    """Return a client's socket, by IPv6 where the address is one."""
    client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    client.connect((address, server.getsockname()[1]))
    return client
