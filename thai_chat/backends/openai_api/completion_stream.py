"""The content of the events of a streamed chat completion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thai_chat.backends.openai_api.event_stream import EventStream, reason_in, text_in
from thai_chat.backends.reasoning import ReasoningSplitter
from thai_chat.backends.wording import BROKEN_OFF
from thai_chat.domain.backend_errors import ReplyCut
from thai_chat.domain.events import ReasoningDelta, StreamEvent, Usage


class CompletionStream(EventStream):
    """A decoder of a chat completion, streamed or in one piece."""

    __slots__ = ("_heard", "_splitter", "_stops_on_words")

    def __init__(self, splitter: ReasoningSplitter | None = None) -> None:
        super().__init__()
        self._splitter = splitter or ReasoningSplitter()
        self._heard: list[str] = []
        """The pieces of the content, as they came."""
        self._stops_on_words = False
        """The server has a reason for the end beside words, maybe beside all of them: more may follow."""

    @property
    def has_ended(self) -> bool:
        return bool(self.finish_reason) and not self._stops_on_words

    def _words(self, text: str) -> list[StreamEvent]:
        return [*self._splitter.feed(text)] if text else []

    def _rest(self) -> list[StreamEvent]:
        return [*self._splitter.end(is_whole=self.finish_reason not in ("", "length"))]

    def _events(self, part: dict[str, Any]) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        choices = part.get("choices")
        if choices:
            choice = choices[0]
            reason = reason_in(choice.get("finish_reason"))
            events = self._said_in(choice, is_last=bool(reason))
            if events:
                self.finish_reason = ""  # what comes after an end takes it back
            if reason:
                self._stops_on_words = self._stops_on_words or bool(events)
                self.finish_reason = reason
                if reason in BROKEN_OFF:
                    self._break_off(ReplyCut("the server gave the reply up"))
        if usage := part.get("usage"):
            events.append(_usage_in(usage))
        return events

    def _said_in(self, choice: dict[str, Any], *, is_last: bool) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        delta = choice.get("delta")
        if not delta and not self._heard:
            delta = choice.get("message")  # of a stream it is the whole reply, once more
        if not delta:
            return events
        # vLLM renamed the field; both are on the way.
        if reasoning := _plain(delta.get("reasoning") or delta.get("reasoning_content")):
            events += self._reasoning_of(reasoning)
        # A refusal to answer takes the place of the content, and is what the model says.
        for kind, text in _parts(delta.get("content") or delta.get("refusal")):
            if kind == "thinking":
                events += self._reasoning_of(text)
            elif not (is_last and self._repeats(text)):
                self._heard.append(text)
                events += self._words(self._text(text))
        return events

    def _reasoning_of(self, text: str) -> list[StreamEvent]:
        self._splitter.stop_watching()
        text = self._reasoning(text)
        return [ReasoningDelta(text)] if text else []

    def _repeats(self, text: str) -> bool:
        """Tell whether the last chunk says all that was said in several before it."""
        return len(self._heard) > 1 and len(text) == sum(map(len, self._heard)) and text == "".join(self._heard)


def _parts(content: object) -> Iterator[tuple[str, str]]:
    """Yield what is text and what is reasoning in a content, which may be a list of parts. Raises TypeError."""
    if not content:
        return
    for part in content if isinstance(content, list) else (content,):
        if isinstance(part, dict):
            if thinking := _plain(part.get("thinking")):
                yield "thinking", thinking
            elif text := part.get("text"):
                yield "text", text_in(text)
        elif part:
            yield "text", text_in(part)


def _plain(reasoning: object) -> str:
    """Return the text of reasoning, in one piece or in parts. Raises TypeError."""
    return "".join(text for _, text in _parts(reasoning))


def _usage_in(usage: dict[str, Any]) -> Usage:
    details = usage.get("completion_tokens_details")
    thinking = details.get("reasoning_tokens") if details else None
    details = usage.get("prompt_tokens_details")
    cached = (details.get("cached_tokens") or None) if details else None
    return Usage(usage.get("prompt_tokens"), usage.get("completion_tokens"), thinking, cached)
