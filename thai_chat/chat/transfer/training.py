"""The lines that models are fine-tuned with: conversations to imitate (SFT), and pairs of a better and a worse reply
(DPO)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice, product
from typing import NamedTuple
from uuid import UUID

import orjson

from thai_chat.domain.events import FILTERED, LENGTH, TOO_LONG
from thai_chat.domain.facts import facts_of, rated
from thai_chat.domain.messages import Message, Role, Session, Status
from thai_chat.domain.transfer import KeptMessage

MEDIA_TYPE = "application/jsonl; charset=utf-8"
PAIRS_OF_A_QUESTION = 100
"""The most pairs that the replies to one question make."""
LINES_BYTES = 50_000_000
"""About the most that the lines of one session have together."""
_FRAME_BYTES = 40
"""The bytes that a line has around each text."""
_CUT = (LENGTH, FILTERED, TOO_LONG)
"""The reasons for which a reply ended that its model did not end."""
# Lines end with \n alone; some readers take these for ends too.
_LINE_ENDS = {"\u2028".encode(): b"\\u2028", "\u2029".encode(): b"\\u2029", "\x85".encode(): b"\\u0085"}

Said = dict[str, str]


class Rated(StrEnum):
    """Which ratings a reply may have."""

    ANY = "any"
    NOT_DOWN = "not_down"
    UP = "up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """Which replies a model shall learn from; None lets all through."""

    rating: Rated = Rated.ANY
    backend: str | None = None
    model: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""
    tag: str | None = None
    folder: str | None = None
    with_reasoning: bool = False
    """The thinking of a model stands before what it said, between <think> and </think>."""

    def takes(self, session: Session) -> bool:
        return self.tag in (None, *session.tags) and self.folder in (None, session.folder)

    def fits(self, reply: Message) -> bool:
        return (
            is_whole(reply)
            and self.backend in (None, reply.backend)
            and self.model in (None, reply.model)
            and (self.since is None or reply.created_at >= self.since)
            and (self.until is None or reply.created_at < self.until)
            and self._is_rated_so(rated(reply))
        )

    def may_stay(self, reply: Message) -> bool:
        """Tell whether a reply may stand before one that fits."""
        return is_whole(reply) and (self.rating is Rated.ANY or rated(reply) != -1)

    def text_of(self, reply: Message) -> str:
        thought = facts_of(reply).reasoning if self.with_reasoning else None
        return f"<think>\n{thought.strip()}\n</think>\n\n{reply.content}" if thought else reply.content

    def _is_rated_so(self, value: int | None) -> bool:
        return self.rating is Rated.ANY or value == 1 or (self.rating is Rated.NOT_DOWN and value is None)


EVERYTHING = Lessons()


class _Down(NamedTuple):
    """The whole turns down to a message, as a list from its end, and the question that has no reply yet."""

    before: _Down | None = None
    turn: tuple[tuple[Role, str], ...] = ()
    """The texts that came after `before`."""
    size: int = 0
    """The bytes that all turns have in a line."""
    question: str | None = None

    def below(self, message: Message, wanted: Lessons) -> _Down:
        """Return the same down to a message that stands below. Nothing comes after more than LINES_BYTES."""
        if self.size > LINES_BYTES:
            return self
        match message.role:
            case Role.USER:
                return self._replace(question=message.content)
            case Role.ASSISTANT if self.question is not None and wanted.may_stay(message):
                return self._with((Role.USER, self.question), (Role.ASSISTANT, wanted.text_of(message)))
            case Role.SYSTEM if not self.turn:
                return self._with((Role.SYSTEM, message.content))._replace(question=self.question)
        return self

    def said(self) -> list[Said]:
        parts = []
        at: _Down | None = self
        while at:
            parts.append(at.turn)
            at = at.before
        return [_by(role, text) for turn in reversed(parts) for role, text in turn]

    def _with(self, *turn: tuple[Role, str]) -> _Down:
        return _Down(self, turn, self.size + _size(*(text for _, text in turn)))


class SftWriter:
    """One line a session: `{"messages": [...]}` with the system prompt and every question of the shown branch that has
    a whole reply, up to the last reply that fits and has at most LINES_BYTES down to it."""

    media_type = MEDIA_TYPE
    extension = "jsonl"
    shown_only = True
    with_deleted = False

    def __init__(self, wanted: Lessons = EVERYTHING, *, only_counts: bool = False) -> None:
        """Take `only_counts` for lines that are empty."""
        self._wanted = wanted
        self._only_counts = only_counts
        self._down = _Down()
        self._fitting: _Down | None = None
        """The end of the line, once one fits."""

    def takes(self, session: Session) -> bool:
        return self._wanted.takes(session)

    def begin(self) -> bytes:
        return b""

    def begin_session(self, session: Session) -> bytes:
        self._down = _top(session)
        self._fitting = None
        return b""

    def messages(self, messages: Sequence[KeptMessage]) -> bytes:
        for message in (kept.message for kept in messages):
            above, self._down = self._down, self._down.below(message, self._wanted)
            is_reply = message.role is Role.ASSISTANT and self._down is not above
            if is_reply and self._down.size <= LINES_BYTES and self._wanted.fits(message):
                self._fitting = self._down
        return b""

    def end_session(self) -> Iterator[bytes]:
        if self._fitting:
            yield b"\n" if self._only_counts else _line({"messages": self._fitting.said()})

    def end(self) -> bytes:
        return b""


class _Reply(NamedTuple):
    message: Message
    rating: int | None
    over: Sequence[UUID]
    """The replies that it was chosen over."""


class DpoWriter:
    """One line a pair of replies to the same question: `{"prompt": [...], "chosen": [...], "rejected": [...]}`.

    A reply was chosen over another in a comparison, or rated up where the other was rated down. Every line has all that
    was said before it: those of a session end before they have more than LINES_BYTES together.
    """

    media_type = MEDIA_TYPE
    extension = "jsonl"
    shown_only = False
    with_deleted = False

    def __init__(self, wanted: Lessons = EVERYTHING, *, only_counts: bool = False) -> None:
        """Take `only_counts` for lines that are empty."""
        self._wanted = wanted
        self._only_counts = only_counts
        self._context = Lessons(with_reasoning=wanted.with_reasoning)
        self._top = _Down()
        self._downs: dict[UUID, _Down] = {}
        self._questions: set[UUID] = set()
        self._replies: dict[UUID, list[_Reply]] = {}
        """The whole replies to each question."""

    def takes(self, session: Session) -> bool:
        return session.has_branches and self._wanted.takes(session)

    def begin(self) -> bytes:
        return b""

    def begin_session(self, session: Session) -> bytes:
        self._top = _top(session)
        self._downs, self._questions, self._replies = {}, set(), {}
        return b""

    def messages(self, messages: Sequence[KeptMessage]) -> bytes:
        for message in (kept.message for kept in messages):
            above = self._downs.get(message.parent_id, self._top) if message.parent_id else self._top
            self._downs[message.message_id] = above.below(message, self._context)
            if message.role is Role.USER:
                self._questions.add(message.message_id)
            elif message.role is Role.ASSISTANT and message.parent_id in self._questions and is_whole(message):
                vote = facts_of(message).vote
                reply = _Reply(message, rated(message), vote.over if vote else ())
                self._replies.setdefault(message.parent_id, []).append(reply)
        return b""

    def end_session(self) -> Iterator[bytes]:
        """Yield the lines one by one, and an empty piece after each question."""
        left = LINES_BYTES
        for question_id, replies in self._replies.items():
            if len(replies) < 2:
                continue
            down = self._downs[question_id]
            question = down.question or ""
            size = down.size + _size(question)
            for chosen, rejected in _pairs(replies):
                if not self._wanted.fits(chosen):
                    continue
                better, worse = self._wanted.text_of(chosen), self._wanted.text_of(rejected)
                left -= size + _size(better, worse)
                if left < 0:
                    return
                yield b"\n" if self._only_counts else _pair([*down.said(), _by(Role.USER, question)], better, worse)
            yield b""

    def end(self) -> bytes:
        return b""


def is_whole(reply: Message) -> bool:
    """Tell whether a reply is neither stopped, broken off, nor cut at the model's limit or by a filter."""
    is_cut = facts_of(reply).finish_reason in _CUT
    return reply.status is Status.COMPLETE and not is_cut and bool(reply.content.strip())


