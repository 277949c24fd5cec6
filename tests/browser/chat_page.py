"""The page as a person sees it: what can be done, and what is to be seen."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Locator, Page, Request, Route, expect
from playwright.async_api._generated import Clock

from tests.app import App
from tests.browser.windows import Kind, open_window, spend, window
from thai_chat.ui.static import ASSETS

MODELS = ("thai-large", "thai-small")
AT_REST = """document.getAnimations().every((one) =>
  one.playState === 'finished' || one.effect.getTiming().iterations === Infinity)"""
_MESSAGES = re.compile(r"/api/sessions/[^/]+/messages(\?|$)")
BLOCKED_WORKER = "Service Worker registration blocked by Playwright"
"""Said some seconds after the page has opened, of `service_workers` below."""


class ChatPage:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        """Errors and warnings of the browser's console, and exceptions nobody caught."""
        page.on("request", self._note_host)
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.box = page.locator("#box textarea")
        self.send = page.locator("#send")
        self.stop = page.locator("#stop")
        self.welcome = page.locator("#welcome")
        self.alert = page.locator("#alerts .alert")
        self.questions = page.locator(".message-row.user-row")
        self.replies = page.locator("#chat .bot-row:not(.growing)")
        self.growing = page.locator("#chat .bot-row.growing .words")
        self.sessions = page.locator("#recent .session")
        self.find = page.locator("#find input")
        self.search = page.locator("#search input")
        self.toast = page.locator(".toast")

    @property
    def clock(self) -> Clock:
        """The clock of the window, which is used by no other test after it."""
        spend(self.page.context)
        return self.page.clock

    async def open(self, address: str) -> None:
        await self.page.goto(address)
        await self.is_ready()

    async def is_ready(self) -> None:
        await expect(self.page.locator("body[data-ready]")).to_be_visible()

    async def reload(self) -> None:
        await self.page.reload()
        await self.is_ready()

    async def is_at_rest(self) -> None:
        """Wait until nothing moves; what moves for ever, such as the mark of a session that is answered, may go on."""
        await self.page.wait_for_function(AT_REST)

    async def use_sources(self) -> None:
        """Open the page anew with each module in a file of its own, as tests reach them, instead of the bundle."""

        async def entry(route: Route) -> None:
            await route.fulfill(content_type="text/javascript", body=(ASSETS / "page.mjs").read_text("utf-8"))

        await self.page.route("**/page.mjs", entry)
        await self.reload()

    async def use_theme(self, theme: str) -> None:
        """Paint the page as it is in `theme`, which is not kept."""
        await self.page.evaluate("(theme) => window.thaiChat.look('theme', theme)", theme)

    async def new_session(self) -> None:
        shown = await self.page.locator("body").get_attribute("data-session") or ""
        await self.page.locator("#new").click()
        await expect(self.page.locator("body")).not_to_have_attribute("data-session", shown)
        await expect(self.welcome).to_be_visible()

    async def leave_session(self) -> None:
        """Begin a new session by keys, on a phone too: what another test has left in the last one is not in the way."""
        await self.page.keyboard.press("Control+Shift+O")
        await expect(self.welcome).to_be_visible()

    async def ask(self, question: str) -> None:
        await self.box.fill(question)
        if await self.box.get_attribute("enterkeyhint") == "send":
            await self.box.press("Enter")
        else:
            await self.send.click()

    async def is_idle(self) -> None:
        """Wait until no reply grows and the history shows all of them."""
        await expect(self.page.locator("body[data-busy=no]")).to_be_visible()
        await expect(self.page.locator("#chat .growing")).to_have_count(0)

    async def ask_and_wait(self, question: str) -> Locator:
        """Ask and return the reply, when the history shows it."""
        earlier = await self.replies.count()
        await self.ask(question)
        await expect(self.replies).to_have_count(earlier + 1)
        await self.is_idle()
        return self.replies.nth(earlier)

    @asynccontextmanager
    async def seeing_nothing_new(self) -> AsyncIterator[None]:
        """Keep from the page what others say in its session, until something is sent from it in the block."""
        held: list[Route] = []

        async def hold(route: Route) -> None:
            if route.request.method == "GET":
                held.append(route)
            else:
                await route.continue_()

        await self.page.route(_MESSAGES, hold)
        async with self.page.expect_response(lambda answer: answer.request.method == "POST"):
            yield
        await self.page.unroute(_MESSAGES)
        for route in held:
            with suppress(Error):  # the page may have given it up
                await route.continue_()

    async def pick_model(self, model: str) -> None:
        await self.page.locator("#picker [aria-haspopup]").click()
        await self.page.locator("#picker [role=option]", has_text=model).click()
        await expect(self.page.locator("#picker .name")).to_have_text(model)

    async def load(self, part_of_name: str) -> None:
        """Find a session in the dropdown by a part of its name and load it."""
        await self.find.click()
        await self.find.fill(part_of_name)
        await self.page.locator("#found [role=option]", has_text=part_of_name).first.click()
        await self.page.locator("#load").click()
        await expect(self.page).to_have_title(re.compile(re.escape(part_of_name)))

    def row(self, name: str) -> Locator:
        """Return a session in the list of the sidebar, by a part of its name."""
        return self.page.locator("#recent li", has_text=name)

    async def choose(self, name: str, entry: str) -> None:
        """Pick an entry of a session's menu."""
        await self.row(name).hover()
        await self.row(name).locator(".more").click()
        await self.page.get_by_role("menuitem", name=entry, exact=True).click()

    async def rename(self, name: str, new_name: str) -> None:
        await self.choose(name, "เปลี่ยนชื่อ")
        await self.page.locator(".rename").fill(new_name)
        await self.page.locator(".rename").press("Enter")

    async def show_shelf(self, name: str) -> None:
        """List the sessions of a shelf, of a folder, or with a tag."""
        await self.page.locator(".list-head .place").click()
        await self.page.get_by_role("menuitemradio", name=name).click()
        await expect(self.page.locator(".list-head .place")).to_contain_text(name)

    async def write(self, text: str) -> None:
        """Put into the box what no keyboard types."""
        await self.box.evaluate(
            "(box, text) => { box.value = text; box.dispatchEvent(new Event('input', {bubbles: true})) }", text
        )

    async def text(self) -> str:
        return await self.box.input_value()

    @property
    def session_id(self) -> str:
        return parse_qs(urlsplit(self.page.url).query).get("s", [""])[0]

    async def scrolls_sideways(self) -> bool:
        """Tell whether something is wider than the window or the conversation."""
        return bool(
            await self.page.evaluate(
                """() => [document.documentElement, document.querySelector('#scroll')]
                    .some((element) => element.scrollWidth > element.clientWidth)"""
            )
        )

    def _note_host(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.hostname or request.url)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and message.text != BLOCKED_WORKER:
            failed = message.location["url"] if message.text.startswith("Failed to load") else ""
            self.complaints.append(f"{message.text} {failed}".strip())


@asynccontextmanager
async def visit(
    browser: Browser,
    app: App,
    path: str = "/",
    *,
    locale: str = "th-TH",
    phone: bool = False,
    keeps_files: bool = False,
    script: str = "",
) -> AsyncIterator[ChatPage]:
    """Yield the page in a window in which nothing is kept of other visits. A `script` runs before the page's own.

    Its service worker, which asks for files behind the back of those who watch, runs when it `keeps_files`.
    """
    if script or keeps_files:
        context = await open_window(browser, locale, phone=phone, service_workers=keeps_files)
        try:
            await context.add_init_script(script)
            yield await _opened(context, app.address + path)
        finally:
            await context.close()
        return
    async with window(browser, Kind(app.address, locale, phone)) as context:
        yield await _opened(context, app.address + path)


async def _opened(context: BrowserContext, address: str) -> ChatPage:
    page = ChatPage(await context.new_page())
    await page.open(address)
    return page
