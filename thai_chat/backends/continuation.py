"""Joins what a model goes on with to the beginning of a reply: says how to go on, and cuts what it says again."""

from __future__ import annotations

from collections.abc import Sequence

from thai_chat.domain.events import StreamEvent, TextDelta

INSTRUCTION = (
    "Your last message was cut off before it was finished. Write only what comes next, in the same language. "
    "Your text is joined directly to the last character of that message: if it stops inside a word, begin with the "
    "rest of that word, and put a space or a line break first only where one belongs. Repeat nothing that is already "
    "there. No greeting, no apology, no introduction."
)
"""The request to models that can't be made to go on with a message by themselves. English, since every model follows
that; the language of the reply is the message's own."""

_LEAST_OVERLAP = 12
"""The least code points of a repetition: shorter ends of a reply are said twice for good reasons ("- **", a table's "|
--- |")."""
_LEAST_LETTERS = 4
_LEAST_BEGINNING = 3
_LONGEST_OVERLAP = 2_000
"""An end that is said again is a few paragraphs at most; or else all of the beginning is."""
_MOST_LEADING = 4_096
_LEADING = " \t\r\n.…"
"""The signs that models put before they say the end again."""


class Continuation:
    """Feed it what a model says, in order; what it gives back belongs right behind the beginning.

    A model that was asked to go on often repeats the last words first, or begins the reply anew. As long as what it
    says could be such a repetition it is held back: mostly for a few characters. A repetition that turns out to be none
    is given out whole, as nothing may be lost.
    """

    def __init__(self, beginning: str, *, prefilled: bool) -> None:
        """Take the beginning. If it is `prefilled`, the model goes on by itself, and can at most give the whole
        beginning along."""
        self._beginning = beginning
        self._stripped = beginning.rstrip()
        self._whole_only = prefilled
        self._least_whole = _LEAST_OVERLAP if prefilled else _LEAST_BEGINNING
        self._held: list[str] = []
        self._lead = 0
        """How many of the held characters stand before the first that could be of a repetition."""
        self._said = 0
        """How many of the held characters come from there on."""
        self._starts: list[int] | None = None
        """The places in the beginning from which what came so far could be a repetition."""
        self._cut = 0
        """How many of the held characters are a repetition for certain."""
        self._joined = False
        self._blank = ""
        """The end of the beginning, which may be said again."""
        self._blank_at = 0
        """How much of that end was said again."""

    def join(self, events: Sequence[StreamEvent]) -> list[StreamEvent]:
        """Return the same events with their texts cut; those that have none left are left out."""
        given: list[StreamEvent] = []
        for event in events:
            if not isinstance(event, TextDelta):
                given.append(event)
            elif text := self.feed(event.text):
                given.append(TextDelta(text))
        return given

    def feed(self, text: str) -> str:
        if self._joined:
            return self._without_blank(text) if self._blank_at < len(self._blank) else text
        self._held.append(text)
        said = text if self._said else text.lstrip(_LEADING)
        self._lead += len(text) - len(said)
        if not said:
            return "" if self._lead < _MOST_LEADING else self._give()
        self._follow(said)
        return "" if self._starts else self._give()

    def end(self) -> str:
        """Return what is still held back, for a reply that ends early."""
        return "" if self._joined else self._give()

    def _follow(self, said: str) -> None:
        """Keep the starts that `said`, behind what was said before, still agrees with, and note the longest repetition
        that is complete."""
        if self._starts is None:
            self._starts = self._possible_starts(said)
        before, self._said = self._said, self._said + len(said)
        still = []
        for start in self._starts:
            length = len(self._stripped) - start
            at = start + before
            if not said.startswith(self._stripped[at : at + len(said)]):
                continue
            if length <= self._said:
                self._cut = max(self._cut, self._lead + length)
            else:
                still.append(start)
        self._starts = still

    def _possible_starts(self, said: str) -> list[int]:
        """Return every place where a repetition that is long enough to be one would begin."""
        starts = [0] if len(self._stripped) >= self._least_whole else []
        if not self._whole_only:
            last = _last_start(self._stripped)
            at = self._stripped.find(said[0], max(1, len(self._stripped) - _LONGEST_OVERLAP))
            while 0 < at <= last:
                starts.append(at)
                at = self._stripped.find(said[0], at + 1)
        return starts

    def _give(self) -> str:
        self._joined = True
        rest = "".join(self._held)[self._cut :]
        self._held.clear()
        if self._cut or self._whole_only:
            # The beginning was trimmed for the model, which may say its last spaces again.
            self._blank = self._beginning[len(self._stripped) :]
        return self._without_blank(rest)

    def _without_blank(self, text: str) -> str:
        """Drop the spaces and line breaks that the beginning has already."""
        at = 0
        while at < len(text) and self._blank_at < len(self._blank):
            found = self._blank.find(text[at], self._blank_at)
            if found < 0:
                self._blank_at = len(self._blank)
                break
            self._blank_at = found + 1
            at += 1
        return text[at:]


def _last_start(beginning: str) -> int:
    """Return the last place from which the end is long enough, and has letters enough, to be said again by mistake."""
    letters, at = 0, len(beginning)
    while at > 0 and (letters < _LEAST_LETTERS or len(beginning) - at < _LEAST_OVERLAP):
        at -= 1
        letters += beginning[at].isalpha()
    return at
