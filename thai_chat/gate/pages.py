"""HTML on its way out.

It gets what the page needs first, its inline scripts are hashed for the Content-Security-Policy, and it is compressed.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from thai_chat import texts
from thai_chat.gate.files import etag_of
from thai_chat.gate.packing import ENCODINGS, Effort, Encoding, pack
from thai_chat.texts import Language

_SCRIPT = re.compile(rb"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_BEHIND_CONFIG = b"<script>window.gradio_api_info"
_OWN_ADDRESS = b"<script>window.gradio_config.root = location.origin;</script>"
_GRADIO = b"<gradio-app"
# A page that is there at once has none of it laid out, and only one that does not come says what may be wrong.
_OPENING_STYLE = """<style>
#opening { position: fixed; inset: 38vh 0 auto; margin: 0 auto; padding: 0 24px; max-width: 36rem; text-align: center;
  z-index: 9; pointer-events: none; color: #71717a; font: 1rem/1.7 'Noto Sans Thai', system-ui, sans-serif;
  animation: after .01s .4s forwards, long-after .01s 12s forwards; }
#opening > noscript { display: block; }
#opening > .page_opening { display: var(--opening, none); animation: opening .2s; }
#opening > .page_not_opened { display: var(--not-opened, none); animation: opening .2s; }
body[data-ready] #opening { display: none; }
@keyframes opening { from { opacity: 0; } }
@keyframes after { to { --opening: block; } }
@keyframes long-after { to { --not-opened: block; } }
@media (scripting: none) { #opening { animation: none; } }
@media (prefers-color-scheme: dark) { #opening { color: #a1a1aa; } }
</style>"""
_HEAD_END = re.compile(rb"</head>(?=\s*<body)", re.IGNORECASE)
# What fits a page into the frame of another site, which this one never is in; and a manifest that no door leads to.
_UNUSED = re.compile(
    rb"<script>(?:(?!</script>).)*?iframeResizer\.contentWindow(?:(?!</script>).)*</script>"
    rb"|<link rel=\"manifest\"[^>]*>",
    re.DOTALL,
)
_STYLE_SHEET = re.compile(rb'<link rel="stylesheet"[^>]*\shref="([^"]+)">')
_SOURCE = re.compile(rb"\ssrc\s*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PageDocument:
    plain: bytes
    packed: Mapping[Encoding, bytes]
    etag: str
    script_hashes: tuple[str, ...]
    """The SHA-256 of each inline script, in base64, as policies have it."""


@lru_cache(maxsize=8)
def document(html: bytes, language: Language, head: str = "") -> PageDocument:
    """Read a page of our own or Gradio's; it differs by host, version and language only, so that few are kept.

    `head` is put at the end of a page of Gradio's `<head>`, where the browser finds it before any script runs. A style
    of Gradio's document whose link is disabled in there is not asked for.
    """
    if _GRADIO in html:
        html = _UNUSED.sub(b"", _at_its_own_address(html))
        html = _STYLE_SHEET.sub(lambda link: b"" if b'href="%b" disabled' % link[1] in head.encode() else link[0], html)
        html = _HEAD_END.sub(lambda end: head.encode() + end[0], html, count=1)
        html = html.replace(_GRADIO, _opening(language) + _GRADIO, 1)
    inline = (body for attributes, body in _SCRIPT.findall(html) if not _SOURCE.search(attributes))
    packed = {encoding: pack(html, encoding, Effort.THOROUGH) for encoding in ENCODINGS}
    return PageDocument(html, packed, etag_of(html), tuple(dict.fromkeys(map(hash_of, inline))))


def _opening(language: Language) -> bytes:
    """Return what is shown until the page is there, which takes seconds on a slow line."""
    said = [
        f'<span class="{code}">{escape(texts.text(code, language))}</span>'
        for code in ("page_opening", "page_not_opened")
    ]
    needed = f"<noscript>{escape(texts.text('page_needs_scripts', language))}</noscript>"
    return f'{_OPENING_STYLE}<p id="opening" role="status" lang="{language}">{"".join(said)}{needed}</p>'.encode()


def _at_its_own_address(html: bytes) -> bytes:
    """Have Gradio's page ask the address at which it is open.

    Gradio writes the address into it that `Host` tells, in which a proxy may have put something else.
    """
    return html.replace(_BEHIND_CONFIG, _OWN_ADDRESS + _BEHIND_CONFIG, 1)


def hash_of(script: bytes) -> str:
    return base64.b64encode(hashlib.sha256(script).digest()).decode()
