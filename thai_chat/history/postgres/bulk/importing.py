"""Stores what a person brings in, in one commit: whole sessions, what known ones lack, and presets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from thai_chat.domain.errors import HistoryRefused, ImportStopped
from thai_chat.domain.messages import Session
from thai_chat.domain.presets import Preset
from thai_chat.domain.transfer import Given, Imported, ImportedFrom, ImportedSession, KeptMessage, KeptSession
from thai_chat.history.postgres.bulk import extending, presets
from thai_chat.history.postgres.bulk.extending import Addition
from thai_chat.history.postgres.bulk.inserting import PART_CHARS, SESSION_COLUMNS, insert_messages, insert_sessions
from thai_chat.history.postgres.bulk.moving import WAYS, id_in, ids_of, moved
from thai_chat.history.postgres.sql.requests import servers_own

BATCH_MESSAGES = 1000
NEWEST_SESSIONS = 3
"""The sessions of a program that are told, for the person to go to."""
HELD_CHARS = 50_000_000
"""The most characters that are held back for sessions that are here already: their turns wait from when these are added
to the commit."""
# No webhook is told of what is imported.
_BEGIN = "BEGIN; SET LOCAL app.untold = 'on'"
_LOCK = 7_862_004
_PAUSE_S = 0.1

_OWNERS = "SELECT session_id, user_id FROM chat_sessions WHERE session_id = ANY (%s::uuid[])"
_TAKEN = """
SELECT session_id FROM chat_sessions WHERE session_id = ANY (%(ids)s::uuid[])
UNION ALL SELECT message_id FROM chat_messages WHERE message_id = ANY (%(ids)s::uuid[])
UNION ALL SELECT id FROM message_contexts WHERE id = ANY (%(ids)s::uuid[])"""


def store(
    connection: Connection,
    user_id: str,
    given: Given,
    *,
    told: Callable[[Imported], None],
    is_over: Callable[[], bool],
) -> Imported:
    """Store all that is given; see `Transfer.store`."""

    def require_wanted() -> None:
        if is_over():
            raise ImportStopped

    raw: Any = connection.connection
    with raw.cursor() as cursor:
        cursor.execute(_BEGIN)
        while not _locked(cursor):
            require_wanted()
            time.sleep(_PAUSE_S)
        work = _Store(cursor, user_id, require_wanted)
        for batch in _batches(given.sessions()):
            require_wanted()
            work.add(batch)
            told(work.imported)
        work.add_presets(given.presets())
        work.extend()
        require_wanted()
        cursor.execute("COMMIT")
        return work.imported


class _Store:
    """Adds sessions inside one transaction, which is the caller's."""

    def __init__(self, cursor: Any, user_id: str, wait: Callable[[], None]) -> None:
        self._cursor = cursor
        self._user_id = user_id
        self._wait = wait
        self._moved: dict[UUID, UUID] = {}
        """Sessions that got another id, by the one they had."""
        self._held: list[Addition] = []
        self._held_ids: set[UUID] = set()
        self._held_chars = 0
        self.imported = Imported()

    def add(self, batch: Sequence[KeptSession]) -> None:
        """Add sessions, of which none comes twice in the batch."""
        known, fresh = self._sorted(batch)
        if not self._held_ids.isdisjoint(kept.session.session_id for kept in known):
            self.extend()
        lacking = self._lacking(known)
        new = self._under_free_ids(fresh)
        insert_sessions(self._cursor, (self._session_row(kept.session) for kept in new))
        insert_messages(self._cursor, (pair for kept in new for pair in _with_parents(kept)))
        self._held += lacking
        self._held_ids.update(one.session_id for one in lacking)
        self._held_chars += sum(one.chars for one in lacking)
        if self._held_chars > HELD_CHARS:
            self.extend()
        added = sum(len(kept.messages) for kept in new) + sum(len(one.messages) for one in lacking)
        self.imported = replace(
            self.imported,
            sessions=self.imported.sessions + len(new),
            extended=self.imported.extended + len(lacking),
            skipped=self.imported.skipped + len(known) - len(lacking),
            messages=self.imported.messages + added,
            programs=self._programs(known, new, lacking),
        )

    def _programs(
        self, known: Sequence[KeptSession], new: Sequence[KeptSession], lacking: Sequence[Addition]
    ) -> Mapping[str, ImportedFrom]:
        programs = dict(self.imported.programs)
        additions = {one.session_id: len(one.messages) for one in lacking}
        for kept, is_new in (*((kept, False) for kept in known), *((kept, True) for kept in new)):
            found = programs.get(kept.program, ImportedFrom())
            added = len(kept.messages) if is_new else additions.get(kept.session.session_id, 0)
            programs[kept.program] = replace(
                found,
                sessions=found.sessions + is_new,
                extended=found.extended + (not is_new and added > 0),
                skipped=found.skipped + (not is_new and added == 0),
                messages=found.messages + added,
                newest=_newest(found.newest, kept.session) if is_new or added else found.newest,
            )
        return programs

    def add_presets(self, given: Iterable[Preset]) -> None:
        added = presets.add(self._cursor, self._user_id, given)
        former_defaults = sum(preset.is_default for preset in added)
        self.imported = replace(self.imported, presets=len(added), former_defaults=former_defaults)

    def extend(self) -> None:
        if self._held:
            extending.extend(self._cursor, self._held, wait=self._wait)
            self._held, self._held_ids, self._held_chars = [], set(), 0

    def _sorted(self, batch: Sequence[KeptSession]) -> tuple[list[KeptSession], list[KeptSession]]:
        """Return the sessions that this person has already, under the ids that they have here, and those that are
        new."""
        known: list[KeptSession] = []
        fresh: list[KeptSession] = []
        ids = {kept.session.session_id: self._ways(kept.session.session_id) for kept in batch}
        self._cursor.execute(_OWNERS, ([an_id for ways in ids.values() for an_id in ways],))
        owners = dict(self._cursor.fetchall())
        for kept in batch:
            ways = ids[kept.session.session_id]
            way = next((way for way, an_id in enumerate(ways) if owners.get(an_id) == self._user_id), None)
            if way is None:
                fresh.append(kept)
            else:
                self._moved[kept.session.session_id] = ways[way]
                known.append(moved(kept, way, self._user_id))
        return known, fresh

    def _ways(self, session_id: UUID) -> list[UUID]:
        return [id_in(way, session_id, self._user_id, session_id) for way in range(WAYS)]

    def _lacking(self, known: Sequence[KeptSession]) -> list[Addition]:
        sizes = extending.known_sizes(self._cursor, [kept.session.session_id for kept in known])
        found = (extending.addition(kept, sizes[kept.session.session_id]) for kept in known)
        return [one for one in found if one]

    def _under_free_ids(self, fresh: Sequence[KeptSession]) -> list[KeptSession]:
        """Return each session as it is, or under the first ids that nobody has. Raises HistoryRefused."""
        free: list[KeptSession] = []
        left = list(fresh)
        for way in range(WAYS):
            named = [moved(kept, way, self._user_id) for kept in left]
            taken = self._taken([an_id for kept in (*named, *free) for an_id in ids_of(kept)])
            taken.update(an_id for kept in free for an_id in ids_of(kept))
            colliding = []
            for original, kept in zip(left, named, strict=True):
                ids = set(ids_of(kept))
                if taken.isdisjoint(ids):
                    self._moved[original.session.session_id] = kept.session.session_id
                    free.append(kept)
                    taken |= ids
                else:
                    colliding.append(original)
            left = colliding
        if left:
            raise HistoryRefused("the ids of a session are taken")
        return free

    def _taken(self, ids: list[UUID]) -> set[UUID]:
        if not ids:
            return set()
        with servers_own(self._cursor):  # whoever has them
            self._cursor.execute(_TAKEN, {"ids": ids})
            return {row[0] for row in self._cursor.fetchall()}

    def _session_row(self, session: Session) -> Mapping[str, object]:
        row = {name: getattr(session, name) for name in SESSION_COLUMNS}
        source_id = session.branched_from_id
        moved_id = self._moved.get(source_id, source_id) if source_id else None
        return {**row, "user_id": self._user_id, "branched_from_id": moved_id}


