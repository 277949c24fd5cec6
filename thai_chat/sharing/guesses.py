"""Counts wrong passwords, by link and by who guesses."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from thai_chat.domain.account_errors import TooManyAttempts
from thai_chat.domain.addresses import network_of
from thai_chat.domain.ports.shares import PasswordHasher
from thai_chat.domain.share_errors import WrongSharePassword

_OF_LINK = RateLimitItemPerMinute(20, 15)
_OF_ADDRESS = RateLimitItemPerMinute(10, 15)


class Guesses:
    """Looks at one password at a time, so that no two guesses are let through for one that was left."""

    def __init__(self, passwords: PasswordHasher) -> None:
        self._passwords = passwords
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._one = asyncio.Lock()

    async def require(self, share_id: UUID, password_hash: str, guess: str, address: str) -> None:
        """Return where it is the password. Raises WrongSharePassword, TooManyAttempts."""
        counted = ((_OF_LINK, str(share_id)), (_OF_ADDRESS, network_of(address)))
        async with self._one:
            for item, who in counted:
                if not await self._limiter.test(item, who):
                    stats = await self._limiter.get_window_stats(item, who)
                    raise TooManyAttempts(seconds=max(1, round(stats.reset_time - time.time())))
            if not await self._passwords.verify(guess, password_hash):
                for item, who in counted:
                    await self._limiter.hit(item, who)
                raise WrongSharePassword
