"""Tells thinking in tags at the head of a reply from the reply itself, however the tags are cut into pieces."""

from __future__ import annotations

from thai_chat.domain.events import Reasoning, Text
from thai_chat.routing.quirks import THINKING_TAGS


class ThinkingSplitter:
    """Feed it a reply's content in order; what it gives back, joined, is the content without tags.

    A tag counts only while nothing visible was said: a reply that explains `<think>` to a programmer stays whole. The
    blank lines that models put around their thinking are left out. Holds back at most what could still become a tag;
    `end` gives that out.
    """

    __slots__ = ("_closing", "_held", "_plain", "_trims")

    def __init__(self) -> None:
        self._held = ""
        self._closing = ""
        """The tag that ends the thinking under way; empty outside of it."""
        self._trims = False
        """A tag has just passed: the spaces that follow belong to it."""
        self._plain = False
        """Something visible was said: from here on everything is the reply."""

    def feed(self, content: str) -> list[Text | Reasoning]:
        if self._plain:
            return [Text(content)] if content else []
        self._held += content
        given: list[Text | Reasoning] = []
        while self._held and not self._plain:
            if self._trims:
                self._held = self._held.lstrip()
            if not (self._think(given) if self._closing else self._open(given)):
                break
        return given

    def end(self) -> list[Text | Reasoning]:
        """What was held back, for a reply that ends inside a tag or inside its thinking."""
        held, self._held = self._held, ""
        if not held:
            return []
        return [Reasoning(held)] if self._closing else [Text(held)]

    def _open(self, given: list[Text | Reasoning]) -> bool:
        """Looks for an opening tag; False when more content is needed to tell."""
        head = self._held.lstrip()
        for opening, closing in THINKING_TAGS:
            if head.startswith(opening):
                self._held, self._closing, self._trims = head[len(opening) :], closing, True
                return True
        if any(opening.startswith(head) for opening, _ in THINKING_TAGS):
            return False
        self._plain = True
        given.append(Text(self._held))
        self._held = ""
        return True

    def _think(self, given: list[Text | Reasoning]) -> bool:
        """Gives out thinking up to the closing tag; False when the tag has not come."""
        thought, tag, rest = self._held.partition(self._closing)
        if tag:
            self._held, self._closing, self._trims = rest, "", True
        else:
            keep = _tail_that_begins(self._closing, self._held)
            thought, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
            self._trims = self._trims and not thought
        if thought:
            given.append(Reasoning(thought))
        return bool(tag)


def _tail_that_begins(tag: str, text: str) -> int:
    """Length of the longest end of `text` with which `tag` could begin."""
    for size in range(min(len(tag) - 1, len(text)), 0, -1):
        if text.endswith(tag[:size]):
            return size
    return 0
