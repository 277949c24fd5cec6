"""Few bytes: what is compressed, what may be kept by a browser, and what is not sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import brotli
import httpx
import pytest
from starlette.datastructures import Headers
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.api.conftest import Chat
from thai_chat.api.app import build_app
from thai_chat.gate.files import Files
from thai_chat.gate.gate import Gate
from thai_chat.ui.components import FRONTEND
from thai_chat.ui.page import build_page, mount_page
from thai_chat.ui.static import ASSETS, version

SCRIPT = f"/ui-static/{version()}/page.mjs"
HASHED = f"/assets/{next((FRONTEND / 'assets').glob('index-*.js')).name}"
FONT = f"/ui-static/{version()}/fonts/noto-sans-thai-thai-400-normal.woff2"
DOCS_SCRIPT = "/docs-static/swagger-ui-bundle.js"
PACKED = ("/", "/docs", SCRIPT, HASHED, "/theme.css", "/openapi.json", DOCS_SCRIPT, "/api/models")
ENCODED = ("br", "gzip")


@pytest.fixture
async def served(chat: Chat) -> AsyncIterator[httpx.AsyncClient]:
    app = mount_page(build_app(chat.service), chat.service)
    gate = Gate(app, heads=app.state.heads)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://localhost") as http:
        yield http


async def test_gradio_lays_out_few_components_of_few_kinds(chat: Chat) -> None:
    """Each kind is a script to fetch, and each component is a part of the page's start."""
    blocks = build_page(chat.service).blocks.values()
    assert {block.get_block_name() for block in blocks} == {"row", "column", "button", "textbox"}
    assert len(blocks) <= 13


async def get(http: httpx.AsyncClient, path: str, encoding: str, method: str = "GET", **asked: str) -> httpx.Response:
    headers = {"Accept-Encoding": encoding, **{name.replace("_", "-"): value for name, value in asked.items()}}
    return await http.request(method, path, headers=headers)


async def test_behind_every_door_texts_are_compressed_for_who_takes_it(served: httpx.AsyncClient) -> None:
    for path in PACKED:
        plain = await get(served, path, "identity")
        assert "content-encoding" not in plain.headers, path
        assert "Accept-Encoding" in plain.headers["vary"], path
        for encoding in ENCODED:
            packed = await get(served, path, encoding)
            assert packed.status_code == 200, path
            assert packed.content == plain.content, path
            assert "Accept-Encoding" in packed.headers["vary"], path
            if len(plain.content) > 1000:
                assert packed.headers["content-encoding"] == encoding, path
                assert int(packed.headers["content-length"]) < len(plain.content) / 2, path


async def test_what_is_compressed_already_is_not_compressed_again(served: httpx.AsyncClient) -> None:
    answer = await get(served, FONT, "br, gzip")
    assert "content-encoding" not in answer.headers
    assert answer.content[:4] == b"wOF2"


async def test_events_are_not_compressed(chat: Chat) -> None:
    asked = await chat.http.post("/chat", json={"query": "สวัสดี", "stream": True}, headers={"Accept-Encoding": "br"})
    assert asked.headers["content-type"].startswith(("text/event-stream", "application/json"))
    session = (await chat.http.get("/api/sessions")).json()["sessions"][0]["session_id"]
    async with chat.http.stream("GET", f"/api/sessions/{session}/events") as events:
        assert "content-encoding" not in events.headers


async def test_head_tells_what_get_would(served: httpx.AsyncClient) -> None:
    for path in ("/", "/docs", SCRIPT, DOCS_SCRIPT):
        for encoding in (*ENCODED, "identity"):
            whole = await get(served, path, encoding)
            head = await get(served, path, encoding, "HEAD")
            assert head.content == b""
            for name in ("content-length", "content-encoding", "etag", "content-type", "cache-control"):
                assert head.headers.get(name) == whole.headers.get(name), (path, encoding, name)


async def test_what_the_browser_has_is_not_sent_again(served: httpx.AsyncClient) -> None:
    for path in ("/", "/docs", SCRIPT, HASHED, "/theme.css", "/favicon.ico", DOCS_SCRIPT):
        for method in ("GET", "HEAD") if path in ("/", "/docs", SCRIPT) else ("GET",):
            for encoding in ENCODED:
                first = await get(served, path, encoding, method)
                again = await get(served, path, encoding, method, If_None_Match=f'"x", {first.headers["etag"]}')
                assert (again.status_code, again.content) == (304, b""), path
                assert "content-length" not in again.headers
                for name in ("content-security-policy", "cache-control", "etag", "vary"):
                    assert again.headers[name] == first.headers[name], (path, name)
                changed = await get(served, path, encoding, method, If_None_Match='W/"other"')
                assert changed.status_code == 200


