"""How often a wrong password may come for one name, and from one address."""

from __future__ import annotations

import hashlib
import time
from math import ceil

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from thai_chat.domain.accounts import name_key
from thai_chat.domain.addresses import network_of
from thai_chat.domain.errors import TooManyAttempts

OF_NAME = RateLimitItemPerMinute(10, 15)
OF_ADDRESS = RateLimitItemPerMinute(30, 15)


class Attempts:
    """Counts wrong passwords in this process; a right one does not count."""

    def __init__(self, *, of_name: RateLimitItem = OF_NAME, of_address: RateLimitItem = OF_ADDRESS) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._limits = {"name": of_name, "address": of_address}

    def require_few(self, name: str, address: str) -> None:
        """Raise TooManyAttempts when no more may come now."""
        for limit, key in self._keys(name, address):
            if not self._limiter.test(limit, *key):
                left = self._limiter.get_window_stats(limit, *key).reset_time - time.time()
                raise TooManyAttempts(seconds=max(1, ceil(left) + 1))

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
