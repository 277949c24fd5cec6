"""The names under which the server answers, so that no web page reaches it by a name of its own (DNS rebinding)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(?:\[([0-9a-f:.%]+)\]|([a-z0-9._-]+))(?::\d{0,5})?", re.IGNORECASE)


class Names:
    """Loopback's own names, and those that the settings give; `*.example.org` stands for every name below it."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._exact = LOOPBACK | {name.lower() for name in names if not name.startswith("*.")}
        self._below = tuple(name[1:].lower() for name in names if name.startswith("*."))

    def have(self, host: str) -> bool:
        """Tell whether the value of a `Host` header is one of the names, at any port."""
        name = name_of(host)
        return name in self._exact or (bool(self._below) and name.endswith(self._below))


def is_address(host: str) -> bool:
    """Tell whether a `Host` header holds an IP address: nobody can point a name of theirs at it."""
    try:
        ipaddress.ip_address(name_of(host))
    except ValueError:
        return False
    return True


def name_of(host: str) -> str:
    """Return the name or address of a `Host` header without its port, in small letters; empty when it has none."""
    found = _HOST.fullmatch(host)
    return (found[1] or found[2]).lower() if found else ""
