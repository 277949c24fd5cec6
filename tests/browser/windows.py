"""Windows of the browser that are used again: what a person keeps in one is forgotten, files and their code stay."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakSet

from playwright.async_api import Browser, BrowserContext

from tests.browser.chromium import PATIENCE_MS

MOST_IDLE = 6


@dataclass(frozen=True)
class Kind:
    """Where a window leads, in which language and size, which can't change later."""

    address: str
    locale: str
    phone: bool


@dataclass(frozen=True)
class _Idle:
    browser: Browser
    kind: Kind
    context: BrowserContext


_idle: list[_Idle] = []
"""Windows that nobody uses, the one that was given back last at the end."""
_spent = WeakSet[BrowserContext]()


def spend(context: BrowserContext) -> None:
    """Tell that a window is not to be used again, as something of it can't be taken back: its clock, for one."""
    _spent.add(context)


async def open_window(browser: Browser, locale: str, *, phone: bool, service_workers: bool = False) -> BrowserContext:
    """Return a new window, which remembers nothing."""
    context = await browser.new_context(
        locale=locale,
        viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 800},
        is_mobile=phone,
        has_touch=phone,
        service_workers="allow" if service_workers else "block",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE_MS)
    return context


@asynccontextmanager
async def window(browser: Browser, kind: Kind) -> AsyncIterator[BrowserContext]:
    """Yield a window of this kind in which nothing is kept, and keep it for the next if it was used without an error.

    One blank page of the app's stays open in it, so that the next page finds the browser's process for the app, which
    has its scripts compiled (`--process-per-site`).
    """
    context = _take(browser, kind) or await _begin(browser, kind)
    try:
        yield context
    except BaseException:
        await context.close()
        raise
    await _give_back(browser, kind, context)


def _take(browser: Browser, kind: Kind) -> BrowserContext | None:
    for at in reversed(range(len(_idle))):
        if _idle[at].browser is browser and _idle[at].kind == kind:
            return _idle.pop(at).context
    return None


async def _begin(browser: Browser, kind: Kind) -> BrowserContext:
    context = await open_window(browser, kind.locale, phone=kind.phone)
    blank = await context.new_page()
    await blank.goto(f"{kind.address}/healthz")
    return context


async def _give_back(browser: Browser, kind: Kind, context: BrowserContext) -> None:
    if context in _spent:
        await context.close()
        return
    blank, *used = context.pages
    for page in used:
        await page.close()
    await context.unroute_all()
    await context.set_offline(False)
    await context.clear_cookies()
    devtools = await context.new_cdp_session(blank)
    await devtools.send("Storage.clearDataForOrigin", {"origin": kind.address, "storageTypes": "all"})
    await devtools.detach()
    _idle.append(_Idle(browser, kind, context))
    while len(_idle) > MOST_IDLE:
        await _idle.pop(0).context.close()