def _pairs(replies: Sequence[_Reply]) -> list[tuple[Message, Message]]:
    """Return pairs of a better and a worse reply, each once; a choice counts more than ratings that say the reverse."""
    by_id = {reply.message.message_id: reply.message for reply in replies}
    chosen = (
        (better_id, worse_id)
        for better_id, worse_id in (
            (reply.message.message_id, other_id) for reply in replies for other_id in reply.over
        )
        if worse_id in by_id and worse_id != better_id
    )
    found = dict.fromkeys(islice(chosen, PAIRS_OF_A_QUESTION))
    up, down = ([reply.message.message_id for reply in replies if reply.rating == value] for value in (1, -1))
    for better_id, worse_id in islice(product(up, down), PAIRS_OF_A_QUESTION):
        if len(found) < PAIRS_OF_A_QUESTION and (worse_id, better_id) not in found:
            found[better_id, worse_id] = None
    pairs = [(by_id[better_id], by_id[worse_id]) for better_id, worse_id in found]
    return [(better, worse) for better, worse in pairs if better.content != worse.content]


def _top(session: Session) -> _Down:
    """Return what stands above a session's first message."""
    prompt = session.options.get("system_prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        return _Down()
    return _Down(turn=((Role.SYSTEM, prompt),), size=_size(prompt))


def _by(role: Role, text: str) -> Said:
    return {"role": role.value, "content": text}


def _size(*texts: str) -> int:
    return sum(len(text.encode()) + _FRAME_BYTES for text in texts)


def _pair(prompt: list[Said], better: str, worse: str) -> bytes:
    replies = {"chosen": [_by(Role.ASSISTANT, better)], "rejected": [_by(Role.ASSISTANT, worse)]}
    return _line({"prompt": prompt, **replies})


def _line(example: dict[str, list[Said]]) -> bytes:
    line = orjson.dumps(example)
    for sign, escaped in _LINE_ENDS.items():
        line = line.replace(sign, escaped)
    return line + b"\n"
