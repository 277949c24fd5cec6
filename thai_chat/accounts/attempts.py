"""How often a wrong password may come for one name and from one address, and how many accounts may be made."""

from __future__ import annotations

import hashlib
import time
from math import ceil

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from thai_chat.domain.account_errors import TooManyAttempts, TooManySignUps
from thai_chat.domain.accounts import name_key
from thai_chat.domain.addresses import network_of

OF_NAME = RateLimitItemPerMinute(10, 15)
OF_ADDRESS = RateLimitItemPerMinute(30, 15)
NEW_OF_ADDRESS = RateLimitItemPerHour(60)
"""A class that signs up together may share one address."""
NEW_OF_ALL = RateLimitItemPerHour(600)


class Attempts:
    """Counts wrong passwords in this process; a right one does not count."""

    def __init__(self, *, of_name: RateLimitItem = OF_NAME, of_address: RateLimitItem = OF_ADDRESS) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._limits = {"name": of_name, "address": of_address}

    def require_few(self, name: str, address: str) -> None:
        """Raise TooManyAttempts when no more may come now."""
        for limit, key in self._keys(name, address):
            if not self._limiter.test(limit, *key):
                raise TooManyAttempts(seconds=_wait_s(self._limiter, limit, key))

    def note_failure(self, name: str, address: str) -> None:
        for limit, key in self._keys(name, address):
            self._limiter.hit(limit, *key)

    def forget(self, name: str) -> None:
        """Let a name begin anew: an administrator has given it another password."""
        for limit, key in self._keys(name, ""):
            if key[0] == "name":
                self._limiter.clear(limit, *key)

    def _keys(self, name: str, address: str) -> list[tuple[RateLimitItem, tuple[str, str]]]:
        hashed = hashlib.sha256(name_key(name).encode("utf-8", "surrogatepass")).hexdigest()
        keys = [("name", hashed), ("address", network_of(address))]
        return [(self._limits[kind], (kind, key)) for kind, key in keys if key]


class SignUps:
    """Counts in this process who comes without an invitation to make an account, whether or not one is made."""

    def __init__(self, *, of_address: RateLimitItem = NEW_OF_ADDRESS, of_all: RateLimitItem = NEW_OF_ALL) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._of_address, self._of_all = of_address, of_all

    def count(self, address: str) -> None:
        """Raise TooManySignUps when no more may come now."""
        limits = [(self._of_all, ("all",))]
        if network := network_of(address):
            limits.append((self._of_address, (network,)))
        for limit, key in limits:
            if not self._limiter.test(limit, *key):
                seconds = _wait_s(self._limiter, limit, key)
                raise TooManySignUps(seconds=seconds, minutes=ceil(seconds / 60))
        for limit, key in limits:
            self._limiter.hit(limit, *key)


def _wait_s(limiter: SlidingWindowCounterRateLimiter, limit: RateLimitItem, key: tuple[str, ...]) -> int:
    return max(1, ceil(limiter.get_window_stats(limit, *key).reset_time - time.time()) + 1)
