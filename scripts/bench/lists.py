"""`./manage.sh bench lists`: the long lists of the page in a real Chromium.

The list of sessions is scrolled by the wheel from its top to its end; a frame is late where its successor came more
than 1/50 s behind it. The picker is opened with a model server that has thousands of models.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
from collections.abc import Sequence
from itertools import pairwise

import httpx
from playwright.async_api import Page, async_playwright

from scripts.bench.processes import model_server, page
from scripts.bench.visits import WAIT_MS
from tests.browser.chromium import CHROMIUM
from tests.ports import free_port

WHEEL_PX, WHEELS = 240, 60
_FRAMES = """() => {
    const at = window.benchFrames = [];
    const note = (now) => { at.push(now); requestAnimationFrame(note); };
    requestAnimationFrame(note);
}"""
_OPENED = """async () => {
    const began = performance.now();
    document.querySelector('#picker [aria-haspopup]').click();
    const option = () => document.querySelector('[data-layer=choices] [role=option]');
    while (!option()?.checkVisibility()) await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return performance.now() - began;
}"""


async def fill(address: str, sessions: int) -> None:
    """Store so many sessions of one turn."""
    said = [{"role": "user", "content": "น้ำขึ้นให้รีบตัก"}, {"role": "assistant", "content": "ตักแล้ว"}]
    chats = [{"title": f"แชตที่ {number + 1} เรื่องน้ำท่วมกรุงเทพฯ", "messages": said} for number in range(sessions)]
    async with httpx.AsyncClient(timeout=300) as http:
        answer = await http.post(f"{address}/api/import", files={"file": ("many.json", json.dumps(chats))})
        answer.raise_for_status()


async def scroll(view: Page) -> list[float]:
    """Return the milliseconds between frames while the list of sessions is scrolled."""
    await view.locator("#recent li").first.hover()
    await view.evaluate(_FRAMES)
    for _ in range(WHEELS):
        await view.mouse.wheel(0, WHEEL_PX)
        await view.wait_for_timeout(16)
    at: list[float] = await view.evaluate("window.benchFrames")
    return [later - earlier for earlier, later in pairwise(at)]


async def measure(address: str, runs: int) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        view = await (await browser.new_context(viewport={"width": 1440, "height": 900})).new_page()
        view.set_default_timeout(WAIT_MS)
        await view.goto(address)
        await view.wait_for_function("'ready' in document.body.dataset")
        opened = []
        for _ in range(runs + 1):
            opened.append(await view.evaluate(_OPENED))
            await view.keyboard.press("Escape")
            await view.wait_for_function("!document.querySelector('[data-layer=choices]')?.checkVisibility()")
        print(f"picker: first {opened[0]:.0f} ms, then {statistics.median(opened[1:]):.0f} ms in the median")
        for number in range(runs):
            passed = await scroll(view)
            report(f"list, run {number + 1}", passed)
        await browser.close()


def report(name: str, passed: Sequence[float]) -> None:
    rate = 1000 * len(passed) / sum(passed)
    late = sum(one > 20.5 for one in passed) / len(passed)
    print(f"{name}: {rate:.0f} frames a second, {late:.1%} of them late, the longest {max(passed):.0f} ms")


async def run(options: argparse.Namespace, address: str) -> None:
    await fill(address, options.sessions)
    await measure(address, options.runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--models", type=int, default=3000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    models = [f"--model=family-{number % 40}/model-{number}" for number in range(options.models)]
    with model_server(*models) as model_address, page(free_port(), VLLM_BASE_URL=model_address) as server:
        asyncio.run(run(options, server.address))


if __name__ == "__main__":
    main()
