"""The account of this machine that has the other end of a connection. Linux alone tells it.

The kernel is asked for the one socket (netlink's sock_diag), in constant time. Where it has no sock_diag, the table of
all sockets is read, which takes the longer the more there are.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import sys
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

_SOCK_DIAG = 4
"""The number of this netlink protocol, NETLINK_SOCK_DIAG."""
_BY_FAMILY = 20
"""The kind of the question and of its answer, SOCK_DIAG_BY_FAMILY."""
_REQUEST = 1
_ESTABLISHED = 1
_LISTEN = 10
"""The state of a socket that waits for connections."""
_HEADER = struct.Struct("=IHHII")
_ABOUT = struct.Struct("=BBBBI")
"""Family, protocol, what is told besides (2 bytes), states."""
_ENDS = struct.Struct("!HH16s16s")
_ANY = b"\0" * 4 + b"\xff" * 8
"""The interface and the cookie of a socket, whichever they are."""
_ANSWER = struct.Struct("=BBBB48sIIIII")
"""Family, state, timer, retransmissions, ends, expiry, two queues, owner, inode."""
_ANSWER_S = 1
_TABLES = {4: "tcp", 6: "tcp6"}
_TABLE_BYTES = 8_000_000
"""The most that is read of a table, some 50,000 sockets; behind it an owner is not known."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a connection. An IPv4 address that is written as IPv6 is the IPv4 address."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int

    @classmethod
    def of(cls, host: str, port: int) -> End:
        """Return the end at an address. Raises ValueError when it is none."""
        address = ipaddress.ip_address(host.partition("%")[0])
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return cls(mapped or address, port)


class Way(Enum):
    """How owners are found on this machine."""

    NETLINK = "netlink"
    TABLE = "table"
    NONE = "none"

    def owner(self, client: End, server: End) -> int | None:
        """Return the owner of the client's socket; None when no such socket is open here.

        Of a socket that was closed the kernel says that root has it, so that one without an inode has no owner.
        """
        if self is Way.NETLINK:
            return by_netlink(client, server)
        return by_table(client, server) if self is Way.TABLE else None


def way() -> Way:
    """Return how owners are found here, tried at a connection of our own."""
    if sys.platform != "linux":
        return Way.NONE
    try:
        with (
            closing(socket.create_server(("127.0.0.1", 0))) as server,
            closing(socket.create_connection(server.getsockname())) as client,
        ):
            ends = End.of(*client.getsockname()), End.of(*server.getsockname())
            return next((one for one in (Way.NETLINK, Way.TABLE) if one.owner(*ends) == os.geteuid()), Way.NONE)
    except OSError:
        return Way.NONE


def has_hung_up(accepted: socket.socket) -> bool:
    """Tell whether the client of an accepted connection has closed its end, at least for writing, before it was looked
    at: then its owner may be forgotten."""
    try:
        return accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != _ESTABLISHED
    except OSError:
        return True


def by_netlink(client: End, server: End) -> int | None:
    """Ask the kernel for the one socket."""
    family = socket.AF_INET if client.address.version == 4 else socket.AF_INET6
    body = (
        _ABOUT.pack(family, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
        + _ENDS.pack(client.port, server.port, client.address.packed, server.address.packed)
        + _ANY
    )
    try:
        with closing(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG)) as kernel:
            kernel.settimeout(_ANSWER_S)
            kernel.sendto(_HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _REQUEST, 1, 0) + body, (0, 0))
            answer = kernel.recv(4096)
    except OSError:
        return None
    if len(answer) < _HEADER.size + _ANSWER.size or _HEADER.unpack_from(answer)[1] != _BY_FAMILY:
        return None
    _, state, _, _, ends, _, _, _, owner, inode = _ANSWER.unpack_from(answer, _HEADER.size)
    is_it = ends[:4] == struct.pack("!HH", client.port, server.port) and state != _LISTEN
    return int(owner) if is_it and inode else None


def by_table(client: End, server: End, folder: Path = Path("/proc/self/net")) -> int | None:
    """Look through the tables of all sockets. A client may have written an IPv4 address as IPv6."""
    ends = [(client, server, client.address.version)]
    if client.address.version == 4:
        ends.append((_mapped(client), _mapped(server), 6))
    return next(
        (
            owner
            for one, other, version in ends
            if (owner := _listed(folder / _TABLES[version], f"{_written(one)} {_written(other)} ")) is not None
        ),
        None,
    )


def _listed(table: Path, wanted: str) -> int | None:
    sought = wanted.encode()
    left = _TABLE_BYTES
    try:
        with table.open("rb") as lines:
            for line in lines:
                left -= len(line)
                if left < 0:
                    return None
                if sought in line:
                    parts = line.split()
                    # state 0A is LISTEN
                    return int(parts[7]) if parts[3] != b"0A" and int(parts[9]) else None
    except (OSError, ValueError, IndexError):
        return None
    return None


def _mapped(end: End) -> End:
    return End(ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + end.address.packed), end.port)


def _written(end: End) -> str:
    """Return an end as the tables have it: words of four bytes in the order of this machine."""
    packed = end.address.packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{end.port:04X}"
