"""All that is reached from outside, walked over every route that is mounted: ours, and all that Gradio brings along."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import httpx
import pytest
from gradio import processing_utils
from starlette.routing import BaseRoute, Mount

from tests.api.conftest import Chat
from thai_chat.api.app import build_app
from thai_chat.domain.people import LOCAL
from thai_chat.domain.reads import ReadMessage
from thai_chat.gate.doors import DOORS, FRAMED, PAGE_EVENTS, DoorKind, door_of
from thai_chat.gate.gate import Gate
from thai_chat.gate.headers import Framed
from thai_chat.ui import diagrams
from thai_chat.ui.page import build_page, mount_page

CLOSED = frozenset(
    {
        # Signing in, who is signed in, and events of Gradio's that the page does without.
        *("/login", "/logout", "/gradio_api/user", "/gradio_api/login_check", "/gradio_api/token"),
        *("/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/queue/status", "/gradio_api/cancel"),
        *("/gradio_api/reset", "/gradio_api/startup-events", "/gradio_api/component_server"),
        *("/gradio_api/api/{api_name}", "/gradio_api/call/{api_name}", "/gradio_api/call/v2/{api_name}"),
        *("/gradio_api/call/{api_name}/{event_id}", "/gradio_api/call/v2/{api_name}/{event_id}"),
        # Open for `predict` alone.
        "/gradio_api/run/{api_name}",
        # Addresses of others, and files of this machine.
        *("/gradio_api/file={path_or_url:path}", "/gradio_api/file/{path:path}", "/gradio_api/proxy={url_path:path}"),
        *("/gradio_api/upload", "/gradio_api/process_recording"),
        "/gradio_api/custom_component/{id}/{environment}/{type}/{file_name}",
        "/svelte/{path:path}",
        # Answers that do not end.
        *("/gradio_api/dev/reload", "/gradio_api/upload_progress", "/gradio_api/heartbeat/{session_hash}"),
        *("/gradio_api/stream/{event_id}", "/gradio_api/stream/{event_id}/close"),
        "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8",
        "/gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}",
        "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file",
        # Descriptions of the page, figures about it, and the code that a model would write for it.
        *("/gradio_api/info", "/gradio_api/openapi.json", "/gradio_api/app_id", "/gradio_api/runs"),
        *("/gradio_api/deep_link", "/gradio_api/theme.css", "/robots.txt", "/manifest.json"),
        *("/pwa_icon", "/pwa_icon/{size}", "/monitoring", "/monitoring/summary", "/monitoring/{key}"),
        *("/gradio_api/vibe-edit", "/gradio_api/undo-vibe-edit", "/gradio_api/vibe-code"),
        "/gradio_api/vibe-starter-queries",
        # The page has it in its HTML.
        "/config",
    }
)
"""The routes that Gradio mounts and the gate keeps shut. One that is new in another version of Gradio is in no list."""


def routes_of(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    """Yield every address with its methods, through mounted applications and included routers."""
    for route in routes:
        if (included := getattr(route, "original_router", None)) is not None:
            yield from routes_of(included.routes, prefix + route.include_context.prefix)
        elif isinstance(route, Mount) and getattr(route.app, "routes", None):
            yield from routes_of(route.app.routes, prefix + route.path)
        elif isinstance(route, Mount):
            yield f"{prefix}{route.path}/{{path:path}}", frozenset({"GET", "HEAD"})
        else:
            yield prefix + route.path, frozenset(route.methods)  # type: ignore[attr-defined]


@pytest.fixture
async def mounted(chat: Chat) -> list[tuple[str, frozenset[str]]]:
    app = mount_page(build_app(chat.service), chat.service)
    return list(routes_of(app.routes))


@pytest.fixture
async def served(chat: Chat) -> AsyncIterator[httpx.AsyncClient]:
    chat.service.changes.close()  # a stream of them never ends, and here answers are read to their end
    mounted = mount_page(build_app(chat.service), chat.service)
    app = Gate(mounted, heads=mounted.state.heads, framed=Framed(diagrams.path(), diagrams.script_hashes))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http


def as_listed(path: str) -> str:
    """Return the path as the lists write it: without the version of the page's files and Gradio's second spelling with
    `/`."""
    path = re.sub(r"^/ui-static/[0-9a-f]{12}/", "/ui-static/{version}/", path)
    return path.rstrip("/") or "/"


async def test_every_route_is_in_one_list(mounted: list[tuple[str, frozenset[str]]]) -> None:
    opened = {door.path: set(door.methods) for door in DOORS}
    assert len(mounted) > 120
    for path, methods in mounted:
        path = as_listed(path)
        assert (path in opened) != (path in CLOSED), f"{path} is in no list, or in two"
        if path in opened:
            assert methods <= opened[path], f"{path} has methods that are not in the list"


async def test_every_list_names_what_is_there(mounted: list[tuple[str, frozenset[str]]]) -> None:
    there = {as_listed(path) for path, _ in mounted}
    assert {door.path for door in DOORS} - there == {"/gradio_api/run/predict"}
    assert CLOSED - there == set()


async def test_what_is_closed_is_not_found_by_any_method_or_spelling(served: httpx.AsyncClient) -> None:
    for path in sorted(CLOSED):
        filled = re.sub(r"\{[^}]*path[^}]*\}", "http://127.0.0.1:9/x.png", path)
        filled = re.sub(r"\{.*?\}", "load", filled)
        for spelling in (filled, f"{filled}/", filled.replace("gradio", "%67radio"), f"/{filled}", f"/.{filled}"):
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
                answer = await served.request(method, f"http://localhost{spelling}")
                assert answer.status_code == 404, f"{method} {spelling}"


async def test_the_pages_events_are_those_that_are_listed(chat: Chat) -> None:
    handlers = [event.fn for event in build_page(chat.service).fns.values() if event.fn is not None]
    assert tuple(handler.__name__ for handler in handlers) == PAGE_EVENTS


async def test_the_page_works_through_the_doors(served: httpx.AsyncClient) -> None:
    body = {"data": [], "fn_index": 0, "session_hash": "x"}
    answer = await served.post("/gradio_api/run/predict", json=body)
    assert answer.status_code == 200
    assert len(answer.json()["data"]) == 1
    too_long = {**body, "data": ["x" * 70_000]}
    assert (await served.post("/gradio_api/run/predict", json=too_long)).status_code == 413


async def test_every_answer_has_the_headers_that_browsers_hold_to(served: httpx.AsyncClient) -> None:
    for path in ("/", "/docs", "/healthz", "/api/sessions", "/nothing", "/favicon.ico", "/theme.css"):
        answer = await served.get(path, headers={"Origin": "http://localhost"})
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["permissions-policy"]
        assert [name for name in answer.headers if name.startswith("access-control-")] == []


async def test_what_is_private_is_kept_by_no_cache(served: httpx.AsyncClient) -> None:
    private = [door.path for door in DOORS if door.kind is DoorKind.PRIVATE and "GET" in door.methods]
    for path in private:
        answer = await served.get(re.sub(r"\{.*?\}", str(uuid4()), path))
        assert answer.headers["cache-control"] == "no-store", path


async def test_the_page_runs_no_script_but_its_own(served: httpx.AsyncClient) -> None:
    policy = (await served.get("/")).headers["content-security-policy"]
    scripts = policy.partition("script-src ")[2].partition(";")[0]
    assert "'unsafe-inline'" not in scripts
    assert scripts.count("'sha256-") >= 5
    assert "img-src data: blob:;" in policy


IN_FRAME = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}


def parts_of(policy: str) -> dict[str, str]:
    """Return the directives of a Content-Security-Policy by their names."""
    return {name: sources for name, _, sources in (part.strip().partition(" ") for part in policy.split(";"))}


async def test_one_document_may_be_framed_by_the_page_and_nothing_else_by_anybody(served: httpx.AsyncClient) -> None:
    for door in DOORS:
        path = diagrams.path() if door.path == FRAMED else re.sub(r"\{.*?\}", str(uuid4()), door.path)
        answer = await served.get(f"/{path.lstrip('/')}")
        is_framed = door.path == FRAMED
        assert answer.headers["x-frame-options"] == ("SAMEORIGIN" if is_framed else "DENY"), door.path
        ancestors = parts_of(answer.headers["content-security-policy"])["frame-ancestors"]
        assert ancestors == ("'self'" if is_framed else "'none'"), door.path


async def test_the_framed_document_can_ask_for_nothing_and_runs_its_own_scripts_alone(
    served: httpx.AsyncClient,
) -> None:
    answer = await served.get(f"/{diagrams.path()}", headers=IN_FRAME)
    assert answer.status_code == 200
    scripts = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert len(hashes) == 2
    assert parts_of(answer.headers["content-security-policy"]) == {
        "default-src": "'none'",
        "script-src": " ".join(f"'sha256-{digest}'" for digest in hashes),
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "allow-scripts",
    }
    assert "src=" not in answer.text.replace(scripts[0], "").replace(scripts[1], "")
    assert "immutable" in answer.headers["cache-control"]


async def test_the_framed_document_is_the_same_compressed(served: httpx.AsyncClient) -> None:
    plain = await served.get(f"/{diagrams.path()}", headers={"Accept-Encoding": "identity"})
    packed = await served.get(f"/{diagrams.path()}", headers={"Accept-Encoding": "gzip"})
    assert int(packed.headers["content-length"]) < len(plain.content) / 3
    assert packed.text == plain.text


async def test_the_framed_document_is_opened_nowhere_else(served: httpx.AsyncClient) -> None:
    for said in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Dest": "document"}, {"Sec-Fetch-Dest": "script"}):
        answer = await served.get(f"/{diagrams.path()}", headers={**IN_FRAME, **said})
        assert answer.status_code == 403


async def test_the_page_frames_that_document_alone(served: httpx.AsyncClient) -> None:
    policy = parts_of((await served.get("/")).headers["content-security-policy"])
    assert policy["frame-src"] == f"localhost:*/{diagrams.path()}"
    assert "frame-src" not in parts_of((await served.get("/docs")).headers["content-security-policy"])


async def test_the_page_asks_where_it_is_open_whatever_host_a_proxy_tells(served: httpx.AsyncClient) -> None:
    page = (await served.get("/")).text
    assert "<script>window.gradio_config.root = location.origin;</script>" in page
    assert "iframeResizer.contentWindow" not in page


async def test_until_the_page_is_there_something_is_said_in_its_language(served: httpx.AsyncClient) -> None:
    for language, said in (("th-TH,th;q=0.9", "กำลังเปิดหน้า"), ("en-GB", "Opening the page"), ("", "Opening the page")):
        page = await served.get("/", headers={"Accept-Language": language})
        body = page.text.partition("<body")[2]
        assert said in body.partition("<gradio-app")[0]
        assert "Accept-Language" in page.headers["vary"]
    assert "Opening the page" not in (await served.get("/docs")).text


async def test_the_page_is_the_same_compressed(served: httpx.AsyncClient) -> None:
    plain = await served.get("/", headers={"Accept-Encoding": "identity"})
    packed = await served.get("/", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 3
    assert packed.text == plain.text
    assert (await served.head("/")).status_code == 200


async def test_what_a_stranger_says_about_a_proxy_reaches_nobody(served: httpx.AsyncClient) -> None:
    said = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Gradio-Server": "http://evil.example"}
    assert "evil.example" not in (await served.get("/", headers=said)).text
    assert '"root":"http://localhost"' in (await served.get("/", headers=said)).text


LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


async def test_a_link_on_another_site_opens_pages_and_nothing_else(served: httpx.AsyncClient) -> None:
    for door in DOORS:
        path = re.sub(r"\{.*?\}", str(uuid4()), door.path)
        for method in door.methods:
            answer = await served.request(method, path, headers=LINK)
            if door.kind in (DoorKind.PAGE, DoorKind.DOCS):
                assert answer.status_code == 200, f"{method} {path}"
            elif door.kind is DoorKind.SIGN_IN:
                assert answer.headers["location"] == "/", f"nobody signs in here: {method} {path}"
            elif door.kind is DoorKind.SHARED and method != "POST":
                assert answer.status_code == 503, f"there is no database here: {method} {path}"
            elif door.kind is DoorKind.RETURN:
                assert answer.json()["error"]["code"] == "no_accounts", path
            else:
                assert answer.status_code == 403, f"{method} {path}"
                assert method == "HEAD" or 'data-code="foreign_site"' in answer.text
    assert (await served.get(f"/?s={uuid4()}&m={uuid4()}", headers=LINK)).status_code == 200


DESTINATIONS = ("image", "script", "style", "font", "iframe", "object", "audio", "video", "track", "embed")


async def test_another_sites_page_uses_nothing_of_ours(served: httpx.AsyncClient) -> None:
    for site in ("cross-site", "same-site"):
        for destination in (*DESTINATIONS, "empty"):
            headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": destination}
            for path in ("/", "/docs", "/api/sessions", "/healthz", "/favicon.ico", "/theme.css"):
                assert (await served.get(path, headers=headers)).status_code == 403


async def test_nothing_in_our_own_page_draws_or_runs_what_is_private(served: httpx.AsyncClient) -> None:
    for destination in DESTINATIONS:
        headers = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": destination}
        for path in ("/", "/api/sessions", "/readyz", "/api/export", "/openapi.json"):
            assert (await served.get(path, headers=headers)).status_code == 403


async def test_where_browsers_say_nothing_the_origin_tells_who_would_change_something(
    served: httpx.AsyncClient,
) -> None:
    for method, path in (("DELETE", "/api/sessions"), ("POST", "/chat"), ("PATCH", f"/api/presets/{uuid4()}")):
        for origin in ("http://evil.example", "null", "http://[evil", "http://localhost:9"):
            assert (await served.request(method, path, headers={"Origin": origin})).status_code == 403
        assert (await served.request(method, path, headers={"Origin": "http://localhost"})).status_code != 403


async def test_where_browsers_say_nothing_the_page_that_asks_tells_who_would_read_what_is_private(
    served: httpx.AsyncClient,
) -> None:
    for door in DOORS:
        path = re.sub(r"\{.*?\}", str(uuid4()), door.path)
        if door.kind is DoorKind.PRIVATE and "GET" in door.methods:
            assert (await served.get(path, headers={"Referer": "http://evil.example/"})).status_code == 403, path
    assert (await served.get("/api/sessions", headers={"Referer": "http://localhost/?s=1"})).status_code == 200


async def test_what_another_site_has_prerendered_is_nothing_but_the_page(served: httpx.AsyncClient) -> None:
    speculative = {**LINK, "Sec-Fetch-Site": "none"}
    for said in ({"Sec-Purpose": "prefetch;prerender"}, {"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}):
        for path in ("/api/export", "/api/sessions", "/readyz", "/openapi.json", "/s/token"):
            assert (await served.get(path, headers={**speculative, **said})).status_code == 403
        assert (await served.get("/", headers={**speculative, **said})).status_code == 200


FILE = {"path": "/etc/hostname", "meta": {"_type": "gradio.FileData"}}


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Note what Gradio copies or fetches."""
    found: list[object] = []
    for name in ("save_file_to_cache", "save_url_to_cache", "async_ssrf_protected_download", "hash_file"):
        monkeypatch.setattr(processing_utils, name, lambda given, *_, **__: found.append(given) or str(given))
    return found


