"""The page as an installed program: its manifest, its icons, and the worker that keeps its files and nothing else."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEPT = """async () => {
  const kept = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) kept.push(new URL(request.url).pathname);
  return kept;
}"""
HAS_STYLE = f"({KEPT})().then((kept) => kept.some((path) => /[.](css|woff2)$/.test(path)))"
CONTROLLED = "navigator.serviceWorker.ready.then(() => Boolean(navigator.serviceWorker.controller))"


async def kept_files(page: Page) -> list[str]:
    return list(await page.evaluate(KEPT))


async def test_the_browser_finds_nothing_wrong_with_the_manifest(page: ChatPage) -> None:
    await expect(page.page.locator("link[rel=manifest]")).to_be_attached()
    devtools = await page.page.context.new_cdp_session(page.page)
    found = await devtools.send("Page.getAppManifest")
    assert found["errors"] == []
    manifest = json.loads(found["data"])
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        size = await page.page.evaluate(
            """async (address) => {
              const image = await createImageBitmap(await (await fetch(address)).blob());
              return `${image.width}x${image.height}`;
            }""",
            found["url"].rsplit("/", 1)[0] + "/" + icon["src"],
        )
        assert size == icon["sizes"]


async def test_its_shortcut_opens_a_new_session(page: ChatPage, app: App) -> None:
    await page.ask_and_wait("คำถามก่อนทางลัด")
    await expect(page.page.locator("link[rel=manifest]")).to_be_attached()
    devtools = await page.page.context.new_cdp_session(page.page)
    [shortcut] = json.loads((await devtools.send("Page.getAppManifest"))["data"])["shortcuts"]
    await page.open(app.address + shortcut["url"])
    await expect(page.welcome).to_be_visible()
    await expect(page.questions).to_have_count(0)


async def test_the_worker_keeps_files_and_never_an_answer(browser: Browser, app: App, model: OpenAIStandin) -> None:
    async with visit(browser, app, keeps_files=True) as page:
        await page.page.wait_for_function(CONTROLLED)
        await page.reload()
        await page.new_session()
        await page.ask_and_wait("คำถามที่ไม่มีใครเก็บไว้ในไฟล์")
        await page.reload()
        await expect(page.questions).to_have_text("คำถามที่ไม่มีใครเก็บไว้ในไฟล์")
        await page.page.wait_for_function(HAS_STYLE)
        kept = await kept_files(page.page)
        assert [path for path in kept if path.endswith(("js", ".webmanifest"))] == []
        assert [path for path in kept if not re.match(r"/(?:ui-static|assets)/", path)] == []
        assert page.complaints == []


async def test_nothing_that_was_put_into_the_cache_is_run(browser: Browser, app: App) -> None:
    async with visit(browser, app, keeps_files=True) as page:
        await page.page.wait_for_function(CONTROLLED)
        await page.reload()
        written = await page.page.evaluate(
            """async () => {
              const [name] = await caches.keys();
              const cache = await caches.open(name);
              const body = "document.documentElement.dataset.hostile = 'yes'";
              const asked = performance.getEntriesByType('resource').map(({ name }) => name);
              const addresses = asked.filter((name) => /js$/.test(name));
              const answer = () => new Response(body, { headers: { 'Content-Type': 'text/javascript' } });
              for (const address of addresses) await cache.put(address, answer());
              return addresses.length;
            }"""
        )
        assert written > 1
        await page.reload()
        assert await page.page.locator("html").get_attribute("data-hostile") is None


async def test_the_worker_forgets_the_files_of_other_versions(browser: Browser, app: App) -> None:
    async with visit(browser, app, keeps_files=True) as page:
        await page.page.wait_for_function(CONTROLLED)
        await page.page.evaluate("caches.open('files-older').then((cache) => cache.put('/x', new Response('x')))")
        await page.page.evaluate("navigator.serviceWorker.ready.then((worker) => worker.unregister())")
        assert await page.page.evaluate("caches.has('files-older')")
        await page.reload()
        await page.page.wait_for_function(CONTROLLED)
        await page.page.wait_for_function("caches.has('files-older').then((is_there) => !is_there)")
