"""Lines of the log about refusals, and about proxies that hide the page's address: what came, and what to set.

Anybody can cause such lines, so that they are few. The log's formatter escapes what they quote.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from enum import Enum, auto
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from thai_chat.gate.names import name_of

_EACH_S = 60
_MOST_LINES = 10
"""The lines of each kind in that time."""
_QUOTED_CHARS = 200
_METHOD_CHARS = 20
_ONLY_YOURS = (
    "If it is your page, set PUBLIC_URL to the address that your browser shows, and to no address that isn't yours"
)

logger = logging.getLogger(__name__)


class _Kind(Enum):
    HOST = auto()
    SITE = auto()
    HIDDEN = auto()
    ACCOUNT = auto()


class Reports:
    """Tells each line once a minute, and ten of each kind, so that no kind keeps another one out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since_s = clock()
        self._told: dict[_Kind, set[str]] = {kind: set() for kind in _Kind}
        self._left_out = 0

    def foreign_host(self, host: str, public_url: str | None) -> None:
        name = name_of(host)
        quoted = repr(name or host)[:_QUOTED_CHARS]
        known = f"people are to open {public_url}" if public_url else "set PUBLIC_URL to the page's address"
        also = f", or ALLOWED_HOSTS={name}"[:_QUOTED_CHARS] if name else ""
        self._tell(
            _Kind.HOST,
            f"refused: a request under the name {quoted}, which isn't one of this server's. If the name is yours, "
            f"{known}{also}; a proxy has to pass on the browser's Host (nginx: proxy_set_header Host $http_host)",
        )

    def foreign_site(self, method: str, headers: Headers) -> None:
        origin = origin_of(headers)
        line = f"refused: {method[:_METHOD_CHARS]!r} by a page of {repr(origin) if origin else 'another site'}"
        if headers.get("sec-fetch-site") is None and origin not in ("", "null"):
            host = repr(headers.get("host", ""))[:_QUOTED_CHARS]
            line += f", while Host is {host}. {_ONLY_YOURS}"
        self._tell(_Kind.SITE, line)

    def hidden_address(self, origin: str, headers: Headers) -> None:
        """Tell what to set. Without Sec-Fetch-Site any site may have linked to the file: then no address is given."""
        host = repr(headers.get("host", "")[:_QUOTED_CHARS])
        if headers.get("sec-fetch-site") == "same-origin":
            line = (
                f"the page is open at {origin!r}, but its proxy tells Host {host}, so that it stays blank: "
                f"set PUBLIC_URL={origin} if that address is yours"
            )
        else:
            line = (
                f"a page at {origin!r} asked for a file, while Host is {host}: either a proxy hides the page's "
                f"address, so that it stays blank, or another site has linked to the file. {_ONLY_YOURS}"
            )
        self._tell(_Kind.HIDDEN, line)

    def other_account(self, account: str) -> None:
        """Tell of a connection by an account that may not read along; empty: it is not known whose it was."""
        whose, name = (f"the account {account!r}", account) if account else ("nobody who is known", "*")
        self._tell(
            _Kind.ACCOUNT,
            f"refused: a connection of {whose}. Without sign-in only the account that started Thai Chat may "
            f"connect, and root. If it is yours or a proxy's, set ALLOW_LOCAL_USERS={name}",
        )

    def _tell(self, kind: _Kind, line: str) -> None:
        now_s = self._clock()
        if now_s - self._since_s >= _EACH_S:
            self._begin_anew(now_s)
        told = self._told[kind]
        if line in told:
            return
        if len(told) < _MOST_LINES:
            told.add(line)
            logger.warning("%s", line)
        else:
            self._left_out += 1

    def _begin_anew(self, now_s: float) -> None:
        if self._left_out:
            logger.warning("left out: %d more lines on requests that were refused or odd", self._left_out)
        self._since_s = now_s
        self._left_out = 0
        for told in self._told.values():
            told.clear()


def origin_of(headers: Headers) -> str:
    """Return the origin of the page that asks, as its browser tells it; empty when it tells none."""
    origin = headers.get("origin")
    if origin is not None:
        return origin[:_QUOTED_CHARS]
    try:
        parts = urlsplit(headers.get("referer", ""))
    except ValueError:  # what no browser sends
        return ""
    return f"{parts.scheme}://{parts.netloc}"[:_QUOTED_CHARS] if parts.netloc else ""


def hidden_address(headers: Headers) -> str:
    """Return the origin at which a browser has our page open, when a proxy told another name; else nothing.

    For requests of a page's files, which the page itself asks for. Where no browser says whose page asks, one with an
    `Origin` has been refused for that already.
    """
    if headers.get("sec-fetch-site", "none" if "origin" in headers else "same-origin") != "same-origin":
        return ""
    origin = origin_of(headers)
    asked = name_of(urlsplit(origin).netloc) if origin else ""
    return origin if asked and asked != name_of(headers.get("host", "")) else ""