def _newest(known: Sequence[ImportedSession], session: Session) -> Sequence[ImportedSession]:
    """Return the newest sessions with this one; sessions in the trash can't be gone to."""
    if session.deleted_at:
        return known
    one = ImportedSession(
        session_id=session.session_id, session_name=session.session_name, updated_at=session.updated_at
    )
    others = [other for other in known if other.session_id != one.session_id]
    return sorted([*others, one], key=lambda found: found.updated_at, reverse=True)[:NEWEST_SESSIONS]


def _with_parents(kept: KeptSession) -> Iterator[tuple[KeptMessage, int]]:
    orders = {item.message.message_id: item.message.message_order for item in kept.messages}
    for item in kept.messages:
        yield item, orders[item.message.parent_id] if item.message.parent_id else 0


def _batches(sessions: Iterable[KeptSession]) -> Iterator[list[KeptSession]]:
    """Yield the sessions in batches. A session that comes again begins another batch."""
    batch: dict[UUID, KeptSession] = {}
    count = chars = 0
    for kept in sessions:
        if kept.session.session_id in batch:
            yield list(batch.values())
            batch, count, chars = {}, 0, 0
        batch[kept.session.session_id] = kept
        count += len(kept.messages) + 1
        chars += sum(len(item.message.content) for item in kept.messages)
        if count >= BATCH_MESSAGES or chars >= PART_CHARS:
            yield list(batch.values())
            batch, count, chars = {}, 0, 0
    if batch:
        yield list(batch.values())


def _locked(cursor: Any) -> bool:
    """Tell whether no other import is under way, in whatever process: two of the same file would meet in the middle."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (_LOCK,))
    return bool(cursor.fetchone()[0])
