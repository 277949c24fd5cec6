"""Streams sessions out of the history in a format: some hundred messages are in memory at a time, in files for
fine-tuning the messages of one session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import orjson

from thai_chat.chat.transfer.objects import message_object, preset_object, session_object
from thai_chat.chat.transfer.own import FORMAT, VERSION
from thai_chat.domain.messages import Session
from thai_chat.domain.ports.transfer import Transfer
from thai_chat.domain.presets import Preset
from thai_chat.domain.transfer import KeptMessage

PAGE_SESSIONS = 200
PAGE_MESSAGES = 400
PIECE_BYTES = 1_000_000


class Format(StrEnum):
    JSON = "json"
    MARKDOWN = "md"
    CSV = "csv"
    TRAINING = "jsonl"
    """The same as SFT, under its first name."""
    SFT = "sft"
    DPO = "dpo"


OF_TRAINING = (Format.TRAINING, Format.SFT, Format.DPO)
"""The formats that a model is fine-tuned with."""


class Writer(Protocol):
    """A format. Its methods are called in the order of the file; what they return is the file."""

    @property
    def media_type(self) -> str: ...

    @property
    def extension(self) -> str: ...

    @property
    def shown_only(self) -> bool:
        """True for the branch that is shown, False for all there is."""

    @property
    def with_deleted(self) -> bool:
        """True to be given deleted messages too; else what stands below one stands below what is above it."""

    def takes(self, session: Session) -> bool:
        """Tell whether anything of the session may stand in the file, before its messages are read."""

    def begin(self) -> bytes: ...

    def begin_session(self, session: Session) -> bytes: ...

    def messages(self, messages: Sequence[KeptMessage]) -> bytes:
        """Return the messages as they stand in the file, oldest first. Called any number of times for a session."""

    def end_session(self) -> Iterable[bytes]:
        """Return the rest of the session, in pieces that are taken one by one."""

    def end(self) -> bytes: ...


class OwnWriter:
    """Our own format: one message a line, so that a line's number leads to it.

    Deleted messages are only in a file that holds everything a person has.
    """

    media_type = "application/json; charset=utf-8"
    extension = "json"
    shown_only = False
    with_deleted = True

    def __init__(self, presets: Sequence[Preset] | None = None) -> None:
        """Take the presets of a file that holds everything a person has; None says nothing of them."""
        self._presets = presets
        self._deleted = _Deleted() if presets is None else None
        self._leaf_id: UUID | None = None
        self._is_first_session = True
        self._is_first_message = True

    def takes(self, session: Session) -> bool:
        return True

    def begin(self) -> bytes:
        head = orjson.dumps({"format": FORMAT, "version": VERSION, "exported_at": datetime.now(UTC)})[:-1]
        if self._presets is not None:
            head += b',"presets":[\n' + b",\n".join(orjson.dumps(preset_object(one)) for one in self._presets) + b"\n]"
        return head + b',"sessions":[\n'

    def begin_session(self, session: Session) -> bytes:
        between = b"" if self._is_first_session else b",\n"
        self._is_first_session, self._is_first_message = False, True
        head = session_object(session)
        if self._deleted:
            self._deleted, self._leaf_id = _Deleted(), session.leaf_id
            del head["leaf_id"]  # it may be deleted, which is known when all messages are
        return between + orjson.dumps(head)[:-1] + b',"messages":[\n'

    def messages(self, messages: Sequence[KeptMessage]) -> bytes:
        if self._deleted:
            messages = self._deleted.without(messages)
        if not messages:
            return b""
        between = b"" if self._is_first_message else b",\n"
        self._is_first_message = False
        return between + b",\n".join(orjson.dumps(message_object(kept)) for kept in messages)

    def end_session(self) -> Iterable[bytes]:
        if self._deleted:
            return (b'\n],"leaf_id":' + orjson.dumps(self._deleted.left_of(self._leaf_id)) + b"}",)
        return (b"\n]}",)

    def end(self) -> bytes:
        return b"\n]}\n"


async def export(
    transfer: Transfer, writer: Writer, user_id: str, session_ids: Sequence[UUID]
) -> AsyncGenerator[bytes]:
    """Yield the file in pieces. A session that is deleted meanwhile is left out; what is said meanwhile is not in
    it."""
    yield writer.begin()
    for start in range(0, len(session_ids), PAGE_SESSIONS):
        page = session_ids[start : start + PAGE_SESSIONS]
        read = await transfer.sessions(user_id, page)
        found = {session.session_id: session for session in read if writer.takes(session)}
        for group in _groups(found[session_id] for session_id in page if session_id in found):
            part = _long(transfer, writer, user_id, group[0]) if len(group) == 1 else None
            async for piece in part or _short(transfer, writer, user_id, group):
                yield piece
    yield writer.end()


async def _short(transfer: Transfer, writer: Writer, user_id: str, group: Sequence[Session]) -> AsyncIterator[bytes]:
    """Yield the file's part of sessions whose messages are read at once."""
    of_session: dict[UUID, list[KeptMessage]] = {session.session_id: [] for session in group}
    for kept in await transfer.messages(user_id, list(of_session), limit=None):
        of_session[kept.message.session_id].append(kept)
    pieces: list[bytes] = []
    size = 0
    for session in group:
        messages = _as_counted(session, of_session[session.session_id])
        if writer.shown_only:
            messages = _shown(session, messages)
        messages = _Deleted().without(messages) if not writer.with_deleted else messages
        pieces += [writer.begin_session(session), writer.messages(messages)]
        size += len(pieces[-2]) + len(pieces[-1])
        async for piece in _rest(writer):
            pieces.append(piece)
            size += len(piece)
            if size > PIECE_BYTES:
                yield b"".join(pieces)
                pieces.clear()
                size = 0
    yield b"".join(pieces)


