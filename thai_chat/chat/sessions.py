"""A person's sessions: the list, their names and labels, the trash, and which branch of them is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from thai_chat.chat.bounds import bounded_metadata
from thai_chat.chat.changes import Change, ChangeKind, Changes
from thai_chat.chat.names import short_name, tidy
from thai_chat.chat.options import checked
from thai_chat.chat.replies.runner import Replies
from thai_chat.chat.text import require_storable
from thai_chat.domain.addition_errors import BadDepartment
from thai_chat.domain.contexts import METADATA_BYTES
from thai_chat.domain.errors import BadInput, BadLabel, EmptyName, NewerMessages, ReplyRunning
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.labels import Labels
from thai_chat.domain.merging import KEPT_BY_US
from thai_chat.domain.messages import DEPT_CHARS, LABEL_CHARS, MOST_TAGS, Choice, Message, Session
from thai_chat.domain.options import Options
from thai_chat.domain.people import Person
from thai_chat.domain.ports.conversation import Conversation
from thai_chat.domain.ports.reply_log import ReplyLog
from thai_chat.domain.reads import (
    CURRENT_SESSIONS,
    ReadLabels,
    ReadSession,
    ReadSessionCount,
    ReadSessions,
    ReadVersions,
    SessionCursor,
    SessionFilter,
    SessionOrder,
    Shelf,
)
from thai_chat.domain.versions import require_version
from thai_chat.domain.writes import LeaveSession, PurgeSession, ResetSession, UpdateSession

PURGED_AT_ONCE = 100
_DEPT = "dept_id"
_RESETS = 5
"""So often a reset is tried when the session changes at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChange:
    """The changes of a session; None leaves a thing as it is."""

    session_name: str | None = None
    choice: Choice | None = None
    pinned: bool | None = None
    archived: bool | None = None
    deleted: bool | None = None
    """True puts the session into the trash and stops a reply that runs in it; False takes it out as it was."""
    shown_message_id: UUID | None = None
    """The branch through it is shown from now on."""
    tags: Sequence[str] | None = None
    folder: str | None = None
    """Empty takes the session out of its folder."""
    dept_id: str | None = None
    """Empty takes the session out of its department."""
    metadata: JsonObject | None = None
    """Merged by name into what programs keep with the session; null takes a name away."""
    options: JsonObject | None = None
    """The options that the session gives its models from now on; an empty object leaves them to themselves."""


