"""`./manage.sh bench page`: the page in a real Chromium beside a plain `gr.ChatInterface`, and Open WebUI when named.

All are measured in the same run and stream from the same model server; visits take turns. Figures are medians, and
ratios Thai Chat's figure by the other's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
from playwright.async_api import Browser, BrowserContext, async_playwright

from scripts.bench.processes import model_server, page, plain_chat
from scripts.bench.visits import WAIT_MS, Site, Talk, chat_interface, load, open_webui, thai_chat
from tests.browser.chromium import ARGUMENTS, CHROMIUM

TOKENS, DELAY_MS = 200, 20
SHORT_TOKENS = 20
TURNS_BEFORE = 4
"""With the one that is measured they make a session of ten messages."""
LONG = 10_000
HEAP_LOOKS = 10

Figures = defaultdict[str, dict[str, list[float]]]
"""Values by what was measured and by the name of the site."""


def no_figures() -> Figures:
    return defaultdict(lambda: defaultdict(list))


async def measure(sites: Sequence[Site], model_address: str, options: argparse.Namespace) -> Figures:
    figures = no_figures()
    hosts = ",".join(f"EXCLUDE {urlsplit(site.address).hostname}" for site in sites)
    # Whatever a page wants from elsewhere fails at once, on every machine.
    arguments = [*ARGUMENTS, f"--host-resolver-rules=MAP * ~NOTFOUND,{hosts}"]
    async with async_playwright() as playwright, httpx.AsyncClient(base_url=model_address.removesuffix("/v1")) as model:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        for site in sites:  # a server's first answers are slower than all later ones
            await visit(browser, site, no_figures())
        for run in range(options.runs):
            for site in sites if run % 2 == 0 else [*reversed(sites)]:
                await visit(browser, site, figures)
        longest = await long_session(sites[0])
        for _ in range(options.runs):
            for site in sites:
                await talk(browser, site, model, figures, before=TURNS_BEFORE)
            await talk(browser, longest, model, figures, before=0)
        for site in sites if options.turns else ():
            await fill(browser, site, model, figures, turns=options.turns)
        await browser.close()
    return figures


async def long_session(site: Site) -> Site:
    """Store a session of LONG messages, and return the page that shows it."""
    said = [{"role": ("user", "assistant")[at % 2], "content": f"ข้อความที่ {at + 1} **สำคัญ**"} for at in range(LONG)]
    files = {"file": ("long.json", json.dumps({"messages": said}))}
    async with httpx.AsyncClient(timeout=120) as http:
        answer = await http.post(f"{site.address}/api/import", files=files)
    session_id = answer.raise_for_status().json()["programs"][0]["newest"][0]["session_id"]
    return replace(site, address=f"{site.address}/?s={session_id}", new="", empty="")


@asynccontextmanager
async def fresh(browser: Browser) -> AsyncIterator[BrowserContext]:
    """Yield a browser that knows nothing yet."""
    context = await browser.new_context(locale="th-TH", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(WAIT_MS)
    try:
        yield context
    finally:
        await context.close()


async def visit(browser: Browser, site: Site, figures: Figures) -> None:
    """Open the page for the first time, and a second time with what the browser kept."""
    async with fresh(browser) as context:
        for what in ("cold", "warm"):
            found = await load(context, site)
            figures[f"usable, {what} (ms)"][site.name].append(found.usable_ms)
            figures[f"requests, {what}"][site.name].append(found.requests)
            figures[f"transferred, {what} (kB)"][site.name].append(found.kilobytes)


async def talk(browser: Browser, site: Site, model: httpx.AsyncClient, figures: Figures, *, before: int) -> None:
    """Ask a question behind `before` short turns of a new session; without them, in the long one."""
    length = "10" if before else f"{LONG:,}"
    async with fresh(browser) as context:
        one = await Talk.begin(context, site, model)
        for _ in range(before):
            await one.ask(SHORT_TOKENS, 0)
        reply = await one.ask(TOKENS, DELAY_MS)
        figures[f"first token, {length} messages (ms)"][site.name].append(reply.first_ms)
        figures[f"last token, {length} messages (ms)"][site.name].append(reply.last_ms)
        figures[f"main thread, {length} messages (ms)"][site.name].append(reply.task_ms)


async def fill(browser: Browser, site: Site, model: httpx.AsyncClient, figures: Figures, *, turns: int) -> None:
    """Find by how much the heap grows with each turn."""
    async with fresh(browser) as context:
        one = await Talk.begin(context, site, model)
        looks: list[tuple[int, float]] = []
        for turn in range(1, turns + 1):
            await one.ask(SHORT_TOKENS, 0)
            if turn % max(1, turns // HEAP_LOOKS) == 0:
                looks.append((turn, await one.heap_kb()))
    slope = statistics.linear_regression(*zip(*looks, strict=True)).slope if len(looks) > 1 else float("nan")
    figures[f"heap, {turns} turns (kB/turn)"][site.name].append(slope)


def print_table(figures: Figures, sites: Sequence[Site]) -> None:
    names = [site.name for site in sites]
    ours, others = names[0], names[1:]
    print(f"\n{'':34}" + "".join(f"{name:>16}" for name in names) + "".join(f"{'of ' + name:>18}" for name in others))
    for what, by_site in figures.items():
        medians = {name: statistics.median(values) for name, values in by_site.items()}
        cells = "".join(f"{medians[name]:>16,.1f}" if name in medians else f"{'':>16}" for name in names)
        ratios = (f"{medians[ours] / medians[name]:>18.2f}" if medians.get(name) else "" for name in others)
        print(f"{what:34}{cells}{''.join(ratios)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--turns", type=int, default=200, help="turns over which the heap is measured; 0: it is not")
    parser.add_argument("--port", type=int, default=7899, help="this one and the next are taken")
    parser.add_argument(
        "--model-port", type=int, default=0, help="for an Open WebUI that is set to it: /v1 of this port"
    )
    parser.add_argument("--open-webui", metavar="ADDRESS", help="one without a login, with the model `standin` chosen")
    options = parser.parse_args()
    with (
        model_server("--keep-requests", "--port", str(options.model_port)) as model_address,
        page(options.port, VLLM_BASE_URL=model_address) as server,
        plain_chat(options.port + 1, model_address) as plain_address,
    ):
        sites = [thai_chat(server.address), chat_interface(plain_address)]
        if options.open_webui:
            sites.append(open_webui(options.open_webui))
        print_table(asyncio.run(measure(sites, model_address, options)), sites)


if __name__ == "__main__":
    main()
