"""The content of the events of a streamed reply of the Responses API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thai_chat.backends.json_text import whole
from thai_chat.backends.openai_api.decoder import failure_inside
from thai_chat.backends.openai_api.event_stream import EventStream, reason_in, text_in
from thai_chat.domain.events import ReasoningDelta, StreamEvent, TextDelta, Usage

_TEXT = frozenset({"response.output_text.delta", "response.refusal.delta"})
_REASONING = frozenset({"response.reasoning_summary_text.delta", "response.reasoning_text.delta"})
_NEXT_SUMMARY = "response.reasoning_summary_part.added"
_LAST = frozenset({"response.completed", "response.incomplete", "response.failed"})
_REASONS = {"max_output_tokens": "length"}
"""Chat Completions' words for the reasons that a reply is not complete."""


class ResponseStream(EventStream):
    """A decoder of a response, streamed or in one piece. Summaries of the reasoning come as ReasoningDelta."""

    __slots__ = ()

    def _events(self, part: dict[str, Any]) -> list[StreamEvent]:
        if part.get("object") == "response":
            return [*_said_in(part), *self._last(part)]
        kind = part.get("type")
        if kind in _TEXT:
            return self._words(self._text(part["delta"] or ""))
        if kind in _REASONING:
            reasoning = self._reasoning(part["delta"] or "")
            return [ReasoningDelta(reasoning)] if reasoning else []
        if kind == _NEXT_SUMMARY:
            return [ReasoningDelta("\n\n")] if part.get("summary_index") else []
        if kind in _LAST:
            return self._last(part["response"])
        if kind == "error":
            raise failure_inside(part)
        return []

    def _last(self, response: dict[str, Any]) -> list[StreamEvent]:
        """Return the end of the reply: a streamed one has been said already."""
        status = text_in(response["status"])
        if status == "failed" or response.get("error"):
            raise failure_inside(response)
        self.done = True
        if status == "incomplete":
            reason = text_in((response.get("incomplete_details") or {}).get("reason") or status)
            self.finish_reason = _REASONS.get(reason, reason_in(reason))
        elif status == "completed":
            self.finish_reason = "stop"
        usage = response.get("usage")
        if not usage:
            return []
        thinking = (usage.get("output_tokens_details") or {}).get("reasoning_tokens")
        cached = (usage.get("input_tokens_details") or {}).get("cached_tokens") or None
        return [Usage(usage.get("input_tokens"), usage.get("output_tokens"), thinking, cached)]


def _said_in(response: dict[str, Any]) -> Iterator[StreamEvent]:
    for item in response["output"]:
        if item["type"] == "reasoning":
            if summary := "\n\n".join(text_in(part["text"]) for part in item.get("summary") or ()):
                yield ReasoningDelta(whole(summary))
        elif item["type"] == "message":
            for part in item["content"]:
                if text := part.get("text") or part.get("refusal"):
                    yield TextDelta(whole(text_in(text)))
