"""Journals that are damaged, or closed, while another process's writes wait in them."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.history_writes import begin, finish, new_user
from tests.toy_upstreams import ToyUpstream
from thai_chat.domain.writes import SingleWrite
from thai_chat.history.outage import adopted
from thai_chat.history.outage.journal import Journal
from thai_chat.history.outage.outbox import Outbox
from thai_chat.history.outage.primary import Primary
from thai_chat.history.outage.records import encode
from thai_chat.history.outage.waiting import Batch

HEAD_BYTES = 32
WITHIN_S = 5.0


def turns(number: int) -> list[SingleWrite]:
    """Return two writes a turn."""
    return [write for turn in (begin(new_user()) for _ in range(number)) for write in (turn, finish(turn))]


def left_behind(folder: Path, writes: list[SingleWrite]) -> Path:
    """Leave a journal with the writes, as a dead process does, and return its path."""
    journal = Journal.create(folder / "journal")
    journal.append([encode(write) for write in writes])
    journal.close()
    return journal.path


def flip_last(path: Path) -> None:
    flip(path, path.stat().st_size - 3)


def flip_first(path: Path) -> None:
    flip(path, HEAD_BYTES + 20)


def flip_a_length(path: Path) -> None:
    flip(path, HEAD_BYTES + 3)


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ 0xFF]))


def cut_last(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 7)


def cut_in_a_length(path: Path) -> None:
    os.truncate(path, HEAD_BYTES + 3)


def cut_all(path: Path) -> None:
    os.truncate(path, 0)


@pytest.mark.parametrize(
    ("damage", "readable"),
    [(flip_last, 5), (flip_first, 0), (flip_a_length, 0), (cut_last, 5), (cut_in_a_length, 0), (cut_all, 0)],
)
async def test_what_is_damaged_between_adoption_and_replay_keeps_no_server_away(
    damage: Callable[[Path], None], readable: int, tmp_path: Path
) -> None:
    writes = turns(3)
    path = left_behind(tmp_path, writes)
    outbox, upstream = Outbox(tmp_path), ToyUpstream()
    await outbox.adopt()
    assert (outbox.waiting_writes, outbox.waiting_turns) == (6, 3)
    await asyncio.to_thread(damage, path)
    primary = Primary(outbox, upstream)
    async with asyncio.timeout(WITHIN_S):
        await primary.start()
    assert primary.serving is upstream
    assert upstream.applied == writes[:readable]
    assert (outbox.waiting_writes, outbox.waiting_turns) == (0, 0)
    assert [kept.suffix for kept in path.parent.iterdir()] == [".damaged"]
    await primary.close()
    await outbox.close()


async def test_the_journal_behind_a_damaged_one_is_stored(tmp_path: Path) -> None:
    kept = turns(1)
    path = left_behind(tmp_path, turns(1))
    left_behind(tmp_path, kept)
    outbox, upstream = Outbox(tmp_path), ToyUpstream()
    await outbox.adopt()
    await asyncio.to_thread(flip_first, path)
    primary = Primary(outbox, upstream)
    async with asyncio.timeout(WITHIN_S):
        await primary.start()
    assert upstream.applied == kept
    assert (outbox.waiting_writes, outbox.waiting_turns) == (0, 0)
    await primary.close()
    await outbox.close()


async def test_a_journal_is_not_closed_under_a_read_that_was_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = left_behind(tmp_path, turns(1))
    read, may_read, is_reading, found = adopted._read, threading.Event(), threading.Event(), list[Batch | None]()

    def read_slowly(journal: Journal, limit: int) -> Batch | None:
        is_reading.set()
        may_read.wait(WITHIN_S)
        found.append(read(journal, limit))
        return found[-1]

    monkeypatch.setattr(adopted, "_read", read_slowly)
    outbox = Outbox(tmp_path)
    await outbox.adopt()
    taking = asyncio.create_task(outbox.take(10))
    await asyncio.to_thread(is_reading.wait, WITHIN_S)
    taking.cancel()
    closing = [asyncio.create_task(outbox.close()) for _ in range(2)]
    await asyncio.sleep(0.05)
    may_read.set()
    await asyncio.gather(*closing)
    assert [batch.size for batch in found if batch] == [2]
    (left,) = Journal.adopt(path.parent)
    left.close()
