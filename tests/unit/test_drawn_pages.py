"""Pages of snapshots are drawn once, and kept within a bound."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from thai_chat.domain.messages import Role
from thai_chat.domain.parts import TextPart
from thai_chat.domain.shares import SharedMessage, Snapshot, snapshot_from_json, snapshot_to_json
from thai_chat.sharing.page import Frame
from thai_chat.sharing.pages import DrawnPages

THAI, ENGLISH = Frame("th", "/files/"), Frame("en", "/files/")
NOW = datetime(2026, 11, 29, 14, 30, tzinfo=UTC)


def snapshot(text: str) -> Snapshot:
    message = SharedMessage(role=Role.ASSISTANT, model="typhoon", created_at=NOW, parts=(TextPart(text),))
    return Snapshot(title="น้ำจิ้ม", created_at=NOW, timezone="Asia/Bangkok", messages=(message,))


async def test_a_page_is_drawn_once_for_each_language() -> None:
    pages, share_id = DrawnPages(), uuid4()
    drawn = await asyncio.gather(*(pages.drawn(share_id, THAI, snapshot("**ขิง**")) for _ in range(3)))
    assert drawn[0] is drawn[1] is drawn[2] is pages.kept(share_id, THAI)
    assert "<strong>ขิง</strong>" in drawn[0].decode()
    assert "29 พ.ย. 2569 21:30" in drawn[0].decode()
    assert pages.kept(share_id, ENGLISH) is None
    assert "29 Nov 2026 21:30" in (await pages.drawn(share_id, ENGLISH, snapshot("**ขิง**"))).decode()


async def test_what_is_kept_is_bounded_and_those_read_last_stay() -> None:
    pages = DrawnPages(most_bytes=40_000)
    ids = [uuid4() for _ in range(20)]
    for share_id in ids:
        await pages.drawn(share_id, THAI, snapshot("ก" * 2_000))
        pages.kept(ids[0], THAI)
    kept = [share_id for share_id in ids if pages.kept(share_id, THAI)]
    assert ids[0] in kept
    assert ids[-1] in kept
    assert sum(len(pages.kept(share_id, THAI) or b"") for share_id in kept) <= 40_000
    large = uuid4()
    await pages.drawn(large, THAI, snapshot("ก" * 20_000))
    assert pages.kept(large, THAI) is None


def test_a_snapshot_is_read_as_it_was_written() -> None:
    written = snapshot("ข้อความ\n$$x$$")
    assert snapshot_from_json(snapshot_to_json(written)) == written
