"""Diagrams in messages: drawn on demand in a frame that can ask for nothing, whatever a model writes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Frame, Locator, expect

from tests.browser.axe import faults_of
from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOUNT = """async (source) => {
    const base = document.querySelector('link[href*="page.mjs"]').href;
    const { diagramControls } = await import(new URL('message/diagrams.mjs', base));
    const place = document.createElement('div');
    place.className = 'words';
    const block = document.createElement('figure');
    const pre = document.createElement('pre');
    pre.textContent = source;
    block.append(pre, diagramControls(() => pre.textContent));
    place.append(block);
    document.querySelector('#scroll > .words')?.remove();
    document.querySelector('#scroll').append(place);
}"""
FLOW = "graph TD\n A[เริ่มต้น] --> B{ตัดสินใจ}\n B -->|ใช่| C[จบ]"


class Diagrams:
    """One block of a diagram's source on the page."""

    def __init__(self, page: ChatPage) -> None:
        self.chat = page
        self.page = page.page
        self.block = self.page.locator(".diagram")
        self.button = self.block.locator(".diagram-draw")
        self.source = self.page.locator(".words pre")
        self.frame = self.page.locator(".diagram iframe")
        self.reason = self.block.locator(".diagram-reason")

    async def write(self, source: str) -> None:
        await self.page.evaluate(MOUNT, source)

    async def draw(self, source: str) -> None:
        """Draw a diagram and wait until it is there, or until it is said why not."""
        await self.write(source)
        await self.button.click()
        await expect(self.block.filter(has_not=self.page.locator("[aria-disabled]"))).to_have_count(1)

    @property
    def inner(self) -> Frame:
        return next(frame for frame in self.page.frames if frame.url.endswith("/message/diagram.html"))

    @property
    def drawn(self) -> Locator:
        return self.page.frame_locator(".diagram iframe").locator("#drawn > svg")


@pytest_asyncio.fixture(loop_scope="session")
async def diagrams(page: ChatPage) -> AsyncIterator[Diagrams]:
    yield Diagrams(page)


async def test_nothing_is_drawn_or_fetched_before_it_is_asked_for(diagrams: Diagrams) -> None:
    asked: list[str] = []
    diagrams.page.on("request", lambda request: asked.append(request.url))
    await diagrams.write(FLOW)
    await expect(diagrams.button).to_have_text("วาดแผนภาพ")
    await expect(diagrams.frame).to_have_count(0)
    assert not [address for address in asked if "diagram.html" in address or "mermaid" in address]


async def test_a_diagram_stands_where_its_source_stood_which_is_a_click_away(diagrams: Diagrams) -> None:
    await diagrams.draw(FLOW)
    await expect(diagrams.drawn).to_be_visible()
    await expect(diagrams.drawn).to_contain_text("เริ่มต้น")
    await expect(diagrams.source).to_be_hidden()
    await expect(diagrams.frame).to_have_attribute("title", "แผนภาพ")
    await diagrams.button.press("Enter")
    await expect(diagrams.source).to_be_visible()
    await expect(diagrams.frame).to_be_hidden()
    await diagrams.button.press("Enter")
    await expect(diagrams.drawn).to_be_visible()
    assert diagrams.chat.complaints == []
    assert diagrams.chat.hosts == {"127.0.0.1"}


KINDS = (
    "sequenceDiagram\n ลูกค้า->>ร้าน: สวัสดี\n ร้าน-->>ลูกค้า: ครับ",
    'pie title สัตว์\n "หมา" : 40\n "แมว" : 60',
    "gantt\n title แผน\n dateFormat YYYY-MM-DD\n section ก\n งาน :a1, 2026-01-01, 30d",
    "classDiagram\n class Animal{\n +int age\n +run()\n }",
    "stateDiagram-v2\n [*] --> Still\n Still --> [*]",
    "erDiagram\n CUSTOMER ||--o{ ORDER : places",
    "mindmap\n  root((แผนที่))\n    ก\n    ข",
    "timeline\n title ประวัติ\n 2002 : ก\n 2004 : ข",
    'xychart-beta\n title "ยอดขาย"\n x-axis [a, b]\n y-axis 0 --> 10\n bar [5, 6]',
    'C4Context\n Person(a, "ลูกค้า")\n System(b, "ระบบ")\n Rel(a, b, "ใช้")',
)


async def test_every_kind_is_drawn_without_a_complaint(diagrams: Diagrams) -> None:
    for source in KINDS:
        await diagrams.draw(source)
        await expect(diagrams.reason).to_have_text("")
        await expect(diagrams.drawn).to_be_visible()
    assert diagrams.chat.complaints == []


async def test_a_bad_diagram_keeps_its_source_and_says_why(diagrams: Diagrams) -> None:
    await diagrams.draw("this is not valid ->>> mermaid {{{")
    await expect(diagrams.reason).to_contain_text("วาดแผนภาพนี้ไม่ได้ เพราะโค้ดไม่ถูกต้อง: No diagram type detected")
    await expect(diagrams.source).to_be_visible()
    await expect(diagrams.frame).to_be_hidden()
    await diagrams.source.evaluate("(pre, good) => { pre.textContent = good; }", FLOW)
    await diagrams.button.click()
    await expect(diagrams.drawn).to_be_visible()
    await expect(diagrams.reason).to_have_text("")


async def test_one_that_is_too_long_is_not_drawn(diagrams: Diagrams) -> None:
    await diagrams.draw("graph TD\n" + "A-->B\n" * 4000)
    await expect(diagrams.reason).to_contain_text("ไม่เกิน 20,000 ตัวอักษร")
    await expect(diagrams.frame).to_have_count(0)


