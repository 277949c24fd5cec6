"""One painter: a reply looks the same while it grows, when it has ended, and after a reload; it is never blank, and
loads nothing."""

from __future__ import annotations

import random
from typing import Any

import pytest
from playwright.async_api import Request, Route, expect

from tests.app import App
from tests.browser.chat_page import ChatPage
from tests.browser.drawn import CASES, Look, expected_text, look_at, small_pieces, until
from tests.browser.imported_sessions import bring_in, session_of
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")


def mixed(seed: int) -> str:
    """Return several of the cases as one long reply."""
    chosen = random.Random(seed).sample(sorted(set(CASES) - {"mathlong", "stoplist"}), 8)
    return "\n\n".join(f"## {name}\n\n{CASES[name]}" for name in chosen)


REPLIES = CASES | {f"mixed {seed}": mixed(seed) for seed in (1, 2, 3)}
GROUPS = [sorted(REPLIES)[at::5] for at in range(5)]
"""The replies of one session each."""


async def grown(page: ChatPage, model: OpenAIStandin, source: str) -> Look:
    """Look at a reply whose text is all there and whose end has not come."""
    model.may_end.clear()
    model.script = Script(tokens=small_pieces(source))
    await page.ask("วาดให้ดู")
    text = await expected_text(page.page, source)

    async def is_there() -> bool:
        return bool(await page.growing.text_content() == text)

    await until(is_there)
    look = await look_at(page, page.growing)
    await expect(page.growing).to_have_count(1)
    return look


@pytest.mark.parametrize("names", GROUPS, ids=["-".join(names) for names in GROUPS])
async def test_a_reply_looks_the_same_live_stored_and_reloaded(
    page: ChatPage, model: OpenAIStandin, names: list[str]
) -> None:
    live: dict[str, Look] = {}
    words = page.replies.locator(".words")
    for at, name in enumerate(names):
        try:
            live[name] = await grown(page, model, REPLIES[name])
        finally:
            model.may_end.set()
        await page.is_idle()
        assert live[name].differs_from(await look_at(page, words.nth(at))) == "", name
    await page.reload()
    await expect(page.replies).to_have_count(len(names))
    for at, name in enumerate(names):
        assert live[name].differs_from(await look_at(page, words.nth(at))) == "", name
    assert page.complaints == []


TABLE = "| ชื่อ | ราคา |\n|:--|--:|\n| น้ำตาล | $12 |\n| เกลือ | 8 |"
BREAKS_TABLES = """
export class Table { constructor() { throw new Error('no table can be drawn'); } }
export const drawTable = (token, mayGrow) => new Table(token, mayGrow);
"""
BREAKS_READING = "export function read() { throw new Error('nothing can be read'); }"


async def break_module(page: ChatPage, path: str, source: str) -> None:
    """Serve another module in the place of one of ours, to this page alone."""

    async def answer(route: Route) -> None:
        await route.fulfill(content_type="text/javascript", body=source)

    await page.page.route(f"**/{path}*", answer)
    await page.use_sources()


@pytest.mark.parametrize(
    ("path", "source", "is_rest_drawn"),
    [("message/table.mjs", BREAKS_TABLES, True), ("message/reading.mjs", BREAKS_READING, False)],
    ids=["a block", "all of it"],
)
async def test_what_can_not_be_drawn_is_shown_with_its_source(
    page: ChatPage, model: OpenAIStandin, path: str, source: str, is_rest_drawn: bool
) -> None:
    await break_module(page, path, source)
    await page.is_ready()
    await page.new_session()
    written = f"ก่อน **หนา**\n\n{TABLE}\n\nหลัง"
    model.may_end.clear()
    model.script = Script(tokens=small_pieces(written))
    await page.ask("วาดไม่ได้")
    try:
        await expect(page.growing).to_contain_text("| เกลือ | 8 |")
        await expect(page.growing).to_contain_text("หลัง")
    finally:
        model.may_end.set()
    await page.is_idle()
    for _ in range(2):
        words = page.replies.locator(".words")
        await expect(words).to_contain_text("หลัง")
        text = await words.text_content() or ""
        assert "".join(TABLE.split()) in "".join(text.split())
        await expect(words.locator("strong")).to_have_count(1 if is_rest_drawn else 0)
        await expect(words.locator("table")).to_have_count(0)
        await page.reload()


