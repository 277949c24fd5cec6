"""HTML on its way out: its inline scripts are hashed for the Content-Security-Policy, and it is compressed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

_SCRIPT = re.compile(rb"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
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
    inline = (body for attributes, body in _SCRIPT.findall(html) if not _SOURCE.search(attributes))
    return Document(html, gzip.compress(html, 6, mtime=0), tuple(dict.fromkeys(map(hash_of, inline))))


def hash_of(script: bytes) -> str:
    return base64.b64encode(hashlib.sha256(script).digest()).decode()
