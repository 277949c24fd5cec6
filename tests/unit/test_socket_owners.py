"""Whose socket is at the other end of a connection: real sockets of two accounts, found in both ways."""

from __future__ import annotations

import os
import pwd
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.other_accounts import NOBODY, as_nobody, connected, needs_root
from thai_chat.domain import socket_owners
from thai_chat.domain.socket_owners import End, Way, by_netlink, by_table

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells it")

Owner = Callable[[End, End], "int | None"]
ADDRESSES = [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("127.0.0.1", "::ffff:127.0.0.1"), ("::", "127.0.0.1")]
"""Where the server listens, and what its client connects to."""


@pytest.fixture(params=[Way.NETLINK, Way.TABLE], ids=lambda way: way.value)
def find(request: pytest.FixtureRequest) -> Owner:
    way: Way = request.param
    if way is Way.NETLINK and socket_owners.way() is not Way.NETLINK:
        pytest.skip("this kernel has no sock_diag")
    return way.owner


def listening(host: str) -> socket.socket:
    if ":" not in host:
        return socket.create_server((host, 0))
    return socket.create_server((host, 0), family=socket.AF_INET6, dualstack_ipv6=host == "::")


def ends(accepted: socket.socket) -> tuple[End, End]:
    return End.of(*accepted.getpeername()[:2]), End.of(*accepted.getsockname()[:2])


@pytest.mark.parametrize(("host", "address"), ADDRESSES)
def test_the_owner_of_a_client_is_found(find: Owner, host: str, address: str) -> None:
    with closing(listening(host)) as server, closing(connected(address, server)):
        accepted, _ = server.accept()
        with closing(accepted):
            assert find(*ends(accepted)) == os.geteuid()


@needs_root
@pytest.mark.parametrize(("host", "address"), ADDRESSES)
def test_another_account_is_told_apart(find: Owner, host: str, address: str) -> None:
    with closing(listening(host)) as server:
        with as_nobody():
            client = connected(address, server)
        accepted, _ = server.accept()
        with closing(client), closing(accepted):
            assert find(*ends(accepted)) == pwd.getpwnam(NOBODY).pw_uid


@pytest.mark.parametrize(("host", "address"), ADDRESSES)
def test_a_closed_socket_which_the_kernel_calls_roots_has_no_owner(find: Owner, host: str, address: str) -> None:
    with closing(listening(host)) as server:
        client = connected(address, server)
        accepted, _ = server.accept()
        with closing(accepted):
            client.close()
            assert find(*ends(accepted)) is None


def test_a_socket_that_listens_at_the_clients_end_is_not_the_client(find: Owner) -> None:
    with closing(listening("127.0.0.1")) as server:
        assert find(End.of(*server.getsockname()), End.of("127.0.0.1", 1)) is None


def test_who_has_half_closed_still_reads_and_is_known(find: Owner) -> None:
    with closing(listening("127.0.0.1")) as server, closing(connected("127.0.0.1", server)) as client:
        accepted, _ = server.accept()
        with closing(accepted):
            client.shutdown(socket.SHUT_WR)
            assert find(*ends(accepted)) == os.geteuid()


def test_a_table_that_is_too_long_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = b"  1: 0100007F:1F90 0100007F:1E61 01 00000000:00000000 00:00000000 00000000  1000  0 77 1 0 20 4 0 10 -1\n"
    (tmp_path / "tcp").write_bytes(b"  sl  local_address rem_address\n" + b"x" * 500 + b"\n" + line)
    (tmp_path / "tcp6").write_bytes(b"")
    both = End.of("127.0.0.1", 8080), End.of("127.0.0.1", 7777)
    assert by_table(*both, folder=tmp_path) == 1000
    monkeypatch.setattr(socket_owners, "_TABLE_BYTES", 500)
    assert by_table(*both, folder=tmp_path) is None


def test_a_kernel_that_can_not_be_asked_names_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_owners, "_SOCK_DIAG", 31)  # no such protocol
    both = End.of("127.0.0.1", 8080), End.of("127.0.0.1", 7777)
    assert by_netlink(*both) is None
    assert socket_owners.way() is Way.TABLE