async def test_the_page_of_another_language_is_another_one(served: httpx.AsyncClient) -> None:
    thai = await get(served, "/", "br", Accept_Language="th")
    english = await get(served, "/", "br", Accept_Language="en", If_None_Match=thai.headers["etag"])
    assert english.status_code == 200
    assert english.headers["etag"] != thai.headers["etag"]
    policies = [answer.headers["content-security-policy"] for answer in (thai, english)]
    assert policies[0] != policies[1]


async def test_files_that_are_named_by_what_is_in_them_are_kept_for_ever(served: httpx.AsyncClient) -> None:
    for path in (SCRIPT, HASHED, FONT, "/theme.css?v=1"):
        for encoding in ("br", "identity"):
            assert "immutable" in (await get(served, path, encoding)).headers["cache-control"], path
    for path in ("/theme.css", "/favicon.ico", DOCS_SCRIPT, "/", "/docs"):
        assert (await get(served, path, "br")).headers["cache-control"] == "no-cache", path
    assert (await get(served, "/assets/nothing-12345678.js", "br")).headers["cache-control"] == "no-store"


async def test_a_part_of_a_file_is_a_part_of_the_uncompressed_one(served: httpx.AsyncClient) -> None:
    whole = await get(served, SCRIPT, "identity")
    await get(served, SCRIPT, "br")
    part = await get(served, SCRIPT, "br", Range="bytes=10-19")
    assert part.status_code == 206
    assert "content-encoding" not in part.headers
    assert part.content == whole.content[10:20]


async def test_the_page_brings_the_texts_of_one_language(served: httpx.AsyncClient) -> None:
    thai, english = [(await get(served, "/", "br", Accept_Language=language)).text for language in ("th", "en")]
    assert '"brand":' in thai
    assert thai.count("กำลังเปิดหน้า") == english.count("Opening the page")
    assert "ตั้งค่า" not in english.partition("window.thaiChatTexts")[2]
    assert len((await get(served, "/", "identity")).content) < 90_000


class CountedFiles:
    """Serves 20 kB at every address, and counts how often it does."""

    def __init__(self) -> None:
        self.served: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.served.append(scope["path"])
        status = 404 if "missing" in scope["path"] else 200
        text = "".join(f"{scope['path']} {number * 7919};" for number in range(1000)).encode()
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/javascript")]}
        )
        await send({"type": "http.response.body", "body": text})


async def served_by(files: Files, app: ASGIApp, path: str) -> tuple[int, bytes]:
    """Return the status and the text that a client is sent which has gone already."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"accept-encoding", b"br")],
    }
    await files.serve(app, scope, receive, send)
    body = b"".join(message.get("body", b"") for message in messages)
    encoding = Headers(raw=messages[0]["headers"]).get("content-encoding")
    return messages[0]["status"], brotli.decompress(body) if encoding else body


async def test_a_file_is_read_once_and_later_is_sent_smaller() -> None:
    files, app = Files(rest_s=0), CountedFiles()
    first = await served_by(files, app, "/a.js")
    quick = files.kept_bytes
    await files.settled()
    assert files.kept_bytes < quick
    assert await served_by(files, app, "/a.js") == first
    assert app.served == ["/a.js"]


async def test_the_utmost_effort_leaves_the_cpu_to_the_page_that_is_opening() -> None:
    files, app = Files(), CountedFiles()
    await served_by(files, app, "/a.js")
    quick = files.kept_bytes
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await files.settled()
    assert files.kept_bytes == quick


async def test_the_memory_for_files_is_bounded_and_the_last_ones_stay() -> None:
    files, app = Files(most_bytes=20_000, rest_s=0), CountedFiles()
    for number in range(30):
        await served_by(files, app, f"/{number}.js")
        await files.settled()
        assert files.kept_bytes <= 20_000
    await served_by(files, app, "/29.js")
    assert app.served.count("/29.js") == 1
    await served_by(files, app, "/0.js")
    assert app.served.count("/0.js") == 2


@pytest.mark.parametrize("name", ["vendor/highlight/diff.min.js", "vendor/temml.mjs"])
async def test_a_file_is_kept_whole_though_who_asked_for_it_first_has_gone(name: str) -> None:
    """A tab that is closed while it opens must not leave half a script to everyone after it."""
    files, app = Files(rest_s=0), StaticFiles(directory=ASSETS)
    for _ in range(2):
        assert await served_by(files, app, f"/{name}") == (200, (ASSETS / name).read_bytes())
        await files.settled()


async def test_what_is_not_there_takes_no_memory() -> None:
    files, app = Files(), CountedFiles()
    for number in range(5):
        assert (await served_by(files, app, f"/missing{number}.js"))[0] == 404
    assert files.kept_bytes == 0
