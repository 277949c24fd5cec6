"""Windows on the shown branch: what they hold and say of the rest of it, whatever keeps the history."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from tests.histories import Stores
from tests.history_writes import UNKNOWN, new_user, update, whole_reply, whole_turn
from tests.people import as_person
from thai_chat.chat.changes import Changes
from thai_chat.chat.replies.runner import Replies
from thai_chat.chat.sessions import Sessions
from thai_chat.chat.windows import Window, Windows
from thai_chat.domain.errors import MessageOnOtherBranch, SessionNotFound
from thai_chat.domain.messages import Message
from thai_chat.domain.ports.conversation import Conversation
from thai_chat.domain.reads import ReadMessages, ReadSession, ReadWindow


async def nothing(*args: object, **kwargs: object) -> None:
    """Stand in for the price of a reply."""


def windows_of(conversation: Conversation) -> Windows:
    changes = Changes()
    replies = Replies(conversation, cost_of=nothing, changes=changes)
    return Windows(conversation, replies, Sessions(conversation, replies, {}, changes))


def place(window: Window) -> tuple[list[int], bool, bool]:
    return [message.message_order for message in window.messages], window.has_earlier, window.has_later


class Counting:
    """A conversation that counts how often it is asked, and the messages that it gives."""

    def __init__(self, history: Stores) -> None:
        self._history = history
        self.reads = 0
        self.messages = 0

    async def read(self, read: Any) -> Any:
        self.reads += 1
        found = await self._history.read(read)
        match read:
            case ReadMessages():
                self.messages += len(found)
            case ReadWindow():
                self.messages += len(found[1])
        return found


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_the_shape_a_window_says_what_is_on_either_side_of_it(
    history: Stores, user: str, seed: int
) -> None:
    chance = random.Random(seed)
    session_id, person, windows = uuid7(), as_person(user), windows_of(history.storage.conversation)
    turns = [await whole_turn(history, user, session_id)]
    for _ in range(12):
        match chance.choice(["on", "on", "edit", "first", "again"]):
            case "on":
                turns.append(await whole_turn(history, user, session_id))
            case "edit":
                above = chance.choice(turns).reply.message_id
                turns.append(await whole_turn(history, user, session_id, parent_id=above))
            case "first":
                turns.append(await whole_turn(history, user, session_id, is_first=True))
            case _:
                turns.append(await whole_reply(history, chance.choice(turns)))
    await history.write(update(turns[0], leaf_id=chance.choice(turns).reply.message_id))
    shown = await history.read(ReadMessages(session_id, user, limit=100))
    orders, last = orders_of(shown), max(message.message_order for turn in turns for message in (turn.reply,))

    for limit in (1, 2, 5, 100):
        assert place(await windows.window(session_id, person, limit=limit)) == expected(orders, orders[-limit:])
        for bound in range(last + 2):
            before = [order for order in orders if order < bound]
            found = await windows.window(session_id, person, limit=limit, before_order=bound)
            assert place(found) == expected(orders, before[-limit:], nothing_earlier=True)
            after = [order for order in orders if order > bound]
            found = await windows.window(session_id, person, limit=limit, after_order=bound)
            assert place(found) == expected(orders, after[:limit], nothing_earlier=False)
        for at, message in enumerate(shown):
            found = await windows.around(session_id, person, message.message_id, limit=limit)
            later = orders[at + 1 : at + 1 + limit // 2]
            assert place(found) == expected(orders, [*orders[: at + 1][-(limit - len(later)) :], *later])
    hidden = {message.message_id for turn in turns for message in (turn.question, turn.reply)} - ids_of(shown)
    for message_id in hidden:
        with pytest.raises(MessageOnOtherBranch):
            await windows.around(session_id, person, message_id)
    assert await history.read(ReadMessages(session_id, user, limit=100)) == shown


def expected(orders: list[int], found: list[int], *, nothing_earlier: bool = False) -> tuple[list[int], bool, bool]:
    if not found:
        return [], not nothing_earlier, nothing_earlier
    return found, found[0] != orders[0], found[-1] != orders[-1]


def orders_of(messages: Sequence[Message]) -> list[int]:
    return [message.message_order for message in messages]


def ids_of(messages: Sequence[Message]) -> set[UUID]:
    return {message.message_id for message in messages}


@pytest.mark.parametrize("bounds", [{}, {"before_order": 6}, {"after_order": 3}], ids=["last", "before", "after"])
async def test_a_session_is_read_with_its_messages_as_one_after_the_other(
    history: Stores, user: str, bounds: dict[str, int]
) -> None:
    turns = [await whole_turn(history, user)]
    session_id = turns[0].session.session_id
    turns += [await whole_turn(history, user, session_id) for _ in range(2)]
    turns.append(await whole_turn(history, user, session_id, parent_id=turns[0].reply.message_id))
    session, messages = await history.read(ReadWindow(session_id, user, limit=3, **bounds))  # type: ignore[arg-type]
    assert session == await history.read(ReadSession(session_id, user))
    assert messages == await history.read(ReadMessages(session_id, user, limit=3, **bounds))  # type: ignore[arg-type]
    with pytest.raises(SessionNotFound):
        await history.read(ReadWindow(session_id, new_user(), limit=3))
    with pytest.raises(UNKNOWN):
        await history.read(ReadWindow(uuid7(), user, limit=3))


@pytest.mark.parametrize("limit", [1, 6, 7])
async def test_a_window_is_read_by_few_reads_and_hardly_more_than_it_shows(
    history: Stores, user: str, limit: int
) -> None:
    turns = [await whole_turn(history, user)]
    session_id, person = turns[0].session.session_id, as_person(user)
    turns += [await whole_turn(history, user, session_id) for _ in range(9)]
    for bounds in ({}, {"before_order": 12}, {"after_order": 4}):
        asked = Counting(history)
        window = await windows_of(asked).window(session_id, person, limit=limit, **bounds)  # type: ignore[arg-type]
        assert (asked.reads, asked.messages, len(window.messages)) == (1, limit + 1, limit)
    asked = Counting(history)
    window = await windows_of(asked).around(session_id, person, turns[5].reply.message_id, limit=limit)  # type: ignore[arg-type]
    assert asked.reads <= 4
    assert (asked.messages, len(window.messages)) == (limit + 2, limit)


async def test_a_session_and_messages_of_somebody_else_are_not_there(history: Stores, user: str) -> None:
    turn = await whole_turn(history, user)
    windows, thief = windows_of(history.storage.conversation), as_person(new_user())
    with pytest.raises(UNKNOWN):
        await windows.window(turn.session.session_id, thief)
    with pytest.raises(UNKNOWN):
        await windows.around(turn.session.session_id, thief, turn.reply.message_id)
    with pytest.raises(UNKNOWN):
        await windows.around(uuid7(), as_person(user), turn.reply.message_id)
    with pytest.raises((SessionNotFound, *UNKNOWN)):
        await windows.window(uuid7(), as_person(user))
    assert (await history.read(ReadSession(turn.session.session_id, user))).message_count == 2
