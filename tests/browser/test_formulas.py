"""Formulas in messages: MathML from TeX, copied as TeX, and nothing but a formula whatever a model writes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Request, expect

from tests.app import App
from tests.browser.axe import faults_of
from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.asyncio(loop_scope="session")

NO_SESSION = "/?s=01900000-0000-7000-8000-000000000000"

PLACE = """async () => {
    const base = document.querySelector('link[href*="page.mjs"]').href;
    window.formulas = await import(new URL('message/formulas.mjs', base));
    window.place = document.createElement('div');
    place.className = 'words';
    document.querySelector('#scroll').append(place);
}"""
SHOWN = """async ([texts, isDisplay]) => {
    const drawn = texts.map((tex) => formulas.formula(tex, isDisplay, isDisplay ? `$$${tex}$$` : `$${tex}$`));
    place.replaceChildren(...drawn);
    await formulas.whenFormulasSettle();
    return drawn.map((one) => ({
        hasMath: Boolean(one.querySelector(':scope > math')),
        text: one.textContent,
        annotation: one.querySelector('annotation')?.textContent ?? null,
        title: one.title,
        source: formulas.texOf(one),
        elements: [...one.querySelectorAll('*:not(button, button *)')].map((inner) => inner.localName),
        attributes: [...one.querySelectorAll('math, math *')].flatMap((inner) => inner.getAttributeNames()),
        classes: one.className,
    }));
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def formulas(page: ChatPage) -> AsyncIterator[ChatPage]:
    """Yield a page with a place for formulas."""
    await page.page.evaluate(PLACE)
    yield page


async def shown(page: ChatPage, *texts: str, display: bool = False) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await page.page.evaluate(SHOWN, [list(texts), display])
    return found


GOOD = (
    r"\frac{a}{b}",
    r"\int_0^{\infty} e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}",
    r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
    r"\begin{aligned} x &= 1 \\ y &= 2 \end{aligned}",
    r"\ce{2H2 + O2 -> 2H2O}",
    r"\text{ความเร็ว} = \frac{\text{ระยะทาง}}{\text{เวลา}}",
    r"\begin{cases} 1 & x > 0 \\ 0 & \text{อื่น ๆ} \end{cases}",
    r"\cancel{x} \boxed{y} \color{red}{z} \underbrace{a+b}_{c}",
    r"\newcommand{\mean}[1]{\overline{#1}} \mean{x}",
    r"a < b > c \& d",
)


async def test_a_formula_is_mathml_with_its_tex(formulas: ChatPage) -> None:
    for is_display, texts in ((False, GOOD), (True, (*GOOD, r"\begin{align} x &= 1 \\ y &= 2 \end{align}"))):
        for tex, one in zip(texts, await shown(formulas, *texts, display=is_display), strict=True):
            assert one["hasMath"], (tex, one["title"])
            assert one["annotation"] == tex
            assert tex in one["text"]
            assert one["title"] == ""


async def test_bad_tex_shows_its_source_and_says_why(formulas: ChatPage) -> None:
    for tex in (r"\frac{a}{", r"\nothing{x}", r"x^2^3", r"\begin{nothing}x\end{nothing}", "{" * 2000, "x" * 4001):
        (one,) = await shown(formulas, tex)
        assert one["text"] == f"${tex}$"
        assert one["elements"] == []
        assert "bad" in one["classes"]
        assert "แสดงสูตรนี้ไม่ได้" in one["title"]


HOSTILE = (
    r"\href{javascript:window.owned=1}{x}",
    r"\url{http://tracker.example/}",
    r"\includegraphics{http://tracker.example/a.png}",
    r"\htmlStyle{background:url(http://tracker.example/)}{x}",
    r"\style{background:url(http://tracker.example/)}{x}",
    r"\class{welcome}{x}",
    r"\id{welcome}{x}",
    r"\data{part=live}{x}",
    r"\label{welcome} x",
    r"\ref{welcome}",
    r"\tag{<img src=x onerror=window.owned=2>} x",
    r"\color{url(http://tracker.example)}{x}",
    r"\colorbox{red;background:url(//tracker.example)}{x}",
    r"\textcolor{var(--ink)}{x}",
    r"\def\__proto__{x}\__proto__",
    r"\gdef\frac{\text{owned}} \frac",
    r"\constructor \toString \hasOwnProperty",
    r"\begin{constructor}x\end{constructor}",
    r"<script>window.owned=3</script>",
    r"\text{<img src=x onerror=window.owned=4><svg onload=window.owned=5>}",
    r"</annotation></semantics></math><img src=http://tracker.example/ onerror=window.owned=6>",
    r"\ce{<script>window.owned=7</script>}",
    r"\hspace{-1000em} x",
    r"\mkern-1000mu x",
    r"\raisebox{-999em}{x}",
    r"\raisebox{999em}{x}",
)
_NAMES = """
math semantics annotation mrow mi mo mn ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover
mmultiscripts mprescripts none mtable mtr mtd mpadded mphantom mstyle menclose
"""
KNOWN = frozenset(_NAMES.split())
BRINGS_SOMETHING = re.compile(r"^(id|href|src|name|data|on|xlink)", re.IGNORECASE)


async def test_hostile_tex_brings_nothing_but_mathml(formulas: ChatPage) -> None:
    asked: list[str] = []
    formulas.page.on("dialog", lambda dialog: asked.append(dialog.message))
    await shown(formulas, "x")

    def note(request: Request) -> None:
        if request.resource_type != "eventsource":  # by which the page may ask anew what has changed
            asked.append(request.url)

    formulas.page.on("request", note)
    for is_display in (False, True):
        for tex, one in zip(HOSTILE, await shown(formulas, *HOSTILE, display=is_display), strict=True):
            assert set(one["elements"]) <= KNOWN, tex
            assert [name for name in one["attributes"] if BRINGS_SOMETHING.match(name)] == [], tex
    (one,) = await shown(formulas, r"\frac{a}{b}")
    assert "mfrac" in one["elements"], "what one formula defines, another one has"
    assert await formulas.page.evaluate("window.owned === undefined && {}.x === undefined")
    assert asked == []
    assert formulas.hosts == {"127.0.0.1"}


LARGE = {
    "an expansion of all by all": r"\def\a{" + "x" * 600 + "}" + r"\a" * 150,
    "a macro of itself": r"\def\a{\a\a}\a",
    "doubled again and again": r"\edef\a{xx}" + r"\edef\a{\a\a}" * 40 + r"\a",
    "a table of a million cells": r"\begin{matrix}" + "&" * 1900 + r"\\" * 1000 + r"\end{matrix}",
    "deep roots": r"\sqrt{" * 600 + "x" + "}" * 600,
    "deep powers": "x^{" * 700 + "x" + "}" * 700,
    "deep brackets": r"\left(" * 300 + "x" + r"\right)" * 300,
}


@pytest.mark.parametrize("tex", LARGE.values(), ids=LARGE)
async def test_what_is_too_large_is_not_drawn(formulas: ChatPage, tex: str) -> None:
    (one,) = await shown(formulas, tex)
    assert one["text"] == f"${tex}$"
    assert one["title"]


async def test_many_formulas_are_drawn_in_slices_and_all_of_them_are(formulas: ChatPage) -> None:
    """The clock goes on by a millisecond whenever it is asked, so that the slices do not depend on the machine."""
    drawn = await formulas.page.evaluate(
        """async () => {
            let now = 0;
            performance.now = () => (now += 1);
            await formulas.loadFormulas();
            const all = Array.from({ length: 500 }, (_, at) => formulas.formula(`x_{${at}}`, false, `$x_{${at}}$`));
            const count = () => all.filter((one) => one.querySelector('math')).length;
            const slices = [0, count()];
            scheduler.yield = () => {
                slices.push(count());
                return new Promise((next) => setTimeout(next));
            };
            await formulas.whenFormulasSettle();
            delete performance.now;
            delete scheduler.yield;
            return [...slices, count()];
        }"""
    )
    assert drawn[-1] == 500
    assert max(later - earlier for earlier, later in pairwise(drawn)) <= 10


async def test_one_that_is_drawn_at_once_equals_one_that_waited(formulas: ChatPage) -> None:
    assert await formulas.page.evaluate(
        """async () => {
            const waited = formulas.formula('\\\\frac{1}{2}', true, '$$1$$');
            const before = waited.textContent;
            await formulas.whenFormulasSettle();
            const atOnce = formulas.formula('\\\\frac{1}{2}', true, '$$1$$');
            return [before, waited.outerHTML === atOnce.outerHTML, atOnce.querySelector('math') !== null];
        }"""
    ) == ["$$1$$", True, True]


async def test_a_selection_is_copied_with_its_tex(formulas: ChatPage) -> None:
    await formulas.page.evaluate(
        """async () => {
            const line = document.createElement('p');
            line.append('ก่อน ', formulas.formula('\\\\frac{a}{b}', false, '$\\\\frac{a}{b}$'), ' หลัง');
            const end = document.createElement('p');
            end.append('จบ');
            place.replaceChildren(line, formulas.formula('x^2', true, '$$x^2$$'), end);
            await formulas.whenFormulasSettle();
            getSelection().selectAllChildren(place);
        }"""
    )
    await formulas.page.keyboard.press("Control+C")
    copied = await formulas.page.evaluate("navigator.clipboard.readText()")
    assert re.sub(r"\n+", "\n", copied.replace("\r", "")) == "ก่อน $\\frac{a}{b}$ หลัง\n$$x^2$$\nจบ"
    assert await formulas.page.locator(".words .formula math").count() == 2


async def test_a_display_formula_has_a_button_that_copies_it(formulas: ChatPage) -> None:
    await shown(formulas, r"x^2", display=True)
    button = formulas.page.get_by_label("คัดลอกสูตร")
    await button.focus()
    await formulas.page.keyboard.press("Enter")
    await formulas.page.get_by_label("คัดลอกแล้ว").wait_for()
    assert await formulas.page.evaluate("navigator.clipboard.readText()") == "$$x^2$$"


async def test_a_wide_formula_scrolls_within_the_conversation(formulas: ChatPage) -> None:
    await shown(formulas, " + ".join(f"x_{{{number}}}" for number in range(200)), display=True)
    assert await formulas.page.locator(".formula.display").evaluate("(one) => one.scrollWidth > one.clientWidth")
    assert not await formulas.scrolls_sideways()


async def test_axe_finds_nothing_in_formulas(formulas: ChatPage) -> None:
    wide = " + ".join(f"x_{{{number}}}" for number in range(200))
    await shown(formulas, wide, r"\frac{a}{b}", r"\nothing", display=True)
    assert await faults_of(formulas) == []
    await formulas.use_theme("dark")
    await expect(formulas.page.locator("html[data-theme=dark] body.dark")).to_be_visible()
    await formulas.is_at_rest()
    assert await faults_of(formulas) == []


async def test_temml_is_fetched_once_with_the_first_formula(page: ChatPage, app: App) -> None:
    await page.open(app.address + NO_SESSION)  # the last one may hold a formula
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url))
    await page.page.evaluate(PLACE)
    assert not [address for address in asked if "temml" in address]
    await shown(page, "x", "y")
    await shown(page, "z")
    assert len([address for address in asked if "temml" in address]) == 1


async def test_without_temml_the_source_is_shown(page: ChatPage, app: App) -> None:
    await page.page.route("**/temml*", lambda route: route.abort())
    await page.open(app.address + NO_SESSION)
    await page.page.evaluate(PLACE)
    (one,) = await shown(page, "x")
    assert one["text"] == "$x$"
