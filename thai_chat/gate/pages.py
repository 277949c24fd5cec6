"""HTML on its way out: its inline scripts are hashed for the Content-Security-Policy, and it is compressed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

_SCRIPT = re.compile(rb"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_BEHIND_CONFIG = b"<script>window.gradio_api_info"
_OWN_ADDRESS = b"<script>window.gradio_config.root = location.origin;</script>"
_ROOT = re.compile(rb'const root = "[^"\\]*";')
_SOURCE = re.compile(rb"\ssrc\s*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    plain: bytes
    compressed: bytes
    script_hashes: tuple[str, ...]
    """The SHA-256 of each inline script, in base64, as policies have it."""


@lru_cache(maxsize=8)
def document(html: bytes) -> Document:
    """Read a page of our own or Gradio's; it differs by host and version only, so that few are kept."""
    html = _at_its_own_address(html)
    inline = (body for attributes, body in _SCRIPT.findall(html) if not _SOURCE.search(attributes))
    return Document(html, gzip.compress(html, 6, mtime=0), tuple(dict.fromkeys(map(hash_of, inline))))


def _at_its_own_address(html: bytes) -> bytes:
    """Have Gradio's page ask the address at which it is open.

    Gradio writes the address into it that `Host` tells, in which a proxy may have put something else.
    """
    html = html.replace(_BEHIND_CONFIG, _OWN_ADDRESS + _BEHIND_CONFIG, 1)
    return _ROOT.sub(b"const root = location.origin;", html, count=1)


def hash_of(script: bytes) -> str:
    return base64.b64encode(hashlib.sha256(script).digest()).decode()
