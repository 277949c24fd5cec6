"""Stores what growing replies have said so far, all of them in one statement, for the day when the process dies."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from thai_chat.chat.replies.growing import GrowingReply
from thai_chat.domain.errors import HistoryError, HistoryRefused
from thai_chat.domain.ports.conversation import Conversation
from thai_chat.domain.writes import Checkpoint, Checkpoints

logger = logging.getLogger(__name__)

CHECKPOINT_EVERY_S = 0.5
"""Half of what may be lost: the rest is for the statement, the disk and a busy machine."""
SIGN_OF_LIFE_EVERY_S = 3.0
"""How often a reply without new text is checkpointed, well within STALE_AFTER."""


class Checkpointer:
    """`start()` and `close()` once each; everything runs on one event loop."""

    def __init__(self, conversation: Conversation, growing: Callable[[], Sequence[GrowingReply]]) -> None:
        """Take the function that gives the replies that grow now."""
        self._conversation = conversation
        self._growing = growing
        self._last: dict[UUID, tuple[int, float]] = {}
        """The pieces that each reply had at its last checkpoint, and when that was (`time.perf_counter()`)."""
        self._loop: asyncio.Task[None] | None = None
        self._writes: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._loop = asyncio.create_task(self._go_on(), name="checkpoints")

    def stop(self) -> None:
        """Begin no more checkpoints."""
        if self._loop:
            self._loop.cancel()

    async def close(self) -> None:
        """Begin no more checkpoints, and wait for those that are being stored."""
        self.stop()
        # Not gather, which would take a cancellation of this call for one of the writes.
        if waiting := {*self._writes, *([self._loop] if self._loop else ())}:
            await asyncio.wait(waiting)

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_EVERY_S)
            if writes := self._due():
                # Not awaited: a store that takes long must not hold up the texts that come meanwhile.
                task = asyncio.create_task(self._store(writes), name="checkpoint")
                self._writes.add(task)
                task.add_done_callback(self._writes.discard)

    def _due(self) -> Sequence[Checkpoint]:
        now_s, at = time.perf_counter(), datetime.now(UTC)
        last, self._last = self._last, {}
        writes: list[Checkpoint] = []
        for reply in self._growing():
            begun_s = now_s - reply.log.elapsed_ms / 1000
            pieces, stored_s = last.get(reply.log.reply_id, (0, begun_s))
            if reply.pieces > pieces or now_s - stored_s > SIGN_OF_LIFE_EVERY_S:
                writes.append(reply.checkpoint(at))
                pieces, stored_s = reply.pieces, now_s
            self._last[reply.log.reply_id] = pieces, stored_s
        return writes

    async def _store(self, writes: Sequence[Checkpoint]) -> None:
        """Store them; when what stands beside the texts is refused, without that."""
        try:
            try:
                await self._conversation.write(Checkpoints(writes))
            except HistoryRefused:
                await self._conversation.write(Checkpoints([replace(write, metadata={}, parts=()) for write in writes]))
        except HistoryError as exc:
            logger.warning("%d replies could not be checkpointed: %s", len(writes), exc.code)
