"""Waiting for the next of something, by who may be many: a list of those who wait, and one call that wakes them."""

from __future__ import annotations

import asyncio


def wake(waiting: list[asyncio.Future[bool]]) -> None:
    for future in waiting:
        _resolve(future, True)
    waiting.clear()


async def wait(waiting: list[asyncio.Future[bool]], timeout_s: float) -> bool:
    """Return True when woken, False after the time. A follower would pay for asyncio.timeout at each step."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bool] = loop.create_future()
    waiting.append(future)
    timer = loop.call_later(timeout_s, _resolve, future, False)
    try:
        return await future
    finally:
        timer.cancel()
        if future in waiting:
            waiting.remove(future)


def _resolve(future: asyncio.Future[bool], woken: bool) -> None:
    if not future.done():
        future.set_result(woken)
