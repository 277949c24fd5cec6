"""The hub of changes: each person hears of their own, in bounded room, and everybody is let go at the end."""

from __future__ import annotations

from contextlib import ExitStack
from uuid import uuid4

import pytest

from tests.people import as_person
from thai_chat.chat import changes as hub
from thai_chat.chat.changes import ANEW, CROWDED, MOST_FOLLOWERS, MOST_UNREAD, Change, ChangeKind, Changes

NOI, LEK = as_person("noi"), as_person("lek")
LONG_S = 20.0
AT_ONCE_S = 0.01


def changed() -> Change:
    return Change(ChangeKind.CHANGED, uuid4())


async def test_a_follower_hears_what_changes_in_order() -> None:
    changes, told = Changes(), [changed(), Change(ChangeKind.BEGAN, uuid4(), uuid4()), changed()]
    with changes.following(NOI) as follower:
        for change in told:
            changes.tell(NOI.user_id, change)
        assert await follower.next(LONG_S) == told
        assert await follower.next(AT_ONCE_S) == []


async def test_nobody_hears_of_a_change_of_somebody_else() -> None:
    changes = Changes()
    with changes.following(LEK) as follower:
        changes.tell(NOI.user_id, changed())
        assert await follower.next(AT_ONCE_S) == []
        assert changes.since_last_s(LEK) is None
        assert changes.since_last_s(NOI) is not None


async def test_the_same_change_is_told_once_to_who_has_not_read_it() -> None:
    changes, change = Changes(), changed()
    with changes.following(NOI) as follower:
        for _ in range(10):
            changes.tell(NOI.user_id, change)
        assert await follower.next(LONG_S) == [change]


@pytest.mark.parametrize("more", [1, 10_000])
async def test_a_follower_that_reads_nothing_holds_no_more_than_the_word_to_read_anew(more: int) -> None:
    changes = Changes()
    with changes.following(NOI) as slow:
        for _ in range(MOST_UNREAD + more):
            changes.tell(NOI.user_id, changed())
        assert await slow.next(LONG_S) == [ANEW]
        last = changed()
        changes.tell(NOI.user_id, last)
        assert await slow.next(LONG_S) == [last]


async def test_the_word_to_read_anew_takes_the_place_of_all_else() -> None:
    changes = Changes()
    with changes.following(NOI) as follower:
        for change in (changed(), ANEW, changed()):
            changes.tell(NOI.user_id, change)
        assert await follower.next(LONG_S) == [ANEW]


async def test_at_the_end_a_follower_reads_what_it_was_told_and_is_let_go() -> None:
    changes, change = Changes(), changed()
    with changes.following(NOI) as follower:
        changes.tell(NOI.user_id, change)
        changes.close()
        assert await follower.next(LONG_S) == [change]
        assert await follower.next(LONG_S) is None
    with changes.following(NOI) as late:
        assert await late.next(LONG_S) is None


async def test_of_too_many_followers_the_oldest_is_let_go_with_a_last_word() -> None:
    changes = Changes()
    with ExitStack() as others:
        with changes.following(NOI) as oldest:
            others.enter_context(changes.following(LEK))
            later = [others.enter_context(changes.following(NOI)) for _ in range(MOST_FOLLOWERS)]
            assert await oldest.next(LONG_S) == [CROWDED]
            assert await oldest.next(LONG_S) is None
            assert len(changes._followers[NOI.user_id]) == MOST_FOLLOWERS
        change = changed()
        changes.tell(NOI.user_id, change)
        assert [await follower.next(LONG_S) for follower in later] == [[change]] * MOST_FOLLOWERS
    assert changes._followers == {}


async def test_nothing_is_told_of_a_temporary_session() -> None:
    told, secret = changed(), changed()
    changes = Changes(is_temporary=lambda session_id: session_id == secret.session_id)
    with changes.following(NOI) as follower:
        changes.tell(NOI.user_id, secret)
        assert changes.since_last_s(NOI) is None
        changes.tell(NOI.user_id, told)
        assert await follower.next(LONG_S) == [told]


async def test_nothing_is_kept_of_who_has_left_or_was_quiet_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = Changes()
    with changes.following(NOI):
        pass
    assert changes._followers == {}
    now = 1_000.0
    monkeypatch.setattr(hub.time, "monotonic", lambda: now)
    for number in range(100):
        changes.tell(f"person {number}", changed())
    now += hub.REMEMBERED_S + 1
    changes.tell(NOI.user_id, changed())
    assert list(changes._last_s) == [NOI.user_id]
    now += 5
    assert changes.since_last_s(NOI) == 5
