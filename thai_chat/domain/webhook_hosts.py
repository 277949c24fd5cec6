"""The hosts that webhooks may be sent to, as the settings write them, and what of the network they reach."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from thai_chat.domain.setting_values import is_loopback

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"https": 443, "http": 80}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_WRITTEN = re.compile(r"(?:(https?)://)?(\*\.)?(\[[0-9a-f:.]+\]|[^\[\]/:@\s]+)(?::(\d{1,5}))?/?")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_WRONG = (
    "must be names or addresses with commas, such as hooks.example.org, 10.0.0.7:8080 or *.example.org; http:// before "
    "one allows it without TLS"
)


@dataclass(frozen=True, slots=True)
class _Rule:
    scheme: str
    host: str
    """In lower case; without the `*.` of a rule for all names below it."""
    port: int
    is_wild: bool

    def names(self, host: str) -> bool:
        return host.endswith(f".{self.host}") if self.is_wild else host == self.host

    def allows(self, scheme: str, host: str, port: int) -> bool:
        has_way = scheme == self.scheme or (not self.is_wild and is_loopback(host))
        return self.names(host) and has_way and port == self.port


class WebhookHosts:
    """The hosts that WEBHOOK_HOSTS allows. Without any host webhooks are off."""

    def __init__(self, written: Sequence[str] = ()) -> None:
        """Take the hosts as the setting has them, in lower case. Raises ValueError."""
        self._rules = [_rule(one) for one in written]
        self._addresses = {address for rule in self._rules if not rule.is_wild and (address := _address(rule.host))}

    def __bool__(self) -> bool:
        return bool(self._rules)

    @property
    def names(self) -> Sequence[str]:
        """The names that can be looked up."""
        return [rule.host for rule in self._rules if not rule.is_wild]

    def allows(self, url: str) -> bool:
        """Tell whether something may be sent to an address, as far as its name says. Raises ValueError where it is
        none."""
        parts = parts_of(url)
        host, port = _host(parts), _port(parts)
        return any(rule.allows(parts.scheme, host, port) for rule in self._rules)

    def reaches(self, host: str, address: str) -> bool:
        """Tell whether a host may lead to an address of the network; one that no entry names leads nowhere.

        To public ones it may; to private ones when the settings name that host, and not only those below another; to
        this machine itself and to what is on no network (link-local, multicast) only when they name the address.
        """
        found, name = _address(address), _plain(host)
        naming = [rule for rule in self._rules if rule.names(name)]
        if found is None or not naming:
            return False
        if found in self._addresses:
            return True
        if found.is_loopback:
            return name == "localhost"
        if found.is_link_local or found.is_multicast or found.is_unspecified or _is_reserved(found):
            return False
        return found.is_global or not all(rule.is_wild for rule in naming)


def parts_of(url: str) -> SplitResult:
    """Return the parts of an address that something can be sent to. Raises ValueError, whose words never quote it."""
    try:
        parts = urlsplit(url)
        is_possible = parts.scheme in _PORTS and parts.hostname and parts.port != 0
    except ValueError:
        is_possible = False
    if not is_possible or "@" in parts.netloc or parts.fragment or not _VISIBLE.fullmatch(url) or "\\" in url:
        raise ValueError("must be an http:// or https:// address in ASCII, without a name, a password or a #")
    host = parts.hostname or ""
    if not (_NAME.fullmatch(host) or _address(host)):
        raise ValueError("must name a host, such as https://hooks.example.org/chat")
    return parts


def _rule(written: str) -> _Rule:
    match = _WRITTEN.fullmatch(written)
    if not match:
        raise ValueError(_WRONG)
    scheme, host = match[1] or "https", match[3]
    port = int(match[4]) if match[4] else _PORTS[scheme]
    name = _plain(host)
    is_address = _address(name) is not None
    if not 0 < port < 65_536 or not (is_address or _NAME.fullmatch(name)) or (match[2] and is_address):
        raise ValueError(_WRONG)
    if match[2] and "." not in name:
        raise ValueError("must have two parts behind *., such as *.example.org")
    return _Rule(scheme, name, port, bool(match[2]))


def _host(parts: SplitResult) -> str:
    return _plain(parts.hostname or "")


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


def _plain(host: str) -> str:
    """Return a host as rules have it: addresses in their one spelling, names without a dot at the end."""
    name = host.lower().removeprefix("[").removesuffix("]")
    address = _address(name)
    return str(address) if address else name.removesuffix(".")


def _address(text: str) -> Address | None:
    """Return an address of the network; an IPv4 one that is written as IPv6 is the IPv4 one."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        return found.ipv4_mapped or found
    return found


def _is_reserved(address: Address) -> bool:
    """Tell of addresses that pass something on to another one, or are nobody's."""
    if isinstance(address, ipaddress.IPv6Address):
        # 6to4, Teredo and NAT64 hold an IPv4 address that may be any.
        holds_another = address.sixtofour or address.teredo or any(address in network for network in _NAT64)
        return bool(address.is_reserved or address.is_site_local or holds_another)
    return address.is_reserved or address in _THIS_NETWORK


_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")
