"""The files that the browser loads: where they are, their version, and how they are served.

The sources run as they are. `bundle/` has the same scripts and styles as few files, made by `scripts/browser/bundle.sh`
(decision 0031); it stands in for the sources under the same addresses while it is what they make.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePath

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ASSETS = Path(__file__).parent / "assets"
BUNDLE = ASSETS / "bundle"
STYLES = (
    "page.css",
    "colours.css",
    "fonts.css",
    "sidebar.css",
    "top.css",
    "models/picker.css",
    "conversation/conversation.css",
    "conversation/composer.css",
    "browsing.css",
    "sessions/preview.css",
    "drawers.css",
    "models/models.css",
    "models/chooser.css",
    "message/message.css",
    "message/formulas.css",
    "message/code.css",
    "conversation/comparing.css",
    "conversation/temporary.css",
    "conversation/limits.css",
    "preferences/preferences.css",
    "conversation/queue.css",
    "conversation/marks.css",
    "account/account.css",
    "conversation/printing.css",
    "sharing/sharing.css",
)
"""In the order in which they are read; the bundle has them as the first of them."""
SERVED = frozenset({".css", ".js", ".mjs", ".html", ".woff2", ".svg", ".png", ".webmanifest"})
SERVICE_WORKER = "install/service-worker.js"
_MADE = {".css": "text/css", ".json": "application/json"}
_BUNDLED = frozenset({".css", ".js", ".mjs"})


@cache
def version() -> str:
    """Return a name that changes with any served file: a part of their address, so that they may be cached for ever.

    It is that of the files as they are when it is asked for first, in a process.
    """
    return _sum_of(path for path in ASSETS.rglob("*") if path.suffix in SERVED)


def sources_sum() -> str:
    """Return a sum of all that a bundle is made of: scripts, styles, and the order of these."""
    sources = (path for path in ASSETS.rglob("*") if path.suffix in _BUNDLED and not path.is_relative_to(BUNDLE))
    return hashlib.sha256(f"{_sum_of(sources)} {' '.join(STYLES)}".encode()).hexdigest()[:12]


def _sum_of(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(ASSETS).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def is_bundled() -> bool:
    """Tell whether the bundle is served: it is there, and the sources are those that it was made of, or are not."""
    try:
        made_of = (BUNDLE / "sources.txt").read_text("ascii").strip()
    except FileNotFoundError:
        return False
    return made_of == sources_sum() or not (ASSETS / "page.mjs").exists()


_IMPORT = re.compile(r"^(?:import|export)\b.*\bfrom '(\.{1,2}/.+)';$", re.MULTILINE)
_BUNDLED_IMPORT = re.compile(r"(?:^|[;}])(?:import|export)\b[^;'\"()]*?['\"](\./[\w.-]+\.mjs)['\"]")


def first_modules(*, bundled: bool | None = None) -> tuple[str, ...]:
    """Return the addresses of the modules that the page runs at once, its entry first; as it is served, unless told.

    A browser that is told of all of them fetches them together; else it would learn of one only from another.
    """
    bundled = is_bundled() if bundled is None else bundled
    root, pattern = (BUNDLE, _BUNDLED_IMPORT) if bundled else (ASSETS, _IMPORT)
    found = ["page.mjs"]
    for name in found:
        for address in pattern.findall((root / name).read_text("utf-8")):
            module = (root / name).parent.joinpath(address).resolve().relative_to(root.resolve()).as_posix()
            if module not in found:
                found.append(module)
    return tuple(found)


def style_sheet() -> str:
    """Return the text of all of our styles, with addresses as from the folder of assets."""
    files = [BUNDLE / STYLES[0]] if is_bundled() else [ASSETS / style for style in STYLES]
    return "\n".join(file.read_text("utf-8") for file in files)


class Assets(StaticFiles):
    """Serves the files below `ASSETS`, and texts that are made at the start, by name in `made`."""

    def __init__(self) -> None:
        super().__init__(directory=ASSETS)
        if is_bundled():
            self.all_directories = [BUNDLE, *self.all_directories]
        self.made: dict[str, str] = {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path in self.made and scope["method"] in ("GET", "HEAD"):
            response = Response(self.made[path], media_type=_MADE[PurePath(path).suffix])
        else:
            response = await super().get_response(path, scope)
        if path == SERVICE_WORKER:
            response.headers["Service-Worker-Allowed"] = "/"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