async def test_no_event_makes_the_server_read_a_file_or_fetch_an_address(
    served: httpx.AsyncClient, moved: list[object]
) -> None:
    for given in (FILE, {"session_id": FILE}, [FILE], {}, {**FILE, "path": "http://evil.example/x"}, "x"):
        answer = await served.post("/gradio_api/run/predict", json={"data": [given], "fn_index": 0})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_event")
    assert moved == []


async def test_nothing_that_a_session_has_in_the_form_of_a_file_is_read(
    chat: Chat, served: httpx.AsyncClient, moved: list[object]
) -> None:
    answer = await chat.http.post("/chat", json={"query": "มีไฟล์ไหม"})
    said = (await chat.http.get(f"/chat/history/{answer.json()['session_id']}")).json()["history"]
    question = await chat.history.read(ReadMessage(UUID(said[0]["message_id"]), LOCAL.user_id))
    hostile = dict.fromkeys(("options", "asked", "context_used", "cost_thb", "reasoning", "error"), FILE)
    hostile_question = replace(question, metadata={**hostile, "begun_by": [{"model": FILE}]})
    chat.history.remember(hostile_question)
    shown = await served.get(f"/api/sessions/{answer.json()['session_id']}/messages")
    assert "/etc/hostname" in shown.text
    assert moved == []


