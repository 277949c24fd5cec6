"""What is inside the events of a streamed chat completion."""

from __future__ import annotations

from typing import Any

from thai_chat.backends.bounds import REASON_CHARS
from thai_chat.backends.event_stream import EventStream, text_in
from thai_chat.backends.thinking import ThinkingSplitter
from thai_chat.domain.errors import ReplyCut
from thai_chat.domain.events import Reasoning, StreamEvent, Usage
from thai_chat.routing.quirks import BROKEN_OFF


class CompletionStream(EventStream):
    """Also reads a completion that came in one piece."""

    __slots__ = ("_splitter",)

    def __init__(self, splitter: ThinkingSplitter | None = None) -> None:
        super().__init__()
        self._splitter = splitter or ThinkingSplitter()

    def _rest(self) -> list[StreamEvent]:
        return [*self._splitter.end(is_whole=self.finish_reason not in ("", "length"))]

    def _events(self, part: dict[str, Any]) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        choices = part.get("choices")
        if choices:
            choice = choices[0]
            delta = choice.get("delta") or choice.get("message")
            if delta:
                # vLLM renamed the field; both are on the way.
                if thought := delta.get("reasoning") or delta.get("reasoning_content"):
                    events.append(Reasoning(text_in(thought)))
                    self._splitter.stop_watching()
                # A refusal to answer takes the place of the content, and is what the model says.
                if content := delta.get("content") or delta.get("refusal"):
                    events += self._splitter.feed(text_in(content))
            if reason := choice.get("finish_reason"):
                self.finish_reason = text_in(reason)[:REASON_CHARS]
                if reason in BROKEN_OFF:
                    self._break_off(ReplyCut("the server gave the reply up"))
        if usage := part.get("usage"):
            details = usage.get("completion_tokens_details")
            thinking = details.get("reasoning_tokens") if details else None
            details = usage.get("prompt_tokens_details")
            cached = (details.get("cached_tokens") or None) if details else None
            events.append(Usage(usage.get("prompt_tokens"), usage.get("completion_tokens"), thinking, cached))
        return events
