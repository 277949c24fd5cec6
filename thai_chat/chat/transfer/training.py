"""The lines that models are fine-tuned with: conversations to imitate (SFT), and pairs of a better and a worse reply
(DPO)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice, product
from uuid import UUID

import orjson

from thai_chat.domain.events import FILTERED, LENGTH, TOO_LONG
from thai_chat.domain.facts import facts_of, rated
from thai_chat.domain.messages import Message, Role, Session, Status
from thai_chat.domain.transfer import KeptMessage

MEDIA_TYPE = "application/jsonl; charset=utf-8"
PAIRS_OF_A_QUESTION = 100
"""The most pairs that the ratings of one question's replies make."""
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


class SftWriter:
    """One line a session: `{"messages": [...]}` with the system prompt and every question of the shown branch that has
    a whole reply, up to the last reply that fits."""

    media_type = MEDIA_TYPE
    extension = "jsonl"
    shown_only = True
    with_deleted = False

    def __init__(self, wanted: Lessons = EVERYTHING) -> None:
        self._wanted = wanted
        self._said: list[Said] = []
        self._question: str | None = None
        self._fitting = 0
        """How many of what was said make the line."""

    def takes(self, session: Session) -> bool:
        return self._wanted.takes(session)

    @property
    def said(self) -> Sequence[Said]:
        """All that may stand in the line so far."""
        return self._said

    def begin(self) -> bytes:
        return b""

    def begin_session(self, session: Session) -> bytes:
        self._said = _system(session)
        self._question = None
        self._fitting = 0
        return b""

    def messages(self, messages: Sequence[KeptMessage]) -> bytes:
        for kept in messages:
            message = kept.message
            match message.role:
                case Role.USER:
                    self._question = message.content
                case Role.ASSISTANT if self._question is not None and self._wanted.may_stay(message):
                    self._said.append({"role": "user", "content": self._question})
                    self._said.append({"role": "assistant", "content": self._wanted.text_of(message)})
                    self._question = None
                    if self._wanted.fits(message):
                        self._fitting = len(self._said)
                case Role.SYSTEM if not self._said:
                    self._said.append({"role": "system", "content": message.content})
        return b""

    def end_session(self) -> Iterable[bytes]:
        return [_line({"messages": self._said[: self._fitting]})] if self._fitting else []

    def end(self) -> bytes:
        return b""


class DpoWriter:
    """One line a pair of replies to the same question: `{"prompt": [...], "chosen": [...], "rejected": [...]}`.

    A reply was chosen over another in a comparison, or rated up where the other was rated down.
    """

    media_type = MEDIA_TYPE
    extension = "jsonl"
    shown_only = False
    with_deleted = False

    def __init__(self, wanted: Lessons = EVERYTHING) -> None:
        self._wanted = wanted
        self._system: list[Said] = []
        self._messages: dict[UUID, Message] = {}

    def takes(self, session: Session) -> bool:
        return session.has_branches and self._wanted.takes(session)

    def begin(self) -> bytes:
        return b""

    def begin_session(self, session: Session) -> bytes:
        self._system = _system(session)
        self._messages = {}
        return b""

    def messages(self, messages: Sequence[KeptMessage]) -> bytes:
        self._messages.update((kept.message.message_id, kept.message) for kept in messages)
        return b""

    def end_session(self) -> Iterator[bytes]:
        """Yield the lines one by one: each has all that was said before it."""
        families: dict[UUID, list[Message]] = {}
        for message in self._messages.values():
            if message.role is Role.ASSISTANT and message.parent_id and is_whole(message):
                families.setdefault(message.parent_id, []).append(message)
        for question_id, replies in families.items():
            question = self._messages.get(question_id)
            pairs = _pairs(replies) if len(replies) > 1 and question and question.role is Role.USER else []
            fitting = [(chosen, rejected) for chosen, rejected in pairs if self._wanted.fits(chosen)]
            if not fitting or question is None:
                continue
            prompt = self._prompt(question)
            for chosen, rejected in fitting:
                yield _line({"prompt": prompt, "chosen": self._said(chosen), "rejected": self._said(rejected)})

    def end(self) -> bytes:
        return b""

    def _prompt(self, question: Message) -> list[Said]:
        """Return what stands before the replies to a question: whole turns, and the question."""
        line: list[Message] = []
        above = question.parent_id
        while above and (message := self._messages.get(above)):
            line.append(message)
            above = message.parent_id
        earlier = SftWriter(Lessons(with_reasoning=self._wanted.with_reasoning))
        earlier.messages([KeptMessage(message=message) for message in reversed(line)])
        return [*self._system, *earlier.said, {"role": "user", "content": question.content}]

    def _said(self, reply: Message) -> list[Said]:
        return [{"role": "assistant", "content": self._wanted.text_of(reply)}]


def is_whole(reply: Message) -> bool:
    """Tell whether a reply is neither stopped, broken off, nor cut at the model's limit or by a filter."""
    is_cut = facts_of(reply).finish_reason in _CUT
    return reply.status is Status.COMPLETE and not is_cut and bool(reply.content.strip())


def _pairs(replies: Sequence[Message]) -> list[tuple[Message, Message]]:
    """Return pairs of a better and a worse reply, each once; a choice counts more than ratings that say the reverse."""
    by_id = {reply.message_id: reply for reply in replies}
    found: dict[tuple[UUID, UUID], None] = {}
    for reply in replies:
        vote = facts_of(reply).vote
        for other_id in vote.over if vote else ():
            if other_id in by_id and other_id != reply.message_id:
                found[reply.message_id, other_id] = None
    up, down = ([reply.message_id for reply in replies if rated(reply) == value] for value in (1, -1))
    for better, worse in islice(product(up, down), PAIRS_OF_A_QUESTION):
        if (worse, better) not in found:
            found[better, worse] = None
    pairs = [(by_id[better], by_id[worse]) for better, worse in found]
    return [(better, worse) for better, worse in pairs if better.content != worse.content]


def _system(session: Session) -> list[Said]:
    prompt = session.options.get("system_prompt")
    return [{"role": "system", "content": prompt}] if isinstance(prompt, str) and prompt.strip() else []


def _line(example: dict[str, list[Said]]) -> bytes:
    line = orjson.dumps(example)
    for sign, escaped in _LINE_ENDS.items():
        line = line.replace(sign, escaped)
    return line + b"\n"
