"""Nothing of somebody who is gone for good stays beside PostgreSQL, and all of the others does."""

from __future__ import annotations

from pathlib import Path

from tests.history_writes import begin, finish, new_user
from thai_chat.history.outage.recent import RecentTurns
from thai_chat.history.outage.records import encode
from thai_chat.history.outage.refused import RefusedWrites, refusal


def test_what_would_be_sent_again_is_forgotten() -> None:
    mine, theirs = begin(new_user()), begin(new_user())
    recent = RecentTurns()
    recent.note(mine, theirs, finish(mine), finish(theirs))
    recent.forget_person(mine.user_id)
    assert [write.session_id for write in recent.writes()] == [theirs.session_id] * 2


def test_what_postgresql_refused_is_deleted_with_the_ends_of_replies(tmp_path: Path) -> None:
    mine, theirs = begin(new_user()), begin(new_user())
    refused = RefusedWrites(tmp_path)
    writes = (mine, theirs, finish(mine, "ลับ"), finish(theirs))
    refused.append([refusal(encode(write), "history_refused") for write in writes])
    refused.append([refusal(b"unreadable", "unreadable"), b"no JSON", b'{"write": 1}'])
    assert refused.forget_person(mine.user_id) == 5
    kept = refused.path.read_text()
    assert mine.user_id not in kept
    assert "ลับ" not in kept
    assert kept.count(str(theirs.session_id)) == 2
    assert refused.path.stat().st_mode & 0o777 == 0o600
    assert refused.forget_person(new_user()) == 5
    assert refused.path.read_text() == kept


def test_where_nothing_was_refused_nothing_is_made(tmp_path: Path) -> None:
    assert RefusedWrites(tmp_path).forget_person(new_user()) == 0
    assert list(tmp_path.iterdir()) == []
