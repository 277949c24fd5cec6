"""Takes what is due from the outbox and sends it, beside whatever else the process does."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from thai_chat.domain.errors import HistoryUnavailable, ThaiChatError, trace_of
from thai_chat.domain.ports.webhooks import Receipt, WebhookOutbox, WebhookSender
from thai_chat.domain.webhook_errors import WebhookSecretLost
from thai_chat.domain.webhooks import (
    DELIVERIES_KEPT,
    TRIED_FOR,
    DeliveryProblem,
    DeliveryState,
    DueDelivery,
    WebhookDelivery,
)
from thai_chat.webhooks.payloads import body_of, message_id
from thai_chat.webhooks.schedule import outcome_of
from thai_chat.webhooks.signing import Signer

logger = logging.getLogger(__name__)

_GRACE_S = 0.5
"""How long `close` waits for what is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often the outbox is looked into, and how much is under way at a time."""

    look_every_s: float = 2.0
    """Whatever happens in this process wakes it sooner."""
    most_running: int = 16
    most_running_each: int = 4
    """A receiver that is slow holds up nobody else."""
    lease_s: float = 30.0
    """Longer than a try may take: after it others take up what a dead process was at."""
    first_pause_s: float = 5.0
    left_after_s: float = 60.0
    """A reply without a sign of life for so long was left behind by its process."""
    upkeep_every_s: float = 30.0


class Dispatcher:
    """`start` it before use and `close` it after; `wake` may be called at any time."""

    def __init__(
        self, outbox: WebhookOutbox, sender: WebhookSender, signer: Signer, *, pace: Pace | None = None
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._signer = signer
        self._pace = pace or Pace()
        self._woken = asyncio.Event()
        self._running: dict[asyncio.Task[None], DueDelivery] = {}
        self._loops: list[asyncio.Task[None]] = []

    def wake(self) -> None:
        """Have the outbox looked into now. It never waits."""
        self._woken.set()

    def start(self) -> None:
        self._loops = [
            asyncio.create_task(self._send_all(), name="webhooks"),
            asyncio.create_task(self._keep_up(), name="webhooks upkeep"),
        ]

    async def close(self) -> None:
        """Stop. What does not end at once is sent again, by whoever finds its lease over. Safe to call twice."""
        loops, self._loops = self._loops, []
        await _end(loops)
        if self._running:
            await asyncio.wait(self._running, timeout=_GRACE_S)
        await _end([*self._running])
        await self._sender.close()

    async def attempt(self, due: DueDelivery) -> WebhookDelivery | None:
        """Send a delivery once, note what came of it, and return it as it is then; None when it is gone."""
        now = datetime.now(UTC)
        outcome = outcome_of(due, await self._sent(due, now), datetime.now(UTC), first_s=self._pace.first_pause_s)
        noted = await self._outbox.note(due, outcome)
        if outcome.state is DeliveryState.FAILED:
            logger.warning(
                "delivery %s of webhook %s is given up after %d tries: %s",
                due.delivery_id,
                due.webhook.webhook_id,
                due.tries,
                outcome.problem,
            )
        return noted

    async def _sent(self, due: DueDelivery, now: datetime) -> Receipt:
        body = body_of(due)
        try:
            headers = self._signer.headers(due.webhook, message_id(due.delivery_id), body, now)
        except WebhookSecretLost:
            return Receipt(problem=DeliveryProblem.SECRET_LOST)
        return await self._sender.send(due.webhook.url, headers, body)

    async def _send_all(self) -> None:
        while True:
            self._woken.clear()
            found = 0
            try:
                found = await self._take()
            except HistoryUnavailable:
                pass  # what happened meanwhile is in the outbox as soon as it is stored
            except Exception as error:  # noqa: BLE001 - the edge of a background loop: the next round gets another try
                logger.error("the outbox of webhooks can't be read: %s", type(error).__name__, extra=trace_of(error))
            if not found:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pace.look_every_s):
                        await self._woken.wait()

    async def _take(self) -> int:
        """Begin to send what is due, as far as there is room, and return how much that was."""
        room = self._pace.most_running - len(self._running)
        if room <= 0:
            return 0
        running = Counter(due.webhook.webhook_id for due in self._running.values())
        each = self._pace.most_running_each
        busy = [webhook_id for webhook_id, count in running.items() if count >= each]
        claimed = await self._outbox.claim(limit=room, each=each, busy=busy, lease_s=self._pace.lease_s)
        for due in claimed:
            task = asyncio.create_task(self._try(due), name=f"webhook delivery {due.delivery_id}")
            self._running[task] = due
            task.add_done_callback(self._ended)
        return len(claimed)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self.wake()  # there is room for another one

    async def _try(self, due: DueDelivery) -> None:
        try:
            await self.attempt(due)
        except ThaiChatError as error:
            # It is sent again when its lease is over: receivers know it by its id.
            logger.info("what became of delivery %s is not noted: %s", due.delivery_id, error.code)
        except Exception as error:  # noqa: BLE001 - the edge of a background task: nobody else would see it
            logger.error("delivery %s failed: %s", due.delivery_id, type(error).__name__, extra=trace_of(error))

    async def _keep_up(self) -> None:
        while True:
            try:
                if await self._outbox.tell_of_left(stale_s=self._pace.left_after_s):
                    self.wake()
                await clean(self._outbox)
            except HistoryUnavailable:
                pass
            except Exception as error:  # noqa: BLE001 - the edge of a background loop: the next round gets another try
                logger.error("the upkeep of webhooks failed: %s", type(error).__name__, extra=trace_of(error))
            await asyncio.sleep(self._pace.upkeep_every_s)


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


async def clean(outbox: WebhookOutbox) -> None:
    """Delete old deliveries, and give up those that have waited too long. Raises HistoryUnavailable."""
    now = datetime.now(UTC)
    await outbox.forget(ended_before=now - DELIVERIES_KEPT, waiting_before=now - TRIED_FOR)