async def _long(transfer: Transfer, writer: Writer, user_id: str, session: Session) -> AsyncIterator[bytes]:
    """Yield the file's part of one session, page by page."""
    shown: Sequence[tuple[int, int]] = [(1, session.message_count)]
    if writer.shown_only:
        shown = await transfer.shown_ranges(user_id, session.session_id)
    yield writer.begin_session(session)
    order, deleted = 0, _Deleted()
    while page := await transfer.messages(user_id, [session.session_id], limit=PAGE_MESSAGES, after_order=order):
        order = page[-1].message.message_order
        counted = [kept for kept in _as_counted(session, page) if _is_within(kept.message.message_order, shown)]
        yield writer.messages(counted if writer.with_deleted else deleted.without(counted))
        if len(page) < PAGE_MESSAGES or order >= session.message_count:
            break
    async for piece in _rest(writer):
        yield piece


async def _rest(writer: Writer) -> AsyncIterator[bytes]:
    """Yield the rest of a session; everybody else has a turn between its pieces."""
    for piece in writer.end_session():
        yield piece
        await asyncio.sleep(0)


class _Deleted:
    """Leaves deleted messages out of a session's messages, which come in the order of their arrival."""

    def __init__(self) -> None:
        self._above: dict[UUID, UUID | None] = {}
        """The parent of each message that was deleted."""

    def without(self, messages: Sequence[KeptMessage]) -> list[KeptMessage]:
        """Return those that are not deleted, each below what is still above it."""
        left = []
        for kept in messages:
            message = kept.message
            parent_id = self.left_of(message.parent_id)
            if message.deleted_at is not None:
                self._above[message.message_id] = parent_id
            elif parent_id == message.parent_id:
                left.append(kept)
            else:
                left.append(replace(kept, message=replace(message, parent_id=parent_id)))
        return left

    def left_of(self, message_id: UUID | None) -> UUID | None:
        """Return the message, or what is still above it where it was deleted."""
        return self._above.get(message_id, message_id) if message_id else None


def _is_within(order: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(first <= order <= last for first, last in ranges)


def _as_counted(session: Session, messages: Sequence[KeptMessage]) -> list[KeptMessage]:
    """Return the messages without those that came after the session was read: its leaf is from then."""
    return [kept for kept in messages if kept.message.message_order <= session.message_count]


def _shown(session: Session, messages: Sequence[KeptMessage]) -> list[KeptMessage]:
    by_id = {kept.message.message_id: kept for kept in messages}
    shown = []
    message_id = session.leaf_id
    while message_id and (kept := by_id.get(message_id)):
        shown.append(kept)
        message_id = kept.message.parent_id
    return shown[::-1]


def _groups(sessions: Iterable[Session]) -> Iterator[list[Session]]:
    """Yield groups of sessions that together have at most PAGE_MESSAGES; a session that has more is alone."""
    group: list[Session] = []
    count = 0
    for session in sessions:
        if group and count + session.message_count > PAGE_MESSAGES:
            yield group
            group, count = [], 0
        group.append(session)
        count += session.message_count
    if group:
        yield group
