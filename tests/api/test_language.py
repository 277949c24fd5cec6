"""The language of an answer: the one that was chosen on the page, else the one that the browser prefers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from tests.api.conftest import Chat
from thai_chat.api.app import build_app
from thai_chat.gate.gate import Gate
from thai_chat.texts import LANGUAGE_COOKIE
from thai_chat.ui.page import mount_page

THAI = {"Accept-Language": "th-TH,th;q=0.9"}
ENGLISH = {"Accept-Language": "en-GB"}


@pytest.fixture
async def served(chat: Chat) -> AsyncIterator[httpx.AsyncClient]:
    app = mount_page(build_app(chat.service), chat.service)
    gate = Gate(app, heads=app.state.heads)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://localhost") as http:
        yield http


def chosen(language: str) -> dict[str, str]:
    return {"Cookie": f"other=1; {LANGUAGE_COOKIE}={language}; last=th"}


async def test_the_chosen_language_wins_over_the_browser_s_for_the_page(served: httpx.AsyncClient) -> None:
    english = (await served.get("/", headers=THAI | chosen("en"))).text
    assert "Opening the page" in english
    assert 'window.thaiChatTexts = {"en":' in english
    thai = (await served.get("/", headers=ENGLISH | chosen("th"))).text
    assert "กำลังเปิดหน้า" in thai
    assert 'window.thaiChatTexts = {"th":' in thai


async def test_the_chosen_language_wins_for_errors_of_api_and_gate(served: httpx.AsyncClient) -> None:
    for path in (f"/api/sessions/{uuid4()}", "/api/nothing", "/no/door"):
        said = {
            (asked, kept): (await served.get(path, headers={"Accept-Language": asked} | chosen(kept))).json()["error"]
            for asked in ("th", "en")
            for kept in ("th", "en", "xx")
        }
        assert said["th", "en"] == said["en", "en"] == said["en", "xx"], path
        assert said["en", "th"] == said["th", "th"] == said["th", "xx"], path
        assert said["th", "th"]["message"] != said["en", "en"]["message"], path


async def test_a_name_that_the_page_does_not_have_is_refused_in_the_chosen_language(served: httpx.AsyncClient) -> None:
    opened = {"Host": "elsewhere.example", "Accept": "text/html"}
    assert '<html lang="th"' in (await served.get("/", headers=ENGLISH | chosen("th") | opened)).text
    assert '<html lang="en"' in (await served.get("/", headers=THAI | chosen("en") | opened)).text


async def test_whatever_is_told_in_a_language_says_what_it_depends_on(served: httpx.AsyncClient) -> None:
    for path in ("/", "/api/sessions", "/api/nothing", "/no/door"):
        varies = (await served.get(path)).headers["vary"].split(", ")
        assert {"Accept-Language", "Cookie"} <= set(varies), path


async def test_a_kept_page_of_one_language_does_not_stand_for_the_other(served: httpx.AsyncClient) -> None:
    thai = await served.get("/", headers=ENGLISH | chosen("th"))
    english = await served.get("/", headers=ENGLISH | chosen("en") | {"If-None-Match": thai.headers["etag"]})
    assert english.status_code == 200
    again = await served.get("/", headers=ENGLISH | chosen("th") | {"If-None-Match": thai.headers["etag"]})
    assert again.status_code == 304
