"""Tells thinking in tags at the head of a reply from the reply itself, however the tags are cut into pieces."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import TypeAlias

from thai_chat.domain.events import ReasoningDelta, TextDelta, WasReasoning
from thai_chat.domain.ports.backend import ReplyRequest

REASONING_TAGS: tuple[tuple[str, str], ...] = (
    ("<think>", "</think>"),  # DeepSeek-R1, Qwen3, most fine-tunes of them
    ("<thinking>", "</thinking>"),
    ("[THINK]", "[/THINK]"),  # Magistral
)
"""Opening and closing tags around thinking in the content, where the server was started without a reasoning parser."""

Part: TypeAlias = TextDelta | ReasoningDelta | WasReasoning

_OPENING = tuple(opening for opening, _ in REASONING_TAGS)
_CLOSING = tuple(closing for _, closing in REASONING_TAGS)
_CLOSING_LINE = re.compile(rf"\n[ \t]*({'|'.join(map(re.escape, _CLOSING))})(?=[ \t]*\n)")
_FENCE = re.compile(r"^[ \t]*```", re.MULTILINE)
_LAST_SIGNS = ("\n", ">", "]")
"""One of them is in the piece with which a tag can be told: cheaper to look for in all the others."""
_WATCHED_CHARS = 40
"""The characters that are watched of what was said last: room for a closing tag on a line of its own, cut anywhere."""
_MOST = 1000
_MOST_BLANK = 4_096
"""Spaces after which a reply has begun, and no tag is waited for."""
_MOST_SHOWN = 20
"""Tags at the head of a reply, or closing ones in its code: one that has so many is about them, and each has us look at
all that was said."""


class ReasoningSplitter:
    """Feed it a reply's content in order; what it gives back, joined, is the content without tags.

    A tag counts only while nothing visible was said: a reply that explains `<think>` to a programmer stays whole. The
    blank lines that models put around their thinking are left out. Holds back at most what could still become a tag;
    `end` gives that out.

    Some templates (DeepSeek-R1, Qwen3 Thinking) open the thinking themselves, so that only its end is seen: a closing
    tag on a line of its own, outside of code. Then all that came before was thinking, which WasReasoning says.
    """

    __slots__ = (
        *("_assumed", "_closing", "_held", "_plain", "_recent", "_said", "_shown", "_reasoned", "_trims", "_watches"),
        "opened",
    )

    def __init__(self, *, opened: str = "", watches: bool = True) -> None:
        """Take what is known from the start.

        `opened` is the closing tag of a model whose reasoning is known to be open from the start. `watches` is False
        for what goes on with a reply, where nothing is reasoning.
        """
        self._held = ""
        self._closing = opened
        """The tag that ends the thinking under way; empty outside of it."""
        self._assumed = bool(opened)
        """True while reasoning was never seen to begin, and has not ended yet."""
        self._reasoned: list[str] = []
        """The pieces of the reasoning, while it is assumed."""
        self._watches = watches and not opened
        self._recent = ""
        """The end of what was said, while it is watched."""
        self._said: list[str] = []
        """All that was said."""
        self._shown = 0
        """How many tags stood at the head of the reply, or closing ones in blocks of code."""
        self.opened = opened
        """The closing tag of thinking that was open from the start, as far as is known now."""
        self._trims = False
        """A tag has just passed: the spaces that follow belong to it."""
        self._plain = False
        """True once something visible was said: from there on everything is the reply."""

    def feed(self, content: str) -> list[Part]:
        if self._plain:
            if self._watches:
                return self._watched(content)
            return [TextDelta(content)] if content else []
        self._held += content
        given: list[Part] = []
        while self._held and not self._plain:
            if self._trims:
                self._held = self._held.lstrip()
            if not (self._think(given) if self._closing else self._open(given)):
                break
        return given

    def end(self, *, is_whole: bool = True) -> list[Part]:
        """Return what was held back, for a reply that ends inside a tag or inside its reasoning.

        A whole reply (not one that reached its limit) that never ended what was only assumed to be reasoning was none.
        """
        held, self._held = self._held, ""
        if self._assumed and is_whole:
            self.opened = ""
            held, self._closing = "".join(self._reasoned) + held, ""
        if not held:
            return []
        return [ReasoningDelta(held)] if self._closing else [TextDelta(held)]

    def stop_watching(self) -> None:
        """Stop watching: the server tells the reasoning apart by itself."""
        if self._assumed:
            self._assumed, self._closing, self.opened = False, "", ""
        self._watches = False

    def _watched(self, content: str) -> list[Part]:
        """Look for the end of reasoning that nobody saw begin."""
        before = len(self._recent)
        said = self._recent + content
        self._said.append(content)
        may_tell = any(sign in content for sign in _LAST_SIGNS)
        if may_tell and any(tag in said for tag in _OPENING):
            self._watches = False
        elif may_tell and (found := self._closing_line(said)):
            self.opened, self._watches = found[1], False
            self._plain, self._trims, self._recent = False, True, ""
            rest = said[max(before, found.end()) :]
            head: list[Part] = [TextDelta(said[before : found.end()])] if found.end() > before else []
            return [*head, WasReasoning(found[1]), *self.feed(rest)]
        self._recent = said[-_WATCHED_CHARS:]
        return [TextDelta(content)] if content else []

    def _closing_line(self, end: str) -> re.Match[str] | None:
        """Return the first in the `end` of what was said that is not in a block of code, which shows the tag to a
        reader."""
        for found in _CLOSING_LINE.finditer(end):
            said = "".join(self._said)
            fences = _FENCE.findall(said, 0, len(said) - len(end) + found.start())
            if len(fences) % 2 == 0:
                return found
            self._shown += 1
            if self._shown > _MOST_SHOWN:
                self._watches = False
                break
        return None

    def _open(self, given: list[Part]) -> bool:
        """Look for an opening tag; False when more content is needed to tell."""
        head = self._held.lstrip()
        for opening, closing in REASONING_TAGS if self._shown <= _MOST_SHOWN else ():
            if head.startswith(opening):
                self._held, self._closing, self._trims = head[len(opening) :], closing, True
                self._shown += 1
                return True
            if self._watches and head.startswith(closing):  # of thinking that was switched off
                self._held, self._watches, self._trims = head[len(closing) :], False, True
                return True
        tags = (*_OPENING, *(_CLOSING if self._watches else ()))
        if len(self._held) <= _MOST_BLANK and any(tag.startswith(head) for tag in tags):
            return False
        self._plain = True
        held, self._held = self._held, ""
        given += self.feed(held)
        return True

    def _think(self, given: list[Part]) -> bool:
        """Give out reasoning up to the closing tag; False when the tag has not come."""
        reasoning, tag, rest = self._held.partition(self._closing)
        if tag:
            self._held, self._closing, self._trims = rest, "", True
            self._assumed = False
            self._reasoned.clear()
        else:
            keep = _tail_that_begins(self._closing, self._held)
            reasoning, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
            self._trims = self._trims and not reasoning
        if reasoning:
            given.append(ReasoningDelta(reasoning))
            if self._assumed:
                self._reasoned.append(reasoning)
        return bool(tag)


class UnseenReasoning:
    """Which models were seen to think from the start, asked in which way; lives as long as its backend."""

    def __init__(self) -> None:
        self._closing: dict[Hashable, str] = {}

    def splitter(self, request: ReplyRequest) -> ReasoningSplitter:
        if request.continues.strip():
            return ReasoningSplitter(watches=False)
        return ReasoningSplitter(opened=self._closing.get(_way(request), ""))

    def note(self, request: ReplyRequest, splitter: ReasoningSplitter) -> None:
        """Note how the model reasons, once the reply is whole."""
        if request.continues.strip():
            return
        self._closing.pop(_way(request), None)
        if splitter.opened:
            self._closing[_way(request)] = splitter.opened
            if len(self._closing) > _MOST:
                del self._closing[next(iter(self._closing))]


def _way(request: ReplyRequest) -> Hashable:
    """Return the model and the options: reasoning is switched by options, each template in its own way."""
    return request.model, repr(sorted(request.options.items(), key=lambda option: option[0]))


def _tail_that_begins(tag: str, text: str) -> int:
    """Return the length of the longest end of `text` with which `tag` could begin."""
    for size in range(min(len(tag) - 1, len(text)), 0, -1):
        if text.endswith(tag[:size]):
            return size
    return 0
