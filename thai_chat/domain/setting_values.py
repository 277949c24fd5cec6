"""Values of settings as people write them: addresses, paths. What can't be is told in words of our own."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

_ADDRESS = re.compile(r'[^\s"\\]+')


def http_parts(address: str) -> SplitResult:
    """Return the parts of an http address. Raises ValueError, whose words never quote it: a password may be in it."""
    try:
        parts = urlsplit(address)
        is_possible = parts.scheme in ("", "http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_possible = False
    if not is_possible or not _ADDRESS.fullmatch(address):
        raise ValueError("must be an http:// or https:// address, whose port is a number up to 65535")
    return parts


def http_address(value: str) -> str:
    """Return the address with a scheme and without a slash at its end. Raises ValueError."""
    address = value if "://" in value else f"http://{value}"
    http_parts(address)
    return address.rstrip("/")


def is_secure_address(address: str) -> bool:
    """Tell whether what is sent to an http address can't be read on the way: by TLS, or on this machine."""
    try:
        parts = http_parts(address)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def is_loopback(host: str) -> bool:
    """Tell whether a name or an address is this machine's own alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def with_port(value: str, port: int) -> str:
    """Return a host with `port` where it names none; an address with a scheme stays. Raises ValueError."""
    if "://" in value:
        return value
    parts = http_parts(f"//{value}")
    return value if parts.port else parts._replace(netloc=f"{parts.netloc}:{port}").geturl().removeprefix("//")


def expanded(path: str) -> Path:
    """Return the path with `~` as the shell reads it. Raises ValueError."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ValueError("begins with ~ and the name of nobody here") from None
