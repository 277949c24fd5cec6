"""Pages that are measured in a real browser: how to use each, and what a visit and a reply cost in it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.async_api import BrowserContext, CDPSession, Page

from tests.standins.script import thai_tokens

WAIT_MS = 120_000
QUIET_S = 0.7
"""A page that asked for nothing for so long has loaded."""
SETTLE_S = 1.0
"""Time that a page has for what it does behind the last word, and before the first question."""
ELSEWHERE = "data:text/html,"
"""Where each visit comes from: like a browser's own new tab, in another process than any page it leads to. That of a
tab that was never used goes on with a page unless it has a Cross-Origin-Opener-Policy."""

_NOTE_USABLE = """(() => {
    const isUsable = () => { try { return Boolean(%s); } catch { return false; } };
    const look = () => {
        if (isUsable()) window.benchUsable = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})()"""
_NOTE_WORDS = """(words) => {
    const seen = window.benchSeen = {};
    const observer = new MutationObserver((changes) => {
        const now = performance.timeOrigin + performance.now();
        for (const change of changes) {
            const texts = change.type === 'characterData'
                ? [change.target.data] : Array.from(change.addedNodes, (node) => node.textContent);
            for (const word of words)
                if (!(word in seen) && texts.some((text) => text?.includes(word))) seen[word] = now;
        }
        if (words.every((word) => word in seen)) observer.disconnect();
    });
    observer.observe(document, { subtree: true, childList: true, characterData: true });
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A page with a question box. `usable` and `idle` are expressions of JavaScript."""

    name: str
    address: str
    box: str
    """The box's CSS selector."""
    usable: str
    """True once one can type a question and it would be sent."""
    idle: str
    """True while no reply grows."""
    new: str = ""
    """The selector of the button that begins a session, where the page opens with an earlier one."""
    empty: str = ""
    """The selector of what only an empty session shows."""


def thai_chat(address: str) -> Site:
    return Site(
        name="Thai Chat",
        address=address,
        box="#box textarea",
        usable="'ready' in document.body.dataset",
        idle="document.body.dataset.busy === 'no'",
        new="#new",
        empty="#welcome",
    )


def chat_interface(address: str) -> Site:
    box = "document.querySelector('textarea[data-testid=textbox]')"
    return Site(
        name="ChatInterface",
        address=address,
        box="textarea[data-testid=textbox]",
        usable=f"!{box}.disabled && {box}.offsetParent && document.querySelector('button.submit-button')",
        idle="document.querySelector('button.submit-button')?.offsetParent",
    )


def open_webui(address: str) -> Site:
    box = "document.querySelector('#chat-input')"
    return Site(
        name="Open WebUI",
        address=address,
        box="#chat-input",
        usable=f"{box}.offsetParent && ({box}.isContentEditable || !{box}.disabled)",
        idle="!document.querySelector('[aria-label=Stop], button.stop')",
    )


@dataclass(frozen=True, slots=True)
class Load:
    usable_ms: float
    """From the start of the navigation."""
    requests: int
    """The number that went to the server: what the cache had is none."""
    kilobytes: float
    """All that came over the wire, headers too."""


@dataclass(frozen=True, slots=True)
class Reply:
    first_ms: float
    """From the model server's first write to the first change of the page that holds the word."""
    last_ms: float
    task_ms: float
    """The main thread's work from the question to the end."""


@dataclass
class _Traffic:
    requests: set[str] = field(default_factory=set)
    cached: set[str] = field(default_factory=set)
    received: int = 0
    changed_at: float = field(default_factory=time.monotonic)

    def watch(self, browser: CDPSession) -> None:
        browser.on("Network.requestWillBeSent", self._sent)
        browser.on("Network.responseReceived", self._answered)
        browser.on("Network.requestServedFromCache", lambda event: self.cached.add(event["requestId"]))
        browser.on("Network.loadingFinished", self._finished)

    def _sent(self, event: dict[str, Any]) -> None:
        self.changed_at = time.monotonic()
        if event["request"]["url"].startswith("http"):
            self.requests.add(event["requestId"])

    def _answered(self, event: dict[str, Any]) -> None:
        if event["response"].get("fromDiskCache") or event["response"].get("fromPrefetchCache"):
            self.cached.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        self.changed_at = time.monotonic()
        if event["requestId"] not in self.cached:
            self.received += event["encodedDataLength"]


async def load(context: BrowserContext, site: Site) -> Load:
    """Open the page in a new tab, and close it again."""
    page = await context.new_page()
    await page.goto(ELSEWHERE)
    browser = await context.new_cdp_session(page)
    traffic = _Traffic()
    traffic.watch(browser)
    await browser.send("Network.enable")
    await page.add_init_script(_NOTE_USABLE % site.usable)
    await page.goto(site.address, wait_until="commit")
    usable = await page.wait_for_function("() => window.benchUsable", polling=50, timeout=WAIT_MS)
    usable_ms = await usable.json_value()
    while (quiet_s := time.monotonic() - traffic.changed_at) < QUIET_S:  # noqa: ASYNC110 - nothing tells of quiet
        await asyncio.sleep(QUIET_S - quiet_s)
    await page.close()
    return Load(usable_ms, len(traffic.requests - traffic.cached), traffic.received / 1000)


class Talk:
    """One tab in which questions are asked; what the model says is set for each."""

    def __init__(self, site: Site, page: Page, browser: CDPSession, model: httpx.AsyncClient) -> None:
        self._site = site
        self._page = page
        self._browser = browser
        self._model = model

    @classmethod
    async def begin(cls, context: BrowserContext, site: Site, model: httpx.AsyncClient) -> Talk:
        page = await context.new_page()
        browser = await context.new_cdp_session(page)
        await browser.send("Performance.enable")
        await page.add_init_script(_NOTE_USABLE % site.usable)
        await page.goto(site.address, wait_until="commit")
        await page.wait_for_function("() => window.benchUsable", polling=50, timeout=WAIT_MS)
        if site.new:
            await page.locator(site.new).click()
            await page.locator(site.empty).wait_for()
        await asyncio.sleep(SETTLE_S)
        return cls(site, page, browser, model)

    async def ask(self, tokens: int, delay_ms: float) -> Reply:
        """Ask one question, and wait for the end of its reply."""
        name = f"{time.time_ns():x}"
        first, last = f"first{name}", f"last{name}"
        script = {"tokens": [f"{first} ", *thai_tokens(tokens - 2), f" {last}"], "delay_ms": delay_ms}
        (await self._model.post("/control/script", json=script)).raise_for_status()
        await self._page.evaluate(_NOTE_WORDS, [first, last])
        began_s = await self._task_s()
        box = self._page.locator(self._site.box)
        await box.fill("ทำไมฟ้าเป็นสีฟ้า")
        await box.press("Enter")
        word = json.dumps(last)
        await self._page.wait_for_function(f"() => window.benchSeen[{word}]", polling=100, timeout=WAIT_MS)
        await self._page.wait_for_function(f"() => Boolean({self._site.idle})", polling=100, timeout=WAIT_MS)
        if delay_ms:
            await asyncio.sleep(SETTLE_S)
        task_ms = 1000 * (await self._task_s() - began_s)
        seen = await self._page.evaluate("() => window.benchSeen")
        requests = (await self._model.get("/control/state")).json()["requests"]
        sent = next(one for one in reversed(requests) if first in one["text_sent"])
        (await self._model.post("/control/reset")).raise_for_status()
        return Reply(seen[first] - 1000 * sent["first_sent_at"], seen[last] - 1000 * sent["last_sent_at"], task_ms)

    async def heap_kb(self) -> float:
        """Return the heap that is in use when all garbage has gone."""
        await self._browser.send("HeapProfiler.collectGarbage")
        used: float = (await self._browser.send("Runtime.getHeapUsage"))["usedSize"]
        return used / 1000

    async def _task_s(self) -> float:
        metrics: Sequence[dict[str, Any]] = (await self._browser.send("Performance.getMetrics"))["metrics"]
        return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))
