"""Connections of other accounts of this machine are refused while nobody signs in."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.api.conftest import Chat, serving
from tests.other_accounts import NOBODY, asked_by_nobody, needs_root
from thai_chat.domain import socket_owners
from thai_chat.domain.local_users import local_users
from thai_chat.domain.socket_owners import Way
from thai_chat.gate.guests import Guests

pytestmark = needs_root
FOUND_BY = [Way.NETLINK, Way.TABLE]
PLACES = [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("127.0.0.1", "::ffff:127.0.0.1")]
"""Where the page listens, and what its client connects to."""


@asynccontextmanager
async def guarded(chat: Chat, way: Way, host: str, names: Sequence[str] = ()) -> AsyncIterator[httpx.AsyncClient]:
    if way is Way.NETLINK and socket_owners.way() is not way:
        pytest.skip("this kernel has no sock_diag")
    users = local_users(names, {})
    assert users
    async with serving(chat.service, host, Guests(users, way)) as http:
        yield http


@pytest.mark.parametrize("way", FOUND_BY)
@pytest.mark.parametrize(("host", "address"), PLACES)
async def test_another_account_gets_nothing(chat: Chat, way: Way, host: str, address: str) -> None:
    async with guarded(chat, way, host) as http:
        assert (await http.get("/api/sessions", headers={"Host": "localhost"})).status_code == 200
        assert http.base_url.port
        for path in ("/api/sessions", "/healthz", "/no-such-thing"):
            answer = await asked_by_nobody(address, http.base_url.port, path, "application/json")
            assert answer.startswith("HTTP/1.1 403 ")
            error = json.loads(answer.partition("\r\n\r\n")[2])["error"]
            assert error["code"] == "other_account"
            assert f"“{NOBODY}”" in error["message"]
            assert "ALLOW_LOCAL_USERS" in error["message"]


@pytest.mark.parametrize("way", FOUND_BY)
async def test_an_account_that_the_setting_names_is_let_in(chat: Chat, way: Way) -> None:
    async with guarded(chat, way, "127.0.0.1", (NOBODY,)) as http:
        assert http.base_url.port
        assert (await asked_by_nobody("127.0.0.1", http.base_url.port, "/api/sessions")).startswith("HTTP/1.1 200 ")


async def test_a_browser_gets_a_page_and_the_log_one_line(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    async with guarded(chat, Way.TABLE, "127.0.0.1") as http:
        assert http.base_url.port
        with caplog.at_level(logging.WARNING, "thai_chat.gate"):
            pages = [await asked_by_nobody("127.0.0.1", http.base_url.port) for _ in range(2)]
        for page in pages:
            head, _, body = page.partition("\r\n\r\n")
            assert head.startswith("HTTP/1.1 403 ")
            assert "content-type: text/html" in head.lower()
            assert "style-src 'sha256-" in head
            assert 'data-code="other_account"' in body
    assert [record.getMessage() for record in caplog.records if NOBODY in record.getMessage()] == [
        "refused: a connection of the account 'nobody'. Without sign-in only the account that started Thai Chat may "
        "connect, and root. If it is yours or a proxy's, set ALLOW_LOCAL_USERS=nobody"
    ]
