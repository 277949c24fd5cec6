"""Answers to programs that are kept: the last question and the answer, as a turn of a session.

The session is a record. What a model sees is what the program sends, and nothing of the session.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from thai_chat.chat import titles
from thai_chat.chat.replies.growing import GrowingReply
from thai_chat.chat.replies.runner import Replies
from thai_chat.chat.tally import REASONING, Tally
from thai_chat.chat.text import checked_question, storable
from thai_chat.domain.errors import ThaiChatError
from thai_chat.domain.events import Answering, Finished, ReasoningDelta, RoutedEvent, TextDelta
from thai_chat.domain.fact_values import (
    ContextUsed,
)
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.messages import Choice, Turn
from thai_chat.domain.openai_errors import AnswerStopped
from thai_chat.domain.parts import MOST_PARTS, NAME_CHARS, Part, ToolCallPart, ToolResultPart
from thai_chat.domain.people import Person
from thai_chat.domain.ports.conversation import Conversation
from thai_chat.domain.ports.reply_log import ReplyLog
from thai_chat.domain.writes import BeginTurn

_MOST_CALLS = 200
_NUL = "\\u0000"
"""It stays an escape: no store keeps the character."""
_MOST_ARGUMENT_CHARS = 1_000_000
"""The characters of all arguments that are kept of an answer; of all arguments and results of the steps before it, too.
"""


class Recorder:
    """Begins the turns that are kept."""

    def __init__(self, conversation: Conversation, replies: Replies) -> None:
        self._conversation = conversation
        self._replies = replies

    async def begin(
        self, person: Person, session_id: UUID, choice: Choice, body: JsonObject, *, started_at_s: float
    ) -> KeptTurn:
        """Store the question. Raises what `BeginTurn` does, and EmptyQuestion and QuestionTooLong."""
        messages = _messages(body)
        text = checked_question(storable(_question(messages)))
        turn = await self._conversation.write(
            BeginTurn(
                session_id=session_id,
                user_id=person.user_id,
                session_name=titles.name_of(text),
                question_id=uuid7(),
                question=text,
                reply_id=uuid7(),
                choice=choice,
                at=datetime.now(UTC),
            )
        )
        return KeptTurn(turn, choice, _steps(messages), len(messages), self._replies, started_at_s=started_at_s)


@dataclass(slots=True)
class _Call:
    """A call of a tool, whose arguments come in pieces."""

    call_id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def part(self) -> ToolCallPart:
        text = storable("".join(self.arguments))
        try:
            value: JsonValue = text if _NUL in text else orjson.loads(text)
        except orjson.JSONDecodeError:
            value = text
        return ToolCallPart(call_id=_name(self.call_id), name=_name(self.name), arguments=value)


class _Calls:
    """The calls of tools of one message."""

    def __init__(self, room: int = _MOST_ARGUMENT_CHARS) -> None:
        self.room = room
        """The characters of arguments that are still kept."""
        self._calls: dict[int, _Call] = {}

    def take(self, calls: JsonValue) -> None:
        """Note calls, or the next pieces of them."""
        for at, call in enumerate(calls if isinstance(calls, list) else ()):
            if not isinstance(call, Mapping):
                continue
            index = call.get("index", at)
            if type(index) is not int or (index not in self._calls and len(self._calls) >= _MOST_CALLS):
                continue
            known = self._calls.setdefault(index, _Call())
            if isinstance(call_id := call.get("id"), str):
                known.call_id = known.call_id or call_id
            function = call.get("function")
            if not isinstance(function, Mapping):
                continue
            if isinstance(name := function.get("name"), str):
                known.name = known.name or name
            if isinstance(text := function.get("arguments"), str):
                if len(text) <= self.room:
                    known.arguments.append(text)
                self.room = max(0, self.room - len(text))

    def parts(self) -> Sequence[Part]:
        return [call.part() for call in self._calls.values()]


class KeptTurn:
    """A turn whose reply grows with what passes to the program."""

    def __init__(
        self,
        turn: Turn,
        asked: Choice,
        steps: Sequence[Part],
        sent: int,
        replies: Replies,
        *,
        started_at_s: float,
    ) -> None:
        self.session_id = turn.session.session_id
        self._turn = turn
        self._asked = asked
        self._steps = steps
        self._sent = sent
        self._replies = replies
        self._started_at_s = started_at_s
        self._events: asyncio.Queue[RoutedEvent | ThaiChatError | None] = asyncio.Queue()
        self._calls = _Calls()
        self._reason = "stop"
        self._reply: GrowingReply | None = None
        self._log: ReplyLog | None = None
        self._stopped: Callable[[], None] | None = None

    def start(self, stopped: Callable[[], None]) -> None:
        """Let the reply grow; `stopped` is called when somebody stops it."""
        self._stopped = stopped
        self._log = self._replies.run(self._turn, self._asked, self._source, started_at_s=self._started_at_s)

    def answering(self, choice: Choice) -> None:
        """Note who answers."""
        if choice != self._asked:
            self._events.put_nowait(Answering(choice))

    def take(self, passed: JsonObject) -> None:
        """Note one object of the answer."""
        for said in _said(passed):
            for name in REASONING:
                if isinstance(text := said.get(name), str) and text:
                    self._events.put_nowait(ReasoningDelta(text))
                    break
            if isinstance(text := said.get("content"), str) and text:
                self._events.put_nowait(TextDelta(text))
            if calls := said.get("tool_calls"):
                self._calls.take(calls)
            if isinstance(reason := said.get("finish_reason"), str):
                self._reason = reason

    async def end(self, failure: ThaiChatError | None, tally: Tally) -> None:
        """Store the end of the reply, and return when that is done."""
        if self._log is None:
            return
        if isinstance(failure, AnswerStopped):
            self._log.stop()
        elif failure:
            self._events.put_nowait(failure)
        else:
            if self._reply:
                self._note(self._reply, tally)
            if told := tally.told:
                self._events.put_nowait(told)
            self._events.put_nowait(Finished(self._reason))
            self._events.put_nowait(None)
        self._stopped = None
        await self._log.finished()

    async def _source(self, reply: GrowingReply) -> AsyncGenerator[RoutedEvent, None]:
        self._reply = reply
        try:
            while event := await self._events.get():
                if isinstance(event, ThaiChatError):
                    raise event
                yield event
        finally:
            if self._stopped:
                self._stopped()

    def _note(self, reply: GrowingReply, tally: Tally) -> None:
        used = ContextUsed(messages_sent=self._sent, messages_left_out=0)
        if tally.told is None or tally.told.prompt_tokens is None:
            used = replace(used, estimated_tokens=tally.prompt_tokens(self._asked.model))
        reply.facts = replace(reply.facts, context_used=used)
        reply.before = self._steps
        reply.calls = self._calls.parts()


def _said(passed: JsonObject) -> Iterator[JsonObject]:
    """Yield what the first choice says in an object of the answer, with its `finish_reason`."""
    choices = passed.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, Mapping) and choice.get("index", 0) == 0:
            said = choice.get("delta") or choice.get("message")
            said = said if isinstance(said, Mapping) else {}
            reason = choice.get("finish_reason")
            yield {**said, "finish_reason": reason} if reason else said


def _messages(body: JsonObject) -> Sequence[JsonObject]:
    messages = body.get("messages")
    return [one for one in messages if isinstance(one, Mapping)] if isinstance(messages, list) else []


def _question(messages: Sequence[JsonObject]) -> str:
    """Return the text of the last message of the user; what is no text is named by its type."""
    asked = next((one.get("content") for one in reversed(messages) if one.get("role") == "user"), None)
    return _text(asked)


def _text(content: JsonValue) -> str:
    if isinstance(content, str):
        return content
    said = []
    for part in content if isinstance(content, list) else ():
        if isinstance(part, Mapping):
            text = part.get("text")
            said.append(text if isinstance(text, str) else f"[{str(part.get('type'))[:40]}]")
    return "\n".join(said)


def _steps(messages: Sequence[JsonObject]) -> Sequence[Part]:
    """Return the calls of tools and their results that the program sends after the last question."""
    steps: list[Part] = []
    room = _MOST_ARGUMENT_CHARS
    for message in messages:
        role = message.get("role")
        if role == "user":
            steps.clear()
            room = _MOST_ARGUMENT_CHARS
        elif len(steps) >= MOST_PARTS // 2:
            continue
        elif role == "assistant":
            calls = _Calls(room)
            calls.take(message.get("tool_calls"))
            steps += calls.parts()
            room = calls.room
        elif role == "tool":
            text = storable(_text(message.get("content"))[:room])
            room -= len(text)
            steps.append(ToolResultPart(call_id=_name(str(message.get("tool_call_id", ""))), text=text))
    return steps


def _name(text: str) -> str:
    return storable(text)[:NAME_CHARS]