async def test_one_that_takes_too_long_is_given_up(diagrams: Diagrams) -> None:
    await diagrams.page.route("**/message/diagram.html", lambda route: route.fulfill(body="", content_type="text/html"))
    await diagrams.page.evaluate(
        "() => { const after = setTimeout; window.setTimeout = (done, ms) => after(done, ms === 10_000 ? 1 : ms); }"
    )
    await diagrams.draw(FLOW)
    await expect(diagrams.reason).to_contain_text("ไม่เสร็จใน 10 วินาที")
    await expect(diagrams.frame).to_have_count(0)
    await expect(diagrams.source).to_be_visible()


async def test_colours_follow_the_page(diagrams: Diagrams) -> None:
    await diagrams.page.evaluate("document.documentElement.dataset.theme = 'light'")
    await diagrams.draw(FLOW)
    fill = "(svg) => getComputedStyle(svg.querySelector('.node rect')).fill"
    light = await diagrams.drawn.evaluate(fill)
    await diagrams.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    await expect(diagrams.drawn.locator(".node rect").first).not_to_have_css("fill", light)


async def test_one_that_is_moved_in_the_page_is_drawn_again(diagrams: Diagrams) -> None:
    await diagrams.draw(FLOW)
    await diagrams.page.evaluate("document.querySelector('#scroll').append(document.querySelector('.words'))")
    await expect(diagrams.drawn).to_contain_text("เริ่มต้น")


async def test_axe_finds_nothing_in_any_state(diagrams: Diagrams) -> None:
    await diagrams.write(FLOW)
    assert await faults_of(diagrams.chat) == []
    await diagrams.draw(FLOW)
    assert await faults_of(diagrams.chat) == []
    await diagrams.chat.use_theme("dark")
    await expect(diagrams.page.locator("html[data-theme=dark] body.dark")).to_be_visible()
    await diagrams.chat.is_at_rest()
    assert await faults_of(diagrams.chat) == []
    await diagrams.draw("nothing")
    assert await faults_of(diagrams.chat) == []


async def test_the_frame_is_of_no_origin_and_reaches_nothing(diagrams: Diagrams) -> None:
    await diagrams.draw(FLOW)
    tried = await diagrams.inner.evaluate(
        """async () => {
            const refused = (attempt) => { try { attempt(); return false; } catch { return true; } };
            return [
                origin,
                refused(() => parent.document),
                refused(() => localStorage.length),
                await fetch(location.href).then(() => false, () => true),
                refused(() => { if (!open('/')) throw new Error(); }),
            ];
        }"""
    )
    assert tried == ["null", True, True, True, True]


HOSTILE = (
    'graph TD\n A@{ img: "http://tracker.example/x.png", label: "x" }',
    'graph TD\n A --> B\n click A href "http://tracker.example/" _top\n click B call alert(1)',
    'graph TD\n A --> B\n click A href "javascript:parent.owned=1"',
    'graph TD\n A["<img src=http://tracker.example/y.png onerror=alert(1)>"]',
    'graph TD\n A["<script>alert(1)</script>"] --> B["</svg><script>parent.owned=2</script>"]',
    '%%{init: {"securityLevel": "loose", "htmlLabels": true, "flowchart": {"htmlLabels": true}, '
    '"themeCSS": "@import url(http://tracker.example/z.css);"}}%%\n'
    "graph TD\n A[\"<img src='http://tracker.example/q.png' onerror='alert(1)'>\"]",
    '%%{init: {"themeVariables": {"primaryColor": "url(http://tracker.example/c)", "fontFamily": '
    '"x;} @import url(http://tracker.example/d);"}}}%%\ngraph TD\n A',
    "---\nconfig:\n  securityLevel: loose\n  htmlLabels: true\n---\n"
    'graph TD\n A["<iframe src=http://tracker.example/></iframe>"]',
    "graph TD\n A[x]\n style A fill:url(http://tracker.example/f)",
    "graph TD\n A[x]:::k\n classDef k fill:#fff,background-image:url('http://tracker.example/g')",
    'sequenceDiagram\n participant A\n link A: x @ http://tracker.example/\n A->>A: <img src="http://tracker.example/">',
    "sequenceDiagram\n participant A\n A->>A: $$\\href{javascript:alert(1)}{x}$$",
    'classDiagram\n class A\n click A href "javascript:alert(1)"\n A : <svg onload=alert(1)>',
    "gantt\n section <img src=http://tracker.example/ onerror=alert(1)>\n a :a1, 2026-01-01, 3d\n"
    ' click a1 href "http://tracker.example/"',
    'C4Context\n Person(a, "x", "y", "http://tracker.example/s.png", $link="http://tracker.example/")',
    "</script><script>parent.owned=3</script>",
    '{"__proto__": {"owned": 1}}',
)


LEADS_ELSEWHERE = """(svg) => {
    const isForeign = ({ name, value }) => /href|src/.test(name) && !/^(#|data:image)/.test(value);
    return [...svg.querySelectorAll('*')].flatMap((one) => [...one.attributes])
        .filter((attribute) => /^on/.test(attribute.name) || isForeign(attribute))
        .map(({ name, value }) => `${name}=${value}`);
}"""


async def test_hostile_diagrams_run_nothing_and_ask_nobody(diagrams: Diagrams) -> None:
    said: list[str] = []
    diagrams.page.on("dialog", lambda dialog: said.append(dialog.message))
    for source in HOSTILE:
        await diagrams.draw(source)
        if await diagrams.frame.count() and await diagrams.frame.is_visible():
            leads = await diagrams.drawn.evaluate(LEADS_ELSEWHERE)
            assert leads == [], source
            await diagrams.frame.click()
    assert said == []
    assert await diagrams.page.evaluate("window.owned === undefined")
    assert diagrams.chat.hosts == {"127.0.0.1"}
