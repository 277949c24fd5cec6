"""The history in memory: what serves while PostgreSQL is away, and all there is when there is none."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from thai_chat.domain.errors import HistoryUnavailable, MessageNotFound, PresetNotFound, SessionNotFound
from thai_chat.domain.messages import (
    BeginReply,
    BeginTurn,
    Checkpoint,
    FinishReply,
    Labels,
    Message,
    Preset,
    PurgeSession,
    Role,
    Session,
    Status,
    Turn,
    UpdateSession,
)
from thai_chat.domain.ports.conversation import DatabaseState, HistoryState, Stored
from thai_chat.domain.reads import CURRENT_SESSIONS, SessionCursor, SessionFilter, Shelf
from thai_chat.domain.searching import NamePage, SearchPage, SearchQuery
from thai_chat.history.checks import check, check_preset, check_query, check_text
from thai_chat.history.memory import search as search_memory
from thai_chat.history.memory.held import HeldSession
from thai_chat.history.memory.listing import count_labels, is_listed, newness
from thai_chat.history.turns import finished, grown, new_reply, new_session, new_turn, updated

MAX_BYTES = 40_000_000


class MemoryHistory:
    """A `History` that forgets the sessions used longest ago when it holds more than it may.

    Of a session that was remembered in part it continues `message_order` from the session's `message_count`; of one it
    has never seen it starts at 1, and PostgreSQL numbers the messages when it gets them. Not safe across threads.
    """

    def __init__(
        self,
        *,
        max_bytes: int = MAX_BYTES,
        is_needed: Callable[[UUID], bool] = lambda session_id: False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """A session for which `is_needed`, or in which a reply grows, is never forgotten, whatever it takes."""
        self._sessions: OrderedDict[UUID, HeldSession] = OrderedDict()
        self._owners: dict[UUID, UUID] = {}
        self._presets: dict[UUID, Preset] = {}
        self._max_bytes = max_bytes
        self._size = 0
        self._is_needed = is_needed
        self._now = now

    async def begin_turn(self, write: BeginTurn, *, replay: bool = False) -> Turn:
        check(write)
        held = self._sessions.get(write.session_id)
        if held is None:
            if write.parent_id:
                raise MessageNotFound()
        else:
            if held.session.user_id != write.user_id:
                raise SessionNotFound()
            earlier = held.earlier(write)
            if earlier:
                return earlier
            held.require_room(replay=replay)
            if write.parent_id and write.parent_id not in held.messages and held.is_whole:
                raise MessageNotFound()
            self._settle(held)
        turn = new_turn(held.session if held else new_session(write), write)
        self.keep_turn(write, turn, alive_at=write.at if replay else self._now())
        return turn

    async def begin_reply(self, write: BeginReply, *, replay: bool = False) -> Turn:
        check(write)
        held = self._held(write.session_id, write.user_id)
        earlier = held.earlier(write)
        if earlier:
            return earlier
        held.require_room(replay=replay)
        question = held.require(write.question_id)
        if question.role is not Role.USER:
            raise MessageNotFound()
        self._settle(held)
        turn = new_reply(held.session, write, question)
        self.keep_turn(write, turn, alive_at=write.at if replay else self._now())
        return turn

    async def checkpoint(self, writes: Sequence[Checkpoint]) -> None:
        for write in writes:
            check(write)
            held = self._sessions.get(write.session_id)
            reply = held.messages.get(write.reply_id) if held else None
            if held and reply and reply.status is Status.STREAMING:
                held.alive_at[write.reply_id] = self._now()
                self._put(held, grown(reply, write))

    async def finish_reply(self, write: FinishReply) -> Message:
        check(write)
        held = self._sessions.get(write.session_id)
        if held is None or write.reply_id not in held.messages:
            raise MessageNotFound()
        reply = held.messages[write.reply_id]
        if write.reply_id in held.growing:
            held.growing.remove(write.reply_id)
            reply = finished(reply, write)
            self._put(held, reply)
        return reply

    async def update_session(self, write: UpdateSession) -> Session:
        check(write)
        held = self._held(write.session_id, write.user_id)
        leaf_id = held.newest_below(write.leaf_id) if write.leaf_id else None
        self._size += held.know(updated(held.session, write, leaf_id))
        self._forget()
        return held.session

    async def purge_session(self, write: PurgeSession) -> bool:
        check(write)
        held = self._sessions.get(write.session_id)
        if held is None or held.session.user_id != write.user_id:
            return False
        if write.only_trash and held.session.deleted_at is None:
            return False
        self._drop(held)
        return True

    async def session(self, session_id: UUID, user_id: str) -> Session:
        check_text(user_id)
        return self._held(session_id, user_id).session

    async def sessions(
        self,
        user_id: str,
        *,
        limit: int,
        before: SessionCursor | None = None,
        filter: SessionFilter = CURRENT_SESSIONS,
    ) -> Sequence[Session]:
        check_text(user_id, *filter.texts)
        mine = (held.session for held in self._sessions.values() if held.session.user_id == user_id)
        found = [session for session in mine if is_listed(session, filter, before)]
        return sorted(found, key=newness, reverse=True)[:limit]

    async def labels(self, user_id: str, *, shelf: Shelf = Shelf.CURRENT) -> Labels:
        """Of what is in memory."""
        check_text(user_id)
        mine = (held.session for held in self._sessions.values() if held.session.user_id == user_id)
        return count_labels(mine, shelf)

    async def messages(
        self,
        session_id: UUID,
        user_id: str,
        *,
        limit: int,
        before_order: int | None = None,
        after_order: int | None = None,
    ) -> Sequence[Message]:
        """Raises HistoryUnavailable when none of those asked for is known."""
        check_text(user_id)
        return self._held(session_id, user_id).window(limit=limit, before=before_order, after=after_order)

    async def siblings(
        self, session_id: UUID, user_id: str, message_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[UUID]]:
        """Those that are known."""
        check_text(user_id)
        return self._held(session_id, user_id).siblings(message_ids)

    async def message(self, message_id: UUID, user_id: str) -> Message:
        check_text(user_id)
        owner_id = self._owners.get(message_id)
        held = self._sessions.get(owner_id) if owner_id else None
        if held is None or held.session.user_id != user_id:
            raise MessageNotFound()
        return held.shown(held.messages[message_id])

    def stored(self) -> Stored:
        raise HistoryUnavailable("memory holds a part only")

    async def presets(self, user_id: str) -> Sequence[Preset]:
        check_text(user_id)
        usable = [preset for preset in self._presets.values() if preset.is_shared or preset.user_id == user_id]
        return sorted(usable, key=lambda preset: (preset.preset_name.lower(), preset.preset_id))

    async def save_preset(self, preset: Preset) -> Preset:
        check_preset(preset)
        earlier = self._presets.get(preset.preset_id)
        if earlier and earlier.user_id != preset.user_id:
            raise PresetNotFound
        if preset.is_default:
            for other in list(self._presets.values()):
                if (other.user_id, other.of) == (preset.user_id, preset.of):
                    self._presets[other.preset_id] = replace(other, is_default=False)
        self._presets[preset.preset_id] = preset
        return preset

    async def change_preset(self, preset_id: UUID, user_id: str, change: Callable[[Preset], Preset]) -> Preset:
        return await self.save_preset(change(self._preset(preset_id, user_id)))

    async def delete_preset(self, preset_id: UUID, user_id: str) -> None:
        del self._presets[self._preset(preset_id, user_id).preset_id]

    def _preset(self, preset_id: UUID, user_id: str) -> Preset:
        check_text(user_id)
        found = self._presets.get(preset_id)
        if found is None or found.user_id != user_id:
            raise PresetNotFound
        return found

    async def search(self, query: SearchQuery) -> SearchPage:
        """Over what is in memory."""
        check_query(query)
        held = [
            (one.session, one.shown(message)) for one in self._of(query.user_id) for message in one.messages.values()
        ]
        return await asyncio.to_thread(search_memory.find_messages, held, query)

    async def search_names(self, query: SearchQuery) -> NamePage:
        """Over what is in memory."""
        check_query(query)
        return await asyncio.to_thread(
            search_memory.find_names, [one.session for one in self._of(query.user_id)], query
        )

    def _of(self, user_id: str | None) -> Iterator[HeldSession]:
        return (held for held in self._sessions.values() if user_id in (None, held.session.user_id))

    async def state(self) -> HistoryState:
        return HistoryState(database=DatabaseState.MEMORY, journal=False)

    async def close(self) -> None:
        """There is nothing to close."""

    def holds(self, session_id: UUID) -> bool:
        return session_id in self._sessions

    def drop(self, session_id: UUID, user_id: str) -> None:
        """Forgets the user's session, which PostgreSQL does not have (any more), unless a reply grows in it."""
        held = self._sessions.get(session_id)
        if held and held.session.user_id == user_id and not held.growing:
            self._drop(held)

    def keep_turn(self, write: BeginTurn | BeginReply, turn: Turn, *, alive_at: datetime | None = None) -> None:
        """Holds a turn that a store has just begun."""
        held = self._remember(turn.session)
        if write.idempotency_key:
            owner = turn.question if isinstance(write, BeginTurn) else turn.reply
            held.keys.setdefault(write.idempotency_key, owner.message_id)
        if turn.reply.status is Status.STREAMING:
            held.alive_at[turn.reply.message_id] = alive_at or self._now()
            if not turn.repeated:
                held.growing.add(turn.reply.message_id)
        self._put(held, turn.question)
        self._put(held, turn.reply)

    def remember(self, session: Session, messages: Sequence[Message] = ()) -> None:
        """Holds what was read from PostgreSQL, which knows better than what was held before."""
        self._remember(session)
        self.remember_messages(session.session_id, messages)

    def remember_messages(self, session_id: UUID, messages: Sequence[Message]) -> None:
        """Like `remember`; without effect when the session is not held."""
        held = self._sessions.get(session_id)
        if held:
            for message in messages:
                if message.status is Status.STREAMING:
                    held.alive_at.setdefault(message.message_id, self._now())
                self._put(held, message)

    def keep_finished(self, reply: Message) -> None:
        """Holds the end of a reply that a store has just been given."""
        held = self._sessions.get(reply.session_id)
        if held:
            held.growing.discard(reply.message_id)
            self._put(held, reply)

    def _remember(self, session: Session) -> HeldSession:
        held = self._sessions.get(session.session_id)
        if held and held.session.user_id != session.user_id:
            # In an outage somebody took an id that was another's all along: nothing of the two may mix.
            self._drop(held)
            held = None
        if held is None:
            held = self._sessions[session.session_id] = HeldSession(session, self._now)
            self._size += held.size
        if session.message_count >= held.session.message_count:  # else it was read before the last turn began
            self._size += held.know(session)
        self._sessions.move_to_end(session.session_id)
        self._forget()
        return held

    def _put(self, held: HeldSession, message: Message) -> None:
        self._owners[message.message_id] = message.session_id
        self._size += held.put(message)
        self._forget()

    def _forget(self) -> None:
        if self._size <= self._max_bytes:
            return
        newest = next(reversed(self._sessions))
        for session_id, held in list(self._sessions.items()):
            if self._size <= self._max_bytes:
                return
            if held.growing or session_id == newest or self._is_needed(session_id):
                continue
            self._drop(held)

    def _drop(self, held: HeldSession) -> None:
        del self._sessions[held.session.session_id]
        self._size -= held.size
        for message_id in held.messages:
            del self._owners[message_id]

    def _held(self, session_id: UUID, user_id: str) -> HeldSession:
        held = self._sessions.get(session_id)
        if held is None or held.session.user_id != user_id:
            raise SessionNotFound()
        self._sessions.move_to_end(session_id)
        return held

    def _settle(self, held: HeldSession) -> None:
        """The newest reply, when its process is gone."""
        newest = held.newest
        if newest and newest.status is Status.STREAMING:
            self._put(held, replace(newest, status=Status.INTERRUPTED))