class Sessions:
    """Finds nothing that belongs to somebody else."""

    def __init__(self, conversation: Conversation, replies: Replies, options: Options, changes: Changes) -> None:
        """Take the storage, the replies, the options that some backend passes on to its servers, and who is told."""
        self._options = options
        self._conversation = conversation
        self._replies = replies
        self._changes = changes

    async def get(self, session_id: UUID, person: Person) -> Session:
        return await self._conversation.read(ReadSession(session_id, person.user_id))

    async def leave(self, session_id: UUID, person: Person) -> None:
        """Say that a page with a temporary session was closed. Safe to call for any session, and for none."""
        await self._conversation.write(LeaveSession(session_id=session_id, user_id=person.user_id))

    async def page(
        self,
        person: Person,
        *,
        limit: int,
        before: SessionCursor | None = None,
        offset: int = 0,
        order: SessionOrder = SessionOrder.UPDATED,
        filter: SessionFilter = CURRENT_SESSIONS,
    ) -> Sequence[Session]:
        """Return the sessions that `filter` lets through, newest first."""
        for text in filter.texts:
            require_storable(text)
        wanted = ReadSessions(person.user_id, limit=limit, before=before, offset=offset, order=order, filter=filter)
        return await self._conversation.read(wanted)

    async def count(self, person: Person, filter: SessionFilter = CURRENT_SESSIONS) -> int:
        """Return how many sessions `filter` lets through."""
        for text in filter.texts:
            require_storable(text)
        return await self._conversation.read(ReadSessionCount(person.user_id, filter=filter))

    async def labels(self, person: Person, *, shelf: Shelf = Shelf.CURRENT) -> Labels:
        """Return the folders and tags that are in use on the shelf."""
        return await self._conversation.read(ReadLabels(person.user_id, shelf=shelf))

    async def last(self, person: Person) -> Session | None:
        newest = await self._conversation.read(ReadSessions(person.user_id, limit=1))
        return newest[0] if newest else None

    def running(self) -> set[UUID]:
        """Return the sessions with a reply that still grows."""
        return self._replies.sessions()

    async def change(
        self, session_id: UUID, person: Person, change: SessionChange, *, expected: Collection[str] | None = None
    ) -> Session:
        """Make all of the change or nothing, and only where the session has one of the expected versions, if any is.

        Raises EmptyName, BadLabel, BadOption, ChangedMeanwhile, as `show_branch` does, and as `of_session` does.
        """
        running = self._running_in(session_id, person)
        if change.shown_message_id and running:
            raise ReplyRunning
        metadata, dept_id = of_session(change.metadata or {}, change.dept_id)
        changed = await self._conversation.write(
            UpdateSession(
                session_id=session_id,
                user_id=person.user_id,
                at=datetime.now(UTC),
                session_name=None if change.session_name is None else _name(change.session_name),
                choice=change.choice,
                pinned=change.pinned,
                archived=change.archived,
                deleted=change.deleted,
                leaf_id=change.shown_message_id,
                tags=None if change.tags is None else _tags(change.tags),
                folder=None if change.folder is None else _label(change.folder),
                dept_id=dept_id,
                metadata=metadata or None,
                metadata_bytes=METADATA_BYTES if metadata else None,
                options=None if change.options is None else checked(change.options, self._options),
                expected=expected,
            )
        )
        if change.deleted:
            for live in running:
                live.stop()
        self._tell(ChangeKind.CHANGED, session_id, person)
        return changed

    async def reset(self, session_id: UUID, person: Person) -> Session:
        """Begin a session anew: nothing that was said is shown or sent to a model any more. It stays as a branch, which
        `show_branch` brings back.

        Raises ReplyRunning while a reply grows.
        """
        if self._running_in(session_id, person):
            raise ReplyRunning
        for _ in range(_RESETS):
            session = await self.get(session_id, person)
            if session.leaf_id is not None:
                session = await self._conversation.write(
                    ResetSession(
                        session_id=session_id, user_id=person.user_id, leaf_id=session.leaf_id, at=datetime.now(UTC)
                    )
                )
            if session.leaf_id is None:
                self._replies.forget(session_id)
                self._tell(ChangeKind.CHANGED, session_id, person)
                return session
        raise NewerMessages

    async def trash(self, session_id: UUID, person: Person, *, expected: Collection[str] | None = None) -> Session:
        """Put a session into the trash, from where `restore` takes it back as it was. A reply that runs in it is
        stopped. Raises ChangedMeanwhile."""
        return await self.change(session_id, person, SessionChange(deleted=True), expected=expected)

    async def restore(self, session_id: UUID, person: Person) -> Session:
        return await self.change(session_id, person, SessionChange(deleted=False))

    async def purge(self, session_id: UUID, person: Person, *, expected: Collection[str] | None = None) -> None:
        """Delete a session for good, with all that was said in it. Safe to call twice where no version is expected.

        Raises ChangedMeanwhile, and then SessionNotFound too.
        """
        if expected is not None:  # before its replies are stopped; the write looks once more
            require_version(await self.get(session_id, person), expected)
        own = [live for live in self._replies.all_of(session_id) if live.user_id == person.user_id]
        for live in own:
            live.stop()
        for live in own:
            await live.finished()
        write = PurgeSession(session_id=session_id, user_id=person.user_id, at=datetime.now(UTC), expected=expected)
        await self._conversation.write(write)
        self._tell(ChangeKind.DELETED, session_id, person)
        if own:
            self._replies.forget(session_id)

    async def empty_trash(self, person: Person) -> None:
        """Delete for good all that is in the trash now. Safe to call twice."""
        cursor: SessionCursor | None = None
        trash = SessionFilter(shelf=Shelf.TRASH)
        while found := await self._conversation.read(
            ReadSessions(person.user_id, limit=PURGED_AT_ONCE, before=cursor, filter=trash)
        ):
            for session in found:
                await self._purge_from_trash(session.session_id, person)
            cursor = SessionCursor(at=found[-1].updated_at, session_id=found[-1].session_id)

    async def _purge_from_trash(self, session_id: UUID, person: Person) -> None:
        """Delete a session for good, unless it was taken out of the trash since it was listed."""
        for live in self._running_in(session_id, person):
            if live.is_ending:
                await live.finished()
        write = PurgeSession(session_id=session_id, user_id=person.user_id, at=datetime.now(UTC), only_trash=True)
        if await self._conversation.write(write):
            self._replies.forget(session_id)
            self._tell(ChangeKind.DELETED, session_id, person)

    async def show_branch(self, session_id: UUID, person: Person, message_id: UUID) -> Session:
        """Show the branch through the message. Raises MessageNotFound, and ReplyRunning while a reply grows here."""
        return await self.change(session_id, person, SessionChange(shown_message_id=message_id))

    async def versions(self, session: Session, messages: Sequence[Message]) -> Mapping[UUID, Sequence[UUID]]:
        """Return all versions, oldest first, of each of the messages that has others."""
        if not (session.has_branches and messages):
            return {}
        ids = [message.message_id for message in messages]
        return await self._conversation.read(ReadVersions(session.session_id, session.user_id, ids))

    def _tell(self, kind: ChangeKind, session_id: UUID, person: Person) -> None:
        self._changes.tell(person.user_id, Change(kind, session_id))

    def _running_in(self, session_id: UUID, person: Person) -> Sequence[ReplyLog]:
        found = self._replies.all_of(session_id)
        return [live for live in found if live.user_id == person.user_id and live.result is None]


