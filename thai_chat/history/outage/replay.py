"""Stores what waited in the outbox, in order; what PostgreSQL refuses is set aside and stops nothing."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from thai_chat.domain.errors import HistoryRefused, HistoryUnavailable, ThaiChatError
from thai_chat.domain.writes import SingleWrite
from thai_chat.history.outage.outbox import Outbox
from thai_chat.history.outage.recent import RecentTurns
from thai_chat.history.outage.stores import Upstream
from thai_chat.history.outage.waiting import OF_TURNS, Batch

logger = logging.getLogger(__name__)

_BATCH = 500


class Replayed(NamedTuple):
    stored: int
    """How many writes the server has taken."""
    is_all: bool
    """Nothing was left to take."""


class Replay:
    """One attempt. Interrupted anywhere it can be begun again: storing a write twice changes nothing."""

    def __init__(self, outbox: Outbox, upstream: Upstream, recent: RecentTurns) -> None:
        """Take the outbox and the server; `recent` is told what was stored."""
        self._outbox = outbox
        self._upstream = upstream
        self._recent = recent
        self._refused_replies: set[UUID] = set()

    async def run(self, writes: float = math.inf, *, is_over: Callable[[], bool] = lambda: False) -> Replayed:
        """Store the `writes` oldest or a few more, without a number all.

        Leave what waits then when it `is_over`. Nothing is awaited between the look that found nothing left and the
        return. Raises HistoryUnavailable.
        """
        stored = taken = 0
        limit = _BATCH
        while taken < writes:
            batch = await self._outbox.take(limit)
            if batch is None:
                return Replayed(stored, is_all=True)
            if is_over():
                break
            refused = await self._store(batch, is_alone=limit == 1)
            if refused is None:
                limit = 1
                continue
            self._recent.note(*batch.writes)
            await self._outbox.done(batch, refused)
            taken += batch.size
            stored += len(batch.writes) - len(refused)
            limit = min(2 * limit, _BATCH)
        return Replayed(stored, is_all=False)

    async def _store(self, batch: Batch, *, is_alone: bool) -> list[tuple[SingleWrite, ThaiChatError]] | None:
        """Store the batch, and return what was refused.

        None when something failed that one write alone may get through.
        """
        if not batch.writes:
            return []
        try:
            outcomes = await self._upstream.apply(batch.writes)
        except HistoryUnavailable:
            raise
        except Exception as error:
            # One write that nobody foresaw must not hold up all others for ever.
            logger.exception("%d waiting writes can't be stored together", len(batch.writes))
            return [(write, HistoryRefused(type(error).__name__)) for write in batch.writes] if is_alone else None
        return self._refused(batch.writes, outcomes)

    def _refused(
        self, writes: Sequence[SingleWrite], outcomes: Sequence[object]
    ) -> list[tuple[SingleWrite, ThaiChatError]]:
        refused = []
        for write, outcome in zip(writes, outcomes, strict=True):
            if isinstance(outcome, ThaiChatError):
                logger.error("PostgreSQL refused a %s (%s): it is set aside", type(write).__name__, outcome.code)
                refused.append((write, outcome))
                if isinstance(write, OF_TURNS):
                    self._refused_replies.add(write.reply_id)
            elif isinstance(write, OF_TURNS) and write.reply_id in self._refused_replies:
                # The text of a reply whose turn was refused: without its row PostgreSQL ignores it in silence.
                refused.append((write, HistoryRefused("its turn was refused")))
        return refused


async def send_again(upstream: Upstream, writes: Sequence[SingleWrite]) -> None:
    """Store again what was acknowledged before; where nothing of it is missing it changes nothing.

    Raises HistoryUnavailable.
    """
    try:
        await upstream.apply(writes)
    except HistoryUnavailable:
        raise
    except Exception:  # what nobody foresaw must not keep PostgreSQL away for ever
        logger.exception("the last %d writes can't be sent again", len(writes))
    else:
        logger.info("the last %d writes were sent again: another server serves", len(writes))
