"""The page behind a link, as browsers and other sites meet it."""

from __future__ import annotations

import httpx
import pytest

from tests.api.conftest import Chat
from tests.api.test_shares import World, history, world
from tests.history_writes import QUESTION, again, finish, whole_turn
from thai_chat.accounts.passwords import LinkPasswords, Passwords
from thai_chat.api.app import build_app
from thai_chat.domain.messages import Turn
from thai_chat.gate.gate import Gate
from thai_chat.sharing.service import Shares

__all__ = ["history", "world"]

NAVIGATED = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
HOSTILE = "<script>fetch('//evil.example')</script> ![x](https://evil.example/pixel.png) [a](javascript:alert(1))"


@pytest.fixture
async def turn(world: World) -> Turn:
    return await whole_turn(world.history, "มะลิ")


async def test_it_keeps_to_itself(world: World, turn: Turn) -> None:
    made = await world.share(turn, password="น้ำจิ้มลับ")
    plain = await world.share(turn)
    for answer in (
        await world.http.get(plain["url"]),
        await world.http.get(made["url"]),
        await world.http.post(made["url"], data={"password": "น้ำจิ้มลับ"}),
        await world.http.get("/s/nothing"),
    ):
        headers = answer.headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex, nofollow, noarchive"
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == "DENY"
        assert "cookie" not in headers["vary"].lower()
        assert "set-cookie" not in headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["img-src"] == policy["script-src"] == "'none'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert "<script" not in answer.text
        assert "style=" not in answer.text


async def test_no_cookie_is_read(world: World, turn: Turn) -> None:
    url = (await world.share(turn))["url"]
    answers = [
        await world.http.get(url, headers={"Accept-Language": "en", "Cookie": cookie})
        for cookie in ("", "thai_chat_language=th; thai_chat=stolen")
    ]
    assert answers[0].text == answers[1].text
    assert '<html lang="en">' in answers[0].text
    assert '<html lang="th">' in (await world.http.get(url, headers={"Accept-Language": "th"})).text


async def test_a_link_on_another_site_may_lead_here_and_nothing_else_may(world: World, turn: Turn) -> None:
    url = (await world.share(turn))["url"]
    for site in ("cross-site", "same-site", "none", "same-origin"):
        assert (await world.http.get(url, headers={**NAVIGATED, "Sec-Fetch-Site": site})).status_code == 200
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for headers in (
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ):
        assert (await world.http.get(url, headers={**headers, **foreign})).status_code == 403
    assert (await world.http.post(url, headers={**NAVIGATED, **foreign})).status_code == 403
    assert (await world.http.post(url, headers={"Origin": "https://evil.example"})).status_code == 403
    assert (await world.http.get(url, headers={"Sec-Fetch-Site": "none", "Sec-Purpose": "prefetch"})).status_code == 403


async def test_the_password_form_works_where_browsers_say_little(world: World, turn: Turn) -> None:
    """Over plain HTTP in a network there is no Sec-Fetch-Site, and no-referrer makes the form's Origin null."""
    url = (await world.share(turn, password="น้ำจิ้มลับ"))["url"]
    answer = await world.http.post(url, data={"password": "น้ำจิ้มลับ"}, headers={"Origin": "null"})
    assert answer.status_code == 200
    assert QUESTION in answer.text


async def test_hostile_replies_stay_text(world: World, turn: Turn) -> None:
    write = again(turn)
    await world.history.write(write)
    await world.history.write(finish(write, HOSTILE))
    page = await world.http.get((await world.share(turn))["url"])
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert 'href="javascript' not in page.text
    assert 'href="https://evil.example/pixel.png" rel="noopener noreferrer nofollow ugc"' in page.text


async def test_a_body_that_is_too_large_is_not_read(world: World, turn: Turn) -> None:
    url = (await world.share(turn, password="น้ำจิ้มลับ"))["url"]
    assert (await world.http.post(url, data={"password": "ก" * 50_000})).status_code == 413
    assert (await world.http.post(url, content=b"a=1&" * 100)).status_code == 403


async def test_without_a_database_it_says_so(chat: Chat) -> None:
    storage, passwords = chat.history.storage, Passwords(memory_kib=64, passes=1)
    sharing = Shares(storage.shares, storage.transfer, LinkPasswords(passwords))
    app = httpx.ASGITransport(Gate(build_app(chat.service, sharing=sharing)))
    async with httpx.AsyncClient(transport=app, base_url="http://localhost") as http:
        answer = await http.get("/s/token", headers={"Accept-Language": "th"})
    passwords.close()
    assert answer.status_code == 503
    assert "ฐานข้อมูลไม่ตอบ" in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_what_is_asked_for_is_not_logged(world: World, turn: Turn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    made = await world.share(turn, password="น้ำจิ้มลับ")
    token = made["url"].rpartition("/")[2]
    for _ in range(12):
        await world.http.post(made["url"], data={"password": "ลองเดาดู"})
    await world.http.get(made["url"], headers={"Sec-Fetch-Site": "cross-site"})
    await world.http.post("/api/shares/continue", json={"token": token})
    said = [f"{record.name} {record.getMessage()}" for record in caplog.records if record.name.startswith("thai_chat")]
    for secret in (token, "น้ำจิ้มลับ", "ลองเดาดู", QUESTION):
        assert secret not in "\n".join(said)
