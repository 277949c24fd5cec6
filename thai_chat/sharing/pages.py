"""Pages of snapshots, drawn once and kept for a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from uuid import UUID

from thai_chat.domain.shares import Snapshot
from thai_chat.sharing.page import Frame, SnapshotPage

MOST_BYTES = 32_000_000
"""The most that all pages which are kept take together; a page that is larger than a quarter of it is not kept."""


class DrawnPages:
    """Draws one page at a time in a thread, a message at a time, so that whoever else has something to do has turns."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[UUID, Frame], bytes] = OrderedDict()
        self._bytes = 0
        self._one = asyncio.Lock()

    def kept(self, share_id: UUID, frame: Frame) -> bytes | None:
        """Return the page up to its end, if it was drawn lately."""
        key = (share_id, frame)
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    async def drawn(self, share_id: UUID, frame: Frame, snapshot: Snapshot) -> bytes:
        """Return the page up to its end."""
        async with self._one:
            if page := self.kept(share_id, frame):
                return page  # somebody else has waited for it as well
            page = await asyncio.to_thread(_drawn, frame, snapshot)
            self._keep((share_id, frame), page)
            return page

    def _keep(self, key: tuple[UUID, Frame], page: bytes) -> None:
        if len(page) > self._most_bytes // 4:
            return
        self._kept[key] = page
        self._bytes += len(page)
        while self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest)


def _drawn(frame: Frame, snapshot: Snapshot) -> bytes:
    page = bytearray()
    for piece in SnapshotPage(frame, snapshot).pieces():
        page += piece.encode("utf-8", "replace")
    return bytes(page)
