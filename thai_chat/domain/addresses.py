"""Addresses that requests come from, as they are counted."""

from __future__ import annotations

import ipaddress

_SITE_BITS = 64
"""One customer's network has all addresses of IPv6 below so many bits."""


def network_of(address: str) -> str:
    """Return what one household or server has of addresses: one of IPv4, or a /64 of IPv6.

    The same client is counted alike in both forms of an IPv4 address; what is no address stays as it is.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, _SITE_BITS), strict=False))
