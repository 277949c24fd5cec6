"""The page on which people sign in: small, in the reader's language, and with nothing in it but files of ours."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.chats import Chat
from thai_chat.accounts.service import AccountRules, Accounts
from thai_chat.api.app import build_app
from thai_chat.gate.gate import Gate
from thai_chat.gate.people import one_person
from thai_chat.ui.page import mount_page


@pytest.fixture
async def served(chat: Chat) -> AsyncIterator[httpx.AsyncClient]:
    accounts = Accounts(chat.history.storage, AccountRules())
    app = Gate(
        mount_page(build_app(chat.service, accounts), chat.service), who=one_person, embedders=("intranet.example",)
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http


async def test_it_runs_and_shows_files_of_ours_alone(served: httpx.AsyncClient) -> None:
    answer = await served.get("/sign-in?next=%2Fx")
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert policy["script-src"].startswith("localhost:*/ui-static/ 'sha256-")
    assert policy["style-src"] == policy["font-src"] == "localhost:*/ui-static/"
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["frame-ancestors"] == "intranet.example:*"
    assert "next" not in answer.text.partition("<body>")[2]
    for address in re.findall(r'(?:src|href)="(/[^"]+)"', answer.text):
        assert (await served.get(address)).status_code == 200, address


async def test_it_speaks_the_readers_language_and_is_the_same_behind_every_link(served: httpx.AsyncClient) -> None:
    thai = await served.get("/sign-in", headers={"Accept-Language": "th"})
    chosen = await served.get("/sign-in", headers={"Accept-Language": "th", "Cookie": "thai_chat_language=en"})
    assert 'lang="th"' in thai.text
    assert 'lang="en"' in chosen.text
    assert "This page needs JavaScript" in chosen.text
    assert (await served.get("/invitation/abc", headers={"Accept-Language": "th"})).text == thai.text


async def test_page_style_and_script_are_small(served: httpx.AsyncClient) -> None:
    page = (await served.get("/sign-in", headers={"Accept-Language": "th"})).text
    files = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    answers = [await served.get(address, headers={"Accept-Encoding": "gzip"}) for address in ("/sign-in", *files)]
    assert sum(int(answer.headers["content-length"]) for answer in answers) < 16_000  # and 44 kB of letters
