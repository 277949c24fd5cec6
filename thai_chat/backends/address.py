"""The facts in an address that tell how to connect: proxies, certificates, paths."""

from __future__ import annotations

import ipaddress
import ssl
from base64 import b64encode
from collections.abc import Sequence
from urllib.parse import unquote, urljoin, urlsplit

_ROUTES = (
    *("/chat/completions", "/completions", "/responses", "/models", "/embeddings"),
    *("/api/chat", "/api/generate", "/api/tags", "/api"),
)


def without_credentials(address: str) -> tuple[str, str | None]:
    """Return `address` without the "user:password@" that may be in it, and what to send for that as `Authorization`.

    The clients would refuse it beside a key, leave it out, or show it in their logs.
    """
    parts = urlsplit(address)
    credentials, at, place = parts.netloc.rpartition("@")
    if not at:
        return address, None
    token = b64encode(unquote(credentials).encode()).decode()
    return parts._replace(netloc=place).geturl(), f"Basic {token}"


def secrets_of(address: str, api_key: str | None) -> Sequence[str]:
    """Return what nobody may read of a server's key and of the "user:password@" in its address, the longest first."""
    _, authorization = without_credentials(address)
    password = urlsplit(address).netloc.rpartition("@")[0].partition(":")[2]
    found = {api_key or "", (authorization or "").removeprefix("Basic "), password, unquote(password)}
    return sorted(filter(None, found), key=len, reverse=True)


def is_loopback(address: str) -> bool:
    """Tell whether the server is on this machine: a proxy from the environment is then never in between."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def certificates(address: str) -> ssl.SSLContext:
    """Return the usual trust for https. For plain http a bare context, as reading the system's certificates takes 20
    ms."""
    if urlsplit(address).scheme == "https":
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def base_of(address: str) -> str:
    """Return `address` without a slash at its end, and without the route that people paste along with it."""
    address = address.rstrip("/")
    for route in _ROUTES:
        if address.endswith(route):
            return address.removesuffix(route).rstrip("/")
    return address


def moved_to(url: str, status: int, location: str) -> str:
    """Return where a redirection leads, if that is the same server: by another path, or by https. Empty for any
    other."""
    if not 300 <= status < 400 or not location:
        return ""
    before, after = urlsplit(url), urlsplit(urljoin(url, location))
    same_place = (before.scheme, before.netloc) == (after.scheme, after.netloc)
    secured = (before.scheme, after.scheme) == ("http", "https") and before.hostname == after.hostname
    return after._replace(query="", fragment="").geturl() if same_place or secured else ""


def with_default_path(address: str, path: str) -> str:
    """Return `address` as given when it has a path, else with `path`: people leave out the `/v1`."""
    return address if urlsplit(address).path.strip("/") else address.rstrip("/") + path


def root_of(address: str) -> str:
    """Return where a server's other routes are: beside the `/v1` of `address`."""
    return address.rstrip("/").removesuffix("/v1")
