"""The document in whose frame diagrams are drawn: it has its scripts in it, so that it never asks for anything."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Sequence
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from thai_chat.ui.static import ASSETS, version

_SCRIPTS = ("vendor/mermaid.min.js", "message/diagram.js")


def path() -> str:
    """Return the document's address without its first slash; it changes with any file of ours, as theirs does."""
    return f"ui-static/{version()}/message/diagram.html"


@lru_cache(maxsize=1)
def script_hashes() -> Sequence[str]:
    """Return the SHA-256 of each script of the document, in base64, as policies have it."""
    return tuple(base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in _scripts())


def document(request: Request) -> Response:
    """Answer with the document. Called in a thread: to compress it takes a quarter of a second, once."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(_compressed(), media_type="text/html", headers={**headers, "Content-Encoding": "gzip"})
    return Response(_html(), media_type="text/html", headers=headers)


@lru_cache(maxsize=1)
def _compressed() -> bytes:
    return gzip.compress(_html(), 6, mtime=0)


def _html() -> bytes:
    page = (ASSETS / "message" / "diagram.html").read_text("utf-8")
    return page.replace("{scripts}", "\n".join(f"<script>{script}</script>" for script in _scripts())).encode()


def _scripts() -> tuple[str, ...]:
    """Return the scripts, which stand in HTML as they are. Raises ValueError for one that would end early there."""
    scripts = tuple((ASSETS / name).read_text("utf-8") for name in _SCRIPTS)
    if any("</script" in script.lower() for script in scripts):
        raise ValueError("a script of the frame has the end of a script in it")
    return scripts
