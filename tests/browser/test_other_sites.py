"""The power of a page of another site over the chat of whoever looks at it: it can link to it, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from aiohttp import web
from playwright.async_api import Browser, Locator, Page, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.ports import free_port
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCRIPT = "<!doctype html><script>fetch('/api/sessions').then(r => r.text()).then(t => { document.title = t })</script>"
"""Run in the chat's origin, it could read everything."""


@dataclass(slots=True)
class OtherSite:
    """A site of somebody else's, at another port of this machine and under another name."""

    port: int
    asked: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    async def answer(self, request: web.Request) -> web.Response:
        if request.path in ("/", "/favicon.ico"):
            return web.Response(text="<!doctype html><title>another site</title><body>", content_type="text/html")
        self.asked.append(request.path)
        return web.Response(text=SCRIPT, content_type="text/html", headers={"Access-Control-Allow-Origin": "*"})


@asynccontextmanager
async def other_site() -> AsyncIterator[OtherSite]:
    site = OtherSite(free_port())
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", site.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", site.port).start()
    try:
        yield site
    finally:
        await runner.cleanup()


@asynccontextmanager
async def looking_at(browser: Browser, site: OtherSite) -> AsyncIterator[Page]:
    context = await browser.new_context()
    try:
        page = await context.new_page()
        await page.goto(site.address)
        yield page
    finally:
        await context.close()


HOLES = (
    "/gradio_api/file={site}/x.png",
    "/gradio_api/file/{site}/x.png",
    "/gradio_api/proxy={site}/x.png",
    "/file={site}/x.png",
    "//gradio_api/file={site}/x.png",
    "/%67radio_api/file={site}/x.png",
)


async def test_no_address_of_the_chat_gives_out_what_another_site_answers(browser: Browser, app: App) -> None:
    async with other_site() as site, looking_at(browser, site) as page:
        for hole in HOLES:
            address = app.address + hole.format(site=site.address)
            answer = await page.goto(address)
            assert answer is not None
            assert answer.status in (403, 404)
            await page.goto(site.address)
            await page.evaluate("(address) => { location = address }", address)
            await page.wait_for_url(address)
            assert "session_id" not in await page.title()
            await page.goto(site.address)
        assert site.asked == []


ATTACKS = """async (chat) => {
  const text = (path, how) => fetch(chat + path, how).then((answer) => answer.text());
  const json = { 'Content-Type': 'application/json' };
  const event = { method: 'POST', headers: json, body: '{"data": [{}], "fn_index": 0}' };
  const plain = { 'Content-Type': 'text/plain' };
  const question = { method: 'POST', mode: 'no-cors', headers: plain, body: '{"query": "จากเว็บอื่น"}' };
  const loaded = (kind, path) => new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(kind), { onload: () => resolve('loaded'), onerror: reject });
    element.src = chat + path;
    document.body.append(element);
  });
  const later = (look) => new Promise((resolve, reject) => {
    setTimeout(() => { try { resolve(look()); } catch (error) { reject(error); } }, 1500);
  });
  const tries = {
    read: () => text('/api/sessions'),
    readWithCookies: () => text('/config', { credentials: 'include' }),
    event: () => text('/gradio_api/run/predict', event),
    erase: () => text('/api/sessions', { method: 'DELETE' }),
    script: () => loaded('script', '/api/sessions'),
    picture: () => loaded('img', '/favicon.ico'),
    frame: async () => {
      const frame = document.body.appendChild(Object.assign(document.createElement('iframe'), { src: chat + '/' }));
      return later(() => frame.contentWindow.document.body.innerHTML);
    },
    stream: () => new Promise((resolve, reject) => {
      const source = new EventSource(chat + '/api/sessions/00000000-0000-7000-8000-000000000000/events');
      source.onopen = () => resolve('open');
      source.onerror = () => { source.close(); reject(new Error('refused')); };
    }),
    handle: async () => { const opened = window.open(chat + '/'); return later(() => opened?.document?.title); },
  };
  const done = {};
  for (const [name, attempt] of Object.entries(tries)) {
    try { done[name] = await attempt(); } catch (error) { done[name] = null; }
  }
  for (const path of ['/api/sessions', '/chat', '/api/import', '/gradio_api/upload']) {
    await fetch(chat + path, question).catch(() => null);
  }
  return done;
}"""

FORM = """([action, method]) => {
  const form = Object.assign(document.createElement('form'), { action, method, enctype: 'text/plain' });
  const field = Object.assign(document.createElement('input'), { name: '{"query":"x","a":"', value: '"}' });
  form.append(field);
  document.body.append(form);
  form.submit();
}"""


