"""The directions that imports of the browser's code may take, and who there speaks HTTP (docs/architecture.md)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.browser_modules import graph_of, imports_in, modules_in, names_in, read
from thai_chat.ui.static import ASSETS, BUNDLE, first_modules, is_bundled, sources_sum

TOOLS = Path(__file__).parent.parent / "scripts" / "browser"
TOP = "the top"
ROOMS = {
    TOP: {
        *("install", "lib", "conversation", "message", "models", "sessions", "search", "statistics", "transfer"),
        *("account", "people", "preferences", "sharing", "signing_in"),
    },
    "lib": {"vendor"},
    "conversation": {"lib", "message", "models"},
    "message": {"lib", "vendor"},
    "models": {"lib"},
    "sessions": {"lib"},
    "search": {"lib"},
    "install": {"lib"},
    "embed": set(),
    "statistics": {"lib"},
    "transfer": {"lib"},
    "preferences": {"lib"},
    "sharing": {"lib"},
    "signing_in": {"lib"},
    "account": {"lib"},
    "people": {"lib"},
}
"""The folders that a folder may import, itself aside. One that has no row may import nothing at all."""

CLIENT = "lib/api.mjs"
WORKER = "install/service-worker.js"
"""It stands between the page and the server, and so uses the names of both."""
SPEAKS_HTTP = {"fetch", "XMLHttpRequest", "EventSource", "sendBeacon", "WebSocket", "WebTransport"}
ENTRY = "early.js"
"""It alone makes an address for an import: the page's own, whose folder has a version in its name."""


def room_of(module: str) -> str:
    return module.split("/")[0] if "/" in module else TOP


def violations(root: Path) -> list[str]:
    """Return what is wrong with the modules below `root`, a sentence each."""
    modules = modules_in(root)
    graph = graph_of(modules, root)
    own = {name: imported for name, imported in graph.items() if room_of(name) != "vendor"}
    speakers = (
        f"{name} uses {', '.join(sorted(used))}"
        for name in own
        if name not in (CLIENT, WORKER) and (used := names_in(modules[name]) & SPEAKS_HTTP)
    )
    return [*_astray(own, set(modules)), *speakers, *_circles(graph)]


def _astray(graph: Mapping[str, list[str]], modules: set[str]) -> Iterator[str]:
    for importer, imported in graph.items():
        room = room_of(importer)
        for module in imported:
            if module == "?" and importer == ENTRY:
                continue
            if module not in modules:
                yield f"{importer} imports {module}, which is none of our files"
            elif room not in ROOMS:
                yield f"{room} is in no row and imports {module}"
            elif room_of(module) not in ROOMS[room] | {room}:
                yield f"{importer} imports {module}"


def _circles(graph: Mapping[str, list[str]]) -> Iterator[str]:
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> Iterator[str]:
        if name in path:
            yield " -> ".join([*path[path.index(name) :], name])
        elif name not in done:
            for imported in graph.get(name, ()):
                yield from visit(imported, (*path, name))
            done.add(name)

    for name in graph:
        yield from visit(name, ())


def test_the_rooms_of_the_browser_hold() -> None:
    assert violations(ASSETS) == []


def test_every_folder_with_scripts_has_a_row_or_is_the_code_of_others() -> None:
    assert {room_of(name) for name in modules_in(ASSETS)} == {*ROOMS, "vendor"}


def plant(root: Path, **sources: str) -> Path:
    """Write modules below `root`; `lib__api` is `lib/api.mjs`."""
    for name, source in {"lib__api": "export const api = () => fetch('x');\n", **sources}.items():
        path = root / f"{name.replace('__', '/')}.mjs"
        path.parent.mkdir(exist_ok=True)
        path.write_text(source, "utf-8")
    return root


def test_a_tree_that_keeps_the_rules_passes(tmp_path: Path) -> None:
    plant(
        tmp_path,
        page="import { list } from './sessions/list.mjs';\nimport('./search/search.mjs');\n",
        sessions__list="// fetch is spoken elsewhere\nimport { api } from '../lib/api.mjs';\napi('EventSource');\n",
        search__search="export const find = `no ${1} fetch(here)`;\n",
    )
    assert violations(tmp_path) == []


PLANTED = {
    "a room that may not": ("search/x.mjs imports", "import { list } from '../sessions/list.mjs';"),
    "with an export": ("search/x.mjs imports", "export { list } from '../sessions/list.mjs';"),
    "for its effects": ("search/x.mjs imports", "import '../sessions/list.mjs';"),
    "later": ("search/x.mjs imports", "const later = () => import('../sessions/list.mjs');"),
    "over several lines": ("search/x.mjs imports", "import {\n  list,\n} from '../sessions/list.mjs';"),
    "the entry": ("search/x.mjs imports page.mjs", "import '../page.mjs';"),
    "another host": ("none of our files", "import 'https://example.com/x.mjs';"),
    "a bare name": ("none of our files", "import { html } from 'lit-html';"),
    "what is not there": ("none of our files", "import '../lib/gone.mjs';"),
    "an address that is made": ("none of our files", "const load = (name) => import(`../${name}.mjs`);"),
    "fetch": ("uses fetch", "export const ask = () => fetch('api');"),
    "fetch of the window": ("uses fetch", "window.fetch('api');"),
    "fetch inside of a template": ("uses fetch", "const said = `a ${`b ${await fetch('api')}`}`;"),
    "fetch behind a pattern": ("uses fetch", "const quoted = /['\"`/]/.test(x); fetch('api');"),
    "fetch behind a division": ("uses fetch", "const half = (a + b) / 2; fetch('api'); const other = 1 / 2;"),
    "an address in a string": ("uses EventSource", "const at = 'https://x'; new EventSource(at);"),
    "a request of old": ("uses XMLHttpRequest", "new XMLHttpRequest();"),
    "a beacon": ("uses sendBeacon", "navigator.sendBeacon('api');"),
}


