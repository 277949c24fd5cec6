"""The files that the browser loads: where they are, their version, and how they are served."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ASSETS = Path(__file__).parent / "assets"
SERVED = frozenset({".css", ".js", ".mjs", ".html", ".woff2", ".svg"})


def version() -> str:
    """Return a name that changes with any served file: a part of their address, so that they may be cached for ever."""
    digest = hashlib.sha256()
    for path in sorted(path for path in ASSETS.rglob("*") if path.suffix in SERVED):
        digest.update(path.relative_to(ASSETS).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


_IMPORT = re.compile(r"^(?:import|export)\b.*\bfrom '(\.{1,2}/.+)';$", re.MULTILINE)


def first_modules() -> tuple[str, ...]:
    """Return the paths of the modules that the page runs at once, its entry first.

    A browser that is told of all of them fetches them together; else it would learn of one only from another.
    """
    found = ["page.mjs"]
    for name in found:
        for address in _IMPORT.findall((ASSETS / name).read_text("utf-8")):
            module = (ASSETS / name).parent.joinpath(address).resolve().relative_to(ASSETS.resolve()).as_posix()
            if module not in found:
                found.append(module)
    return tuple(found)


class Assets(StaticFiles):
    def __init__(self) -> None:
        super().__init__(directory=ASSETS)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
