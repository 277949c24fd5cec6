"""Decodes the events of a streamed reply into what people read of it."""

from __future__ import annotations

from collections.abc import Sequence

from thai_chat.backends.bounds import REASON_CHARS
from thai_chat.backends.json_text import Halves, whole
from thai_chat.backends.openai_api.decoder import Decoder
from thai_chat.domain.backend_errors import BackendError
from thai_chat.domain.events import ReasoningDelta, StreamEvent, TextDelta, Usage, WasReasoning

_NO_REASON = frozenset({"", "null", "None"})


class EventStream(Decoder[StreamEvent]):
    """Decodes what a person reads of a reply, and the counts.

    What arrives together comes out together: one event for a run of pieces, so that a fast server costs little.
    """

    __slots__ = ("_halves", "_reasoned", "_said", "finish_reason")

    def __init__(self) -> None:
        super().__init__()
        self._halves: tuple[Halves, Halves] | None = None
        """The halves of characters of the text and of the reasoning, once one may have come."""
        self._said = False
        self._reasoned = False
        self.finish_reason = ""
        """Not empty once the server said that the reply is whole; the usage may still follow."""

    @property
    def only_reasoned(self) -> bool:
        """There was thinking, and not a visible word."""
        return self._reasoned and not self._said

    @property
    def is_whole(self) -> bool:
        return bool(self.finish_reason)

    @property
    def has_ended(self) -> bool:
        return self.is_whole

    def shows_life(self, items: Sequence[StreamEvent]) -> bool:
        return type(items[0]) is not Usage  # counts alone, which come last, say nothing

    def _words(self, text: str) -> list[StreamEvent]:
        """Return the events that `text`, which the model said, stands for."""
        return [TextDelta(text)] if text else []

    def _break_off(self, error: BackendError) -> None:
        super()._break_off(error)
        self.finish_reason = ""

    def _end(self) -> None:
        if self.done and not self.finish_reason:
            self.finish_reason = "stop"

    def _held_back(self) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        if self._halves:
            text, reasoning = self._halves
            events += [ReasoningDelta(half) for half in [reasoning.end()] if half]
            events += self._words(text.end())
        return [*events, *self._rest()]

    def _rest(self) -> list[StreamEvent]:
        """Return what was held back for other reasons than half characters."""
        return []

    def _text(self, value: object) -> str:
        """Return a piece of the reply's text, of whole characters. Raises TypeError when it is none."""
        return self._halves[0].feed(text_in(value)) if self._halves else text_in(value)

    def _reasoning(self, value: object) -> str:
        """Return a piece of its reasoning. Raises TypeError."""
        return self._halves[1].feed(text_in(value)) if self._halves else text_in(value)

    def _expect_halves(self) -> None:
        self._halves = self._halves or (Halves(), Halves())

    def _noted(self, items: list[StreamEvent]) -> list[StreamEvent]:
        for event in items:
            if isinstance(event, WasReasoning):
                self._said, self._reasoned = False, True
            elif not self._said:
                if isinstance(event, TextDelta):
                    self._said = not event.text.isspace()
                elif isinstance(event, ReasoningDelta) or (isinstance(event, Usage) and event.reasoning_tokens):
                    self._reasoned = True
        return items

    def _together(self, items: list[StreamEvent]) -> list[StreamEvent]:
        return _joined(items) if len(items) > 1 else items


def reason_in(value: object) -> str:
    """Return the word for the end of a reply, empty where there is none yet. Raises TypeError."""
    return "" if value is None or value in _NO_REASON else whole(text_in(value))[:REASON_CHARS]


def text_in(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value


def _joined(events: Sequence[StreamEvent]) -> list[StreamEvent]:
    """Return the events with neighbouring texts as one, and the last usage only."""
    joined: list[StreamEvent] = []
    pieces: list[str] = []
    usage: Usage | None = None
    run: type[TextDelta] | type[ReasoningDelta] = TextDelta
    for event in events:
        if isinstance(event, Usage):
            usage = event
            continue
        if pieces and run is not type(event):
            joined.append(run("".join(pieces)))
            pieces = []
        if isinstance(event, TextDelta | ReasoningDelta):
            run = type(event)
            pieces.append(event.text)
        else:
            joined.append(event)
    if pieces:
        joined.append(run("".join(pieces)))
    if usage:
        joined.append(usage)
    return joined