def _name(name: str) -> str:
    shown = short_name(name)
    if not shown:
        raise EmptyName
    return shown


def _tags(tags: Sequence[str]) -> Sequence[str]:
    found = tuple(dict.fromkeys(label for tag in tags if (label := _label(tag))))
    if len(found) > MOST_TAGS:
        raise BadLabel(chars=LABEL_CHARS, count=MOST_TAGS)
    return found


def of_session(metadata: JsonObject, dept_id: str | None) -> tuple[JsonObject, str | None]:
    """Return a session's metadata without the department, and the department, which may stand in either place: empty
    takes the session out of its department, None leaves it as it is.

    Raises BadDepartment, MetadataTooLarge, ReservedMetadata, UnreadableText, and BadInput for two departments.
    """
    own = dict(metadata)
    if _DEPT in own:
        given = own.pop(_DEPT)
        if given is not None and not isinstance(given, str):
            raise BadDepartment(limit=DEPT_CHARS)
        if dept_id is not None and _dept(dept_id) != _dept(given or ""):
            raise BadInput(fields=f"{_DEPT}, metadata.{_DEPT}")
        dept_id = given or ""
    return bounded_metadata(own, reserved=KEPT_BY_US), None if dept_id is None else _dept(dept_id)


def _dept(dept_id: str) -> str:
    shown = tidy(dept_id)
    require_storable(shown)
    if len(shown) > DEPT_CHARS:
        raise BadDepartment(limit=DEPT_CHARS)
    return shown


def _label(label: str) -> str:
    shown = tidy(label)
    if len(shown) > LABEL_CHARS:
        raise BadLabel(chars=LABEL_CHARS, count=MOST_TAGS)
    return shown
