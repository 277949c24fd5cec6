"""The turns that PostgreSQL acknowledged last are kept for a while, and not more of them than fit."""

from __future__ import annotations

from uuid_utils.compat import uuid7

from tests.history_writes import begin, finish, grow
from thai_chat.domain.writes import UpdateSession
from thai_chat.history.outage.recent import RecentTurns


def test_turns_are_kept_in_order_and_nothing_else() -> None:
    recent = RecentTurns()
    write = begin("สมชาย")
    renamed = UpdateSession(session_id=write.session_id, user_id="สมชาย", at=write.at, session_name="ใหม่")
    end = finish(write)
    recent.note(write, grow(write), renamed, end)
    assert recent.writes() == [write, end]


def test_they_are_let_go_with_time() -> None:
    now_s = 0.0
    recent = RecentTurns(keep_s=60, clock=lambda: now_s)
    recent.note(old := begin("สมชาย"))
    now_s = 59
    recent.note(new := begin("สมชาย"))
    assert recent.writes() == [old, new]
    now_s = 61
    assert recent.writes() == [new]


def test_the_oldest_are_let_go_when_they_are_too_long() -> None:
    recent = RecentTurns(max_bytes=2_200)
    writes = [begin("สมชาย", uuid7(), question="ก" * 40) for _ in range(5)]
    recent.note(*writes)
    assert recent.writes() == writes[-2:]