async def test_an_event_that_the_page_does_not_have_is_refused(served: httpx.AsyncClient) -> None:
    many = len(PAGE_EVENTS)
    for body in (
        *({"data": [], "fn_index": number} for number in (-1, many, "0", None, True, 1.0)),
        *({"data": data, "fn_index": 0} for data in (None, {}, [{}], [None], [[]], "x")),
        [],
    ):
        answer = await served.post("/gradio_api/run/predict", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_event")
    broken = await served.post("/gradio_api/run/predict", content=b"[" * 60_000)
    assert broken.json()["error"]["code"] == "bad_event"


async def test_gradio_keeps_nothing_of_what_was_shown(chat: Chat) -> None:
    app = mount_page(build_app(chat.service), chat.service)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(Gate(app)), base_url="http://localhost") as http:
        for number in range(5):
            body = {"data": [], "fn_index": 0, "session_hash": f"s{number}"}
            assert (await http.post("/gradio_api/run/predict", json=body)).status_code == 200
    (gradio,) = (route.app for route in app.routes if isinstance(route, Mount) and hasattr(route.app, "state_holder"))
    assert list(gradio.state_holder.session_data) == []


def test_a_door_is_found_by_its_whole_address_only() -> None:
    assert door_of("/healthz")
    assert door_of("/api/sessions/1/messages")
    for path in ("/healthz\n", "/healthz/x", "healthz", "", "//", "/api/sessions/1/2/messages", "/gradio_api/run/load"):
        assert door_of(path) is None
    for path in (f"/assets/{'x' * 256}", f"/static/{'ก' * 86}", f"/assets/{'x/' * 1200}"):
        assert door_of(path) is None
