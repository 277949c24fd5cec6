"""Entity tags of answers that the gate compresses: a strong tag names one body, so that each form has its own."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope

_CONDITIONS = (b"if-match", b"if-none-match")
ENCODINGS = ("br", "gzip")
_ENDS = tuple(f'-{encoding}"'.encode() for encoding in ENCODINGS)


def plain_conditions(scope: Scope) -> Scope:
    """Return the scope with the tags of compressed forms as the application knows them."""
    if not any(name in _CONDITIONS for name, _ in scope["headers"]):
        return scope
    return {
        **scope,
        "headers": [(name, _plain(value) if name in _CONDITIONS else value) for name, value in scope["headers"]],
    }


def tag_packed(headers: MutableHeaders, encoding: str) -> None:
    """Give the tag of an answer that is compressed its form."""
    tag = headers.get("etag", "")
    if tag.startswith('"'):
        headers["ETag"] = f'{tag[:-1]}-{encoding}"'


def known_tag(start: Message, known: str) -> Message:
    """Return the head of a 304 with the tag that the client knows of the body, by its `If-None-Match`."""
    headers = MutableHeaders(raw=list(start["headers"]))
    if "accept-encoding" not in headers.get("vary", "").lower():
        headers.add_vary_header("Accept-Encoding")
    plain = headers.get("etag", "")[:-1]
    packed = [f'{plain}-{encoding}"' for encoding in ENCODINGS]
    if plain and (tag := next((tag for tag in packed if tag in known), None)):
        headers["ETag"] = tag
    return {**start, "headers": headers.raw}


def _plain(value: bytes) -> bytes:
    for end in _ENDS:
        value = value.replace(end, b'"')
    return value
