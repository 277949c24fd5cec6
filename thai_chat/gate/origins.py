"""Whose page asks: pages of other sites may link to the page and do nothing else.

Browsers tell it by Fetch Metadata (`Sec-Fetch-*`, https://www.w3.org/TR/fetch-metadata/), which no script can set. They
leave it out where the connection is neither TLS nor loopback; there `Origin` tells who would change something, and
`Referer`, which our own pages send and other sites may leave out, who would read what is private.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers

from thai_chat.gate.doors import DoorKind

_READING = frozenset({"GET", "HEAD"})
_OPENED_OR_FETCHED = frozenset({"empty", "document"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FORESEEN = (DoorKind.PAGE, DoorKind.SIGN_IN, DoorKind.DOCS, DoorKind.STATIC)
"""Doors behind which nothing is counted nor read of a person's: a browser may go there before anybody does."""
_LINKED = (DoorKind.PAGE, DoorKind.SIGN_IN, DoorKind.DOCS, DoorKind.SHARED, DoorKind.RETURN)
"""Doors to which a link on another site may lead."""
_EMBEDDING = frozenset(
    {
        (DoorKind.PAGE, "navigate", "iframe"),
        (DoorKind.SIGN_IN, "navigate", "iframe"),
        (DoorKind.EMBED, "no-cors", "script"),
        (DoorKind.EMBED, "cors", "script"),
    }
)
_FRAMES = frozenset({"iframe", "frame", "embed", "object", "fencedframe"})


def is_foreign(
    kind: DoorKind, method: str, headers: Headers, public_url: str | None = None, *, is_embedded: bool = False
) -> bool:
    """Tell whether a browser says that another site, or something that a model wrote into ours, is behind the request.

    Clients that are no browsers say nothing and pass. `public_url` is our own origin, whatever `Host` a proxy sends.
    Where the page `is_embedded` in some sites, browsers are left to keep it out of the frames of all others.
    """
    site = headers.get("sec-fetch-site")
    if is_embedded and method in _READING and _is_embedding(kind, headers):
        return False
    if is_speculative(headers) and kind not in _FORESEEN:
        return True
    if site is None:
        named = [headers.get("origin"), headers.get("referer") if kind is DoorKind.PRIVATE else None]
        if kind is DoorKind.SHARED and named[0] == "null":
            return False  # the form of a page that tells nobody where it is; there is no cookie to misuse
        return any(_is_other(origin, headers, public_url) for origin in named if origin)
    if site in ("same-origin", "none"):
        return not _may_be_used_as(headers.get("sec-fetch-dest", "empty"), kind)
    is_link = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return not (is_link and method in _READING and kind in _LINKED)


def _is_embedding(kind: DoorKind, headers: Headers) -> bool:
    """Tell whether a page has our page in a frame, or runs the script that puts it there."""
    return (kind, headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) in _EMBEDDING


def is_speculative(headers: Headers) -> bool:
    """Tell whether nobody has opened this yet: by the speculation rules of another site Chromium prerenders addresses
    of ours, downloads among them, and calls that `Sec-Fetch-Site: none`."""
    said = (headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"))
    return any("prefetch" in what.lower() or "prerender" in what.lower() for what in said)


def _may_be_used_as(destination: str, kind: DoorKind) -> bool:
    """Tell whether a browser may use the answer so.

    Only static files are drawn, run or styled with: no picture or style in a reply reads anything else. And only the
    document that is made for it is framed.
    """
    if kind is DoorKind.FRAME:
        return destination == "iframe"
    return destination not in _FRAMES if kind is DoorKind.STATIC else destination in _OPENED_OR_FETCHED


def _is_other(address: str, headers: Headers, public_url: str | None) -> bool:
    """Tell whether an origin, or the address of a page, is none of ours."""
    try:
        parts = urlsplit(address)
    except ValueError:  # what no browser sends
        return True
    if f"{parts.scheme}://{parts.netloc}" == public_url:
        return False
    # A proxy may write the port that browsers leave out.
    return headers.get("host") not in (parts.netloc, f"{parts.netloc}:{_DEFAULT_PORTS.get(parts.scheme)}")
