"""Headers by which a proxy tells about a request: the proxies that the settings name are believed, nobody else is.

Gradio believes `X-Forwarded-Host` and `X-Gradio-Server` of anybody, so none of them gets behind the gate.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from thai_chat.gate.names import name_of

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SAID_BY_PROXIES = (b"x-forwarded-", b"x-gradio-", b"x-original-", b"x-rewrite-")
_ALSO = frozenset({b"forwarded", b"x-real-ip", b"x-http-method-override", b"x-method-override", b"x-scheme"})


@dataclass(frozen=True, slots=True)
class Proxies:
    """`trusted` are the networks of the proxies; `public_url` is the page's own address as people type it, if known."""

    trusted: Sequence[Network] = ()
    public_url: str | None = None

    def resolve(self, scope: Scope) -> Scope:
        """Return the request as it left the client: its address, scheme and host, without what proxies said."""
        headers = Headers(scope=scope)
        resolved = {
            **scope,
            "headers": [(name, value) for name, value in scope["headers"] if not _is_said_by_proxies(name)],
        }
        client = scope.get("client")
        if client and self._trusts(client[0]):
            self._believe(resolved, headers)
        self._complete(resolved)
        return resolved

    def _believe(self, scope: Scope, headers: Headers) -> None:
        if (scheme := _last(headers, "x-forwarded-proto")) in ("http", "https"):
            scope["scheme"] = scheme
        if host := _last(headers, "x-forwarded-host"):
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope["headers"].append((b"host", host.encode("latin-1", "replace")))
        # The last address that is no proxy of ours: whatever stands before it, the client may have written itself.
        for address in reversed(",".join(headers.getlist("x-forwarded-for")).split(",")):
            if not _is_address(address.strip()):
                break
            scope["client"] = (address.strip(), 0)
            if not self._trusts(address.strip()):
                break

    def _complete(self, scope: Scope) -> None:
        """Take the scheme of PUBLIC_URL for what came under its name, at whatever port the proxy tells."""
        if self.public_url:
            public = urlsplit(self.public_url)
            if name_of(Headers(scope=scope).get("host", "")) == public.hostname:
                scope["scheme"] = public.scheme

    def _trusts(self, address: str) -> bool:
        if not self.trusted or not _is_address(address):
            return False
        parsed = ipaddress.ip_address(address)
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        return any(parsed.version == network.version and parsed in network for network in self.trusted)


def _is_said_by_proxies(name: bytes) -> bool:
    return name in _ALSO or name.startswith(_SAID_BY_PROXIES)


def _last(headers: Headers, name: str) -> str:
    """Return what the nearest proxy appended."""
    return ",".join(headers.getlist(name)).rpartition(",")[2].strip().lower()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
