"""One growing reply, for who runs it: it takes in what a model sends, tells that in the log, knows what to store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from thai_chat.chat.replies.log import LocalReplyLog
from thai_chat.chat.text import storable
from thai_chat.chat.words import cut
from thai_chat.domain.events import (
    FILTERED,
    TOO_LONG,
    Answering,
    BecameReasoning,
    Finished,
    Notice,
    ReasoningDelta,
    RoutedEvent,
    TextDelta,
    Usage,
    WasReasoning,
)
from thai_chat.domain.fact_values import (
    Precision,
)
from thai_chat.domain.facts import (
    ReplyFacts,
    facts_of,
)
from thai_chat.domain.messages import Choice, Figures, Message, Turn
from thai_chat.domain.parts import Part, ReasoningPart, TextPart
from thai_chat.domain.writes import Checkpoint
from thai_chat.routing.pricing import Cost
from thai_chat.routing.tokens import estimate_tokens

REPLY_CHARS = 1_000_000
"""The most of a reply's text, what it began with included, and of its thinking: some 3 MB of Thai each. Models end at a
third of that at the latest; what goes beyond it goes on for ever."""
_CUT_WITHIN = 200
"""A cluster is shorter than that."""


class GrowingReply:
    """A reply as far as it is known. `log` tells it to those who follow."""

    def __init__(self, turn: Turn, log: LocalReplyLog) -> None:
        self.turn = turn
        self.log = log
        self.facts = ReplyFacts()
        """Replaced as more becomes known; `told` adds the reasoning."""
        self.first_token_ms: int | None = None
        self.usage = Usage(None, None)
        self.before: Sequence[Part] = ()
        """Calls of tools with their results, which stand before the words."""
        self.calls: Sequence[Part] = ()
        """Calls of tools, which stand behind them."""
        self.is_full = False
        """Nothing more is taken in: the reply is to be ended."""
        self.pieces = 0
        """Grows with every text and thought: tells whether there is something new to checkpoint."""
        self._thinking_since_ms: int | None = None
        """None while it does not think."""
        self._reasoned_before = facts_of(turn.reply).reasoning
        self._begin_with(turn.reply)

    def _begin_with(self, reply: Message) -> None:
        """Tell what the reply has already when it continues an earlier one: followers get it as its first words."""
        if self._reasoned_before is not None:
            self.log.append(ReasoningDelta(self._reasoned_before))
        if reply.content:
            self.log.append(TextDelta(reply.content))

    @property
    def choice(self) -> Choice:
        return self.log.choice

    @property
    def only_reasoned(self) -> bool:
        """There was thinking, and not a visible word."""
        return self.log.reasoning_chars > 0 and not self.log.text.strip()

    @property
    def _answered(self) -> str:
        """The text without what the reply began with."""
        return self.log.text.removeprefix(self.turn.reply.content)

    @property
    def _new_reasoning(self) -> str:
        return self.log.reasoning.removeprefix(self._reasoned_before or "")

    def receive(self, event: RoutedEvent) -> None:
        """Take in one event of the routed stream."""
        match event:
            case TextDelta(text):
                self._note_text(text)
                self.pieces += 1
                room = REPLY_CHARS - self.log.text_chars
                self.log.append(event if len(text) <= room else TextDelta(self._fill(text, room, "reply_too_long")))
            case ReasoningDelta(text):
                self._note_thinking()
                self.pieces += 1
                room = REPLY_CHARS - self.log.reasoning_chars
                fits = len(text) <= room
                self.log.append(event if fits else ReasoningDelta(self._fill(text, room, "thinking_too_long")))
            case WasReasoning(closing):
                self.pieces += 1
                self._thinking_since_ms = self.first_token_ms
                self._note_thought()
                self.log.append(BecameReasoning(self.log.reasoning + self.log.text.removesuffix(closing).rstrip()))
            case Usage():
                self.usage = _usage_that_can_be(event)
            case Notice():
                self._note_notice(event)
            case Answering():
                self._note_answering(event)
            case Finished(reason):
                self.facts = replace(self.facts, finish_reason=storable(reason))
                if reason == FILTERED:
                    self._note_notice(Notice("reply_broken_by_filter"))
            case _:
                assert_never(event)

    def told(self) -> ReplyFacts:
        """Return what is stored beside the text, as it is now."""
        return replace(self.facts, reasoning=self.log.reasoning) if self.log.reasoning_chars else self.facts

    def parts(self) -> Sequence[Part]:
        """Return the parts that are stored; a reply of words alone has none."""
        if not self.before and not self.calls:
            return ()
        thought = [ReasoningPart(self.log.reasoning)] if self.log.reasoning_chars else []
        said = [TextPart(self.log.text)] if self.log.text_chars else []
        return (*self.before, *thought, *said, *self.calls)

    def checkpoint(self, at: datetime) -> Checkpoint:
        """Return the text so far, and all else that would be missed if this were the last that is stored of it."""
        return Checkpoint(
            session_id=self.log.session_id,
            reply_id=self.log.reply_id,
            content=self.log.text,
            at=at,
            choice=self.choice,
            metadata=self.told().to_metadata(),
        )

    def figures(self) -> Figures:
        """Return what the server counted, else what the text is estimated at; the facts say which it is of each."""
        self._note_thought()
        usage, model = self.usage, self.choice.model
        said, thought = estimate_tokens(self._answered, model), estimate_tokens(self._new_reasoning, model)
        completion = said + thought if usage.completion_tokens is None else usage.completion_tokens
        prompt, used = usage.prompt_tokens, self.facts.context_used
        if prompt is None and self.first_token_ms is not None and used:
            prompt = used.tokens
        reasoning = usage.reasoning_tokens
        is_shared_out = reasoning is None and thought > 0
        if is_shared_out:
            reasoning = round(completion * thought / (said + thought))
        self.facts = replace(
            self.facts,
            tokens=_precision(usage.completion_tokens),
            prompt_tokens=None if prompt is None else _precision(usage.prompt_tokens),
            reasoning_tokens=Precision.ESTIMATED if is_shared_out else None,
            cached_tokens=usage.cached_tokens or None,
        )
        return Figures(
            prompt_tokens=prompt,
            completion_tokens=completion,
            reasoning_tokens=reasoning,
            first_token_ms=self.first_token_ms,
            latency_ms=self.log.elapsed_ms,
        )

    def note_cost(self, cost: Cost) -> None:
        """Keep the cost, as exact as the tokens are; baht only where a rate is set."""
        has_all = None not in (self.usage.prompt_tokens, self.usage.completion_tokens)
        self.facts = replace(
            self.facts,
            cost=Precision.EXACT if has_all else Precision.ESTIMATED,
            cost_thb=None if cost.thb is None else float(cost.thb),
        )

    def _fill(self, text: str, room: int, why: str) -> str:
        """Return what there is room for, in whole clusters. The reply ends with it."""
        self.is_full = True
        self.facts = replace(self.facts, finish_reason=TOO_LONG)
        self._note_notice(Notice(why, {"chars": f"{REPLY_CHARS:,}"}))
        begun = max(0, room - _CUT_WITHIN)
        return text[:begun] + cut(text[begun : begun + 2 * _CUT_WITHIN], room - begun) if room > 0 else ""

    def _note_answering(self, event: Answering) -> None:
        asked, answered_by = self.choice, event.choice
        self.facts = replace(self.facts, asked=asked, answered_by=answered_by, reason=event.reason)
        self.log.choice = answered_by
        self.usage = Usage(None, None)

    def _note_notice(self, event: Notice) -> None:
        """Tell a notice, and keep it with the reply unless it passes; each try at a reply may tell the same."""
        if not event.is_passing:
            told = self.facts.notices or ()
            if event in told:
                return
            self.facts = replace(self.facts, notices=(*told, event))
        self.log.append(event)

    def _note_first_token(self) -> None:
        if self.first_token_ms is None:
            self.first_token_ms = self.log.elapsed_ms

    def _note_text(self, text: str) -> None:
        self._note_first_token()
        if text.strip():
            self._note_thought()

    def _note_thinking(self) -> None:
        self._note_first_token()
        if self._thinking_since_ms is None:
            self._thinking_since_ms = self.log.elapsed_ms

    def _note_thought(self) -> None:
        """Count the time since it began to think, if it does."""
        if self._thinking_since_ms is not None:
            thought_ms = (self.facts.reasoning_ms or 0) + self.log.elapsed_ms - self._thinking_since_ms
            self.facts = replace(self.facts, reasoning_ms=thought_ms)
            self._thinking_since_ms = None


def _usage_that_can_be(usage: Usage) -> Usage:
    """Return the usage without what is no count or larger than the history's columns: it must not cost the reply."""
    counts = (usage.prompt_tokens, usage.completion_tokens, usage.reasoning_tokens, usage.cached_tokens)
    return Usage(*(count if type(count) is int and 0 <= count < 2**31 else None for count in counts))


def _precision(counted: int | None) -> Precision:
    return Precision.ESTIMATED if counted is None else Precision.EXACT