async def test_another_sites_page_reads_and_changes_nothing(browser: Browser, app: App, page: ChatPage) -> None:
    await page.ask_and_wait("ของฉันเท่านั้น")
    async with httpx.AsyncClient(base_url=app.address) as http:
        before = (await http.get("/api/sessions", params={"limit": 50})).json()
        async with other_site() as site, looking_at(browser, site) as other:
            got = await other.evaluate(ATTACKS, app.address)
            assert {name: result for name, result in got.items() if result} == {}
            assert site.asked == []
        assert (await http.get("/api/sessions", params={"limit": 50})).json() == before


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_form_on_another_site_reaches_nothing(browser: Browser, app: App, method: str) -> None:
    async with httpx.AsyncClient(base_url=app.address) as http, other_site() as site:
        before = (await http.get("/api/sessions", params={"limit": 50})).json()
        for path in ("/chat", "/api/sessions", "/gradio_api/run/predict"):
            async with looking_at(browser, site) as other:
                async with other.expect_navigation():
                    await other.evaluate(FORM, [app.address + path, method])
                assert "foreign_site" in await other.content()
        assert (await http.get("/api/sessions", params={"limit": 50})).json() == before


RULES = """(address) => {
  const rules = Object.assign(document.createElement('script'), { type: 'speculationrules' });
  rules.textContent = JSON.stringify({ prerender: [{ source: 'list', urls: [address], eagerness: 'immediate' }] });
  document.head.append(rules);
}"""


async def test_another_site_can_have_nothing_prerendered_or_downloaded(browser: Browser, app: App) -> None:
    async with other_site() as site, looking_at(browser, site) as other:
        downloads: list[object] = []
        other.on("download", lambda download: downloads.append(download))
        answered: list[tuple[str, int]] = []
        other.context.on("response", lambda answer: answered.append((answer.url, answer.status)))
        await other.evaluate(RULES, f"{app.address}/api/export")
        await asyncio.sleep(2)  # time for a download that must not come
        assert downloads == []
        assert [answer for answer in answered if answer[0].startswith(app.address) and answer[1] == 200] == []


async def test_a_link_on_another_site_opens_the_page_at_a_session(browser: Browser, app: App, page: ChatPage) -> None:
    await page.ask_and_wait("เปิดจากลิงก์")
    async with other_site() as site, looking_at(browser, site) as other:
        async with other.expect_navigation():
            await other.evaluate("(address) => { location = address }", f"{app.address}/?s={page.session_id}")
        await expect(other.locator("#chat")).to_contain_text("เปิดจากลิงก์")


STYLE = "@font-face { font-family: x; src: url(SITE/f.woff) } * { background: url(SITE/g.png); font-family: x }"
DRAWN = """
```mermaid
flowchart TD
  A@{ img: "SITE/a.png", label: "x", w: 60, h: 60 }
  B["<img src='SITE/b.png'> <img src='/api/sessions?b'>"]
  C@{ img: "/api/sessions?c", label: "y", w: 60, h: 60 }
  style A fill:url(SITE/d.png)
```

```mermaid
%%{init: {"themeCSS": "@import url(SITE/e.css); STYLE"}}%%
sequenceDiagram
  A->>B: x
```

![a](SITE/h.png) <img src="SITE/i.png"> <link rel="prefetch" href="SITE/j"> <video poster="SITE/k.png"></video>
<style>@import url(SITE/l.css);</style> <svg><image href="SITE/m.png"/><use href="SITE/n.svg#a"/></svg>

$$\\includegraphics{SITE/o.png}$$ $$\\htmlStyle{background: url(SITE/p.png)}{x}$$ \\(\\href{SITE/q}{x}\\)
""".replace(
    "STYLE", "@font-face { font-family: x; src: url(SITE/f.woff) } * { background: url(SITE/g.png); font-family: x }"
)


async def draw_diagrams(reply: Locator) -> None:
    """Have every diagram of a reply drawn, and its formulas with them. A diagram may be refused."""
    await expect(reply.locator(".formula:is(:has(math), .bad)")).to_have_count(3)
    for diagram in await reply.locator(".diagram").all():
        await diagram.locator(".diagram-draw").click()
        await expect(diagram.locator("iframe, .diagram-reason:not(:empty)").first).to_be_attached()
        await expect(diagram.and_(reply.locator(".drawing"))).to_have_count(0)
    await expect(reply.locator(".diagram.shown").last).to_be_visible()


async def test_nothing_that_a_model_writes_asks_any_server_for_anything(
    browser: Browser, app: App, model: OpenAIStandin
) -> None:
    async with other_site() as site, visit(browser, app) as page:
        await page.new_session()
        answered: list[str] = []
        page.page.on("response", lambda answer: answered.append(f"{answer.request.resource_type} {answer.url}"))
        model.script = Script(tokens=tuple(DRAWN.replace("SITE", site.address)), delay_ms=0)
        reply = await page.ask_and_wait("วาดรูป")
        await draw_diagrams(reply)
        await page.reload()
        await draw_diagrams(page.replies.first)
        await asyncio.sleep(1)  # time for a request that must not come
        assert site.asked == []
        assert page.hosts <= {"127.0.0.1", "localhost"}
        assert [line for line in answered if line.startswith(("image ", "media "))] == []
        assert [line for line in answered if "/api/sessions?b" in line or "/api/sessions?c" in line] == []
        # Whoever comes next is shown the last session: not this one, whose pictures are tried and blocked again.
        async with httpx.AsyncClient(base_url=app.address) as http:
            await http.delete(f"/api/sessions/{page.session_id}", params={"permanent": "true"})