@pytest.mark.parametrize(("told", "source"), PLANTED.values(), ids=PLANTED)
def test_what_is_planted_is_found(tmp_path: Path, told: str, source: str) -> None:
    plant(tmp_path, page="", sessions__list="export const list = 1;\n", search__x=source)
    found = violations(tmp_path)
    assert len(found) == 1
    assert told in found[0]


def test_a_circle_is_found(tmp_path: Path) -> None:
    plant(tmp_path, sessions__a="import './b.mjs';", sessions__b="import './c.mjs';", sessions__c="import './a.mjs';")
    assert violations(tmp_path) == ["sessions/a.mjs -> sessions/b.mjs -> sessions/c.mjs -> sessions/a.mjs"]


def test_a_circle_that_is_closed_later_is_found(tmp_path: Path) -> None:
    plant(tmp_path, sessions__a="import './b.mjs';", sessions__b="const go = () => import('./a.mjs');")
    assert violations(tmp_path) == ["sessions/a.mjs -> sessions/b.mjs -> sessions/a.mjs"]


def test_a_folder_without_a_row_may_not_import(tmp_path: Path) -> None:
    plant(tmp_path, folder__keys="import '../lib/api.mjs';")
    assert violations(tmp_path) == ["folder is in no row and imports lib/api.mjs"]


def test_comments_and_texts_are_no_code() -> None:
    source = read("/* import 'a' */ const x = \"import 'b'\"; // import 'c'\nimport 'd';\n")
    assert {"import", "const", "x"} == names_in(source)
    assert list(imports_in(source)) == ["d"]


def test_the_tools_of_the_checks_are_pinned_and_their_lock_names_no_host() -> None:
    tools = json.loads((TOOLS / "package.json").read_text("utf-8"))["devDependencies"]
    lock = json.loads((TOOLS / "package-lock.json").read_text("utf-8"))["packages"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in tools.values())
    assert {name: lock[f"node_modules/{name}"]["version"] for name in tools} == tools
    assert all("integrity" in package and "resolved" not in package for name, package in lock.items() if name)


def test_the_code_of_others_is_the_code_that_its_list_names() -> None:
    scripts = [path for path in (ASSETS / "vendor").rglob("*") if path.suffix in (".js", ".mjs")]
    assert scripts
    for script in scripts:
        listed = (script.parent / "README.md").read_text("utf-8")
        assert f"`{script.name}`" in listed
        assert hashlib.sha256(script.read_bytes()).hexdigest() in listed


def test_the_browser_is_told_of_every_module_that_the_page_runs_at_once() -> None:
    modules = modules_in(ASSETS)
    graph = graph_of(modules, ASSETS)
    for name, code in modules.items():  # what is fetched when it is needed first
        later = re.findall(r"import\('(.+?)'\)", code.code)
        graph[name] = [
            imported for imported in graph[name] if not any(imported.endswith(one.lstrip("./")) for one in later)
        ]
    reached, new = set[str](), {"page.mjs"}
    while new:
        reached |= new
        new = {imported for name in new for imported in graph[name]} - reached
    assert set(first_modules(bundled=False)) == reached


def test_the_bundle_is_made_of_the_sources_as_they_are() -> None:
    made_of = (BUNDLE / "sources.txt").read_text("ascii").strip()
    assert made_of == sources_sum(), "the bundle is stale: ./manage.sh bundle, and commit it"
    assert is_bundled()


def test_the_browser_is_told_of_every_part_of_the_bundle_that_the_page_runs_at_once() -> None:
    needed, new = set[str](), {"page.mjs"}
    while new:
        needed |= new
        found = (re.findall(r"(?<!\()[\"']\./([\w.-]+\.mjs)[\"']", (BUNDLE / name).read_text("utf-8")) for name in new)
        new = {name for names in found for name in names} - needed
    assert set(first_modules(bundled=True)) == needed
    assert len(needed) <= 4


def test_the_bundle_names_who_wrote_what_is_in_it() -> None:
    scripts = "".join(path.read_text("utf-8") for path in BUNDLE.glob("*.mjs"))
    assert "vendor/README.md" in scripts
    assert all((ASSETS / "vendor" / f"{name}.LICENSE").is_file() for name in ("marked", "lit-html"))