EVIL = "http://tracker.example/"
HOSTILE = (
    "<script>window.owned=1</script><img src=x onerror='window.owned=2'>"
    f"<svg onload='window.owned=3'></svg><iframe src='{EVIL}' srcdoc='<script>parent.owned=4</script>'></iframe>"
    f"<link rel=stylesheet href='{EVIL}a.css'><video src='{EVIL}v' autoplay></video><object data='{EVIL}o'></object>"
    f"<style>@import '{EVIL}s.css'</style><base href='{EVIL}'><meta http-equiv=refresh content='0;url={EVIL}'>"
    f"<body onload=alert(1)> [press](javascript:alert(2)) [data](data:text/html,<script>alert(3)</script>)"
)
PICTURES = f"![seen]({EVIL}pixel.png) ![*a*]({EVIL}q.png \"t\") [![in]({EVIL}r.png)]({EVIL}) <img src='{EVIL}t.png'>"
FORMULAS = (
    f"$$\\includegraphics{{{EVIL}f.png}}$$ $\\href{{javascript:alert(4)}}{{x}}$ $\\url{{{EVIL}u}}$ "
    f"$$\\html{{<img src={EVIL}h.png>}} \\style{{background: url({EVIL}b.png)}}{{x}}$$ "
    "$\\class{a}{\\unicode{60}}$"
)
DIAGRAM = (
    f"flowchart TD\n  A[\"<img src='{EVIL}m.png' onerror='alert(5)'>\"] --> B\n  click A href \"javascript:alert(6)\"\n"
    f'  style B fill:url({EVIL}n.png)\n  click B "{EVIL}" _blank'
)
FORMS = {
    "text": f"{HOSTILE}\n\n{PICTURES}",
    "a table": f"| a | {HOSTILE} |\n|---|---|\n| {PICTURES} | {HOSTILE} |",
    "fences": f'```html\n{HOSTILE}\n```\n\n```{HOSTILE}\nx\n```\n\n~~~svg title="{HOSTILE}"\n{PICTURES}\n~~~',
    "code in a line": f"`{HOSTILE}` ``{PICTURES}``",
    "formulas": f"{FORMULAS}\n\n$${HOSTILE}$$",
    "a diagram": f"```mermaid\n{DIAGRAM}\n```",
    "details": f"<details><summary>{PICTURES}</summary>\n\n{HOSTILE}\n\n</details>",
    "notes": f"x[^1]\n\n[^1]: {PICTURES} {HOSTILE}\n",
    "links": f"[x]: {EVIL} 'onmouseover=alert(7)'\n\n[x] <{EVIL}> {EVIL}?q=<script> [a]({EVIL}\"onclick=\"alert(8))",
}
PARTS: list[dict[str, Any]] = [
    {"type": "reasoning", "text": HOSTILE},
    {"type": "text", "text": f"{HOSTILE}\n\n{PICTURES}"},
    {"type": "tool_call", "call_id": "1", "name": HOSTILE[:200], "arguments": {HOSTILE: PICTURES}},
    {"type": "tool_result", "call_id": "1", "text": HOSTILE, "is_error": True},
    {"type": "citation", "document_id": "d", "title": HOSTILE, "url": "javascript:alert(9)", "quote": PICTURES},
    {"type": "citation", "document_id": "e", "title": PICTURES, "url": f"{EVIL}c", "quote": HOSTILE},
    {
        "type": "attachment",
        "file_id": f"{EVIL}f",
        "name": HOSTILE[:200],
        "media_type": "image/svg+xml",
        "size_bytes": 1,
    },
    {"type": "hologram", "src": f"{EVIL}x.png", "html": HOSTILE},
]
PAINTER = "new URL('message/painter.mjs', document.querySelector('link[href*=\"page.mjs\"]').href)"
STRANGE = (
    ".words :is(script, img, iframe, video, audio, object, embed, link, style, base, meta, form, picture, source), "
    ".words [src], .words [srcset], .words [onload], .words [onerror], .words [onclick], .words [onmouseover], "
    ".words [href^='javascript'], .words [href^='data'], .words [style*=url]"
)


async def test_nothing_that_a_message_holds_is_run_or_loads_anything(page: ChatPage, app: App) -> None:
    said = [said for name, form in FORMS.items() for said in (name, form)]
    session = session_of("ร้ายทุกแบบ", *said, "parts", PARTS)
    session_id = await bring_in(page.page, app, session)
    dialogs: list[str] = []
    asked: list[str] = []
    page.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    await page.open(f"{app.address}/?s={session_id}")
    await expect(page.replies).to_have_count(len(FORMS) + 1)
    await expect(page.replies.last.locator(".words")).to_contain_text("hologram")
    await page.page.wait_for_load_state("networkidle")

    def note(request: Request) -> None:
        # Scripts of ours are loaded, such as what gives a language its colours, and ask what has changed; one that a
        # message holds would open a dialog first.
        if "/ui-static/" not in request.url and request.resource_type not in ("fetch", "eventsource"):
            asked.append(request.url)

    await page.page.evaluate(f"async () => {{ window.painter = await import({PAINTER}); }}")
    await page.page.wait_for_load_state("networkidle")
    page.page.on("request", note)
    # Everything is drawn once more, and opened.
    for box in await page.page.locator("#chat details").all():
        await box.evaluate("(box) => { box.open = true }")
    await page.page.evaluate(
        """(sources) => {
            const { draw } = window.painter;
            for (const source of sources) {
                const element = document.createElement('div');
                element.className = 'words';
                document.querySelector('#chat').append(element);
                draw(element, source);
            }
        }""",
        list(FORMS.values()),
    )
    await page.page.wait_for_load_state("networkidle")
    assert asked == []
    page.page.remove_listener("request", note)
    await page.page.locator(".diagram-draw").first.click()
    await expect(page.page.locator(".diagram").first).not_to_have_class("diagram drawing")
    assert (
        await page.page.locator(STRANGE).evaluate_all(
            "(all) => all.filter((one) => !one.closest('.diagram-view')).map((one) => one.outerHTML)"
        )
        == []
    )
    assert await page.page.evaluate("window.owned === undefined")
    assert dialogs == []
    assert page.hosts == {"127.0.0.1"}
