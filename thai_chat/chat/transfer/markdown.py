"""A session as Markdown for people: the shown branch, with who said what and when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from thai_chat.domain.dates import written
from thai_chat.domain.facts import rating_of
from thai_chat.domain.messages import Message, Role, Session, Status
from thai_chat.domain.transfer import KeptMessage

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)$")
# CommonMark lets these blocks go on over empty lines, to the very end of a file: its kinds 1 to 5.
_HTML = re.compile(r" {0,3}(<!--|<\?|<!\[CDATA\[|<!(?=[a-z])|<(?:script|pre|style|textarea)(?=[\s>]|$))", re.IGNORECASE)
_HTML_ENDS = {"<!--": "-->", "<?": "?>", "<![cdata[": "]]>", "<!": ">"}
# Markdown's lines end with nothing else.
_LINE_END = re.compile(r"\r\n?|\n")
_HEADING_BREAKS = re.compile(r"\s+")
_THUMBS = {1: "👍", -1: "👎"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words that stand between the messages, in the reader's language."""

    untitled: str
    you: str
    assistant: str
    system: str
    ends: dict[Status, str]
    """The words under a reply that is not whole."""
    tags: Mapping[str, str]
    """Names of the tags of ratings."""
    is_thai: bool


class MarkdownWriter:
    media_type = "text/markdown; charset=utf-8"
    extension = "md"
    shown_only = True
    with_deleted = False

    def __init__(self, words: Words, timezone: ZoneInfo) -> None:
        self._words = words
        self._timezone = timezone
        self._is_first = True

    def takes(self, session: Session) -> bool:
        return True

    def begin(self) -> bytes:
        return b""

    def begin_session(self, session: Session) -> bytes:
        rule = "" if self._is_first else "\n---\n\n"
        self._is_first = False
        name = _HEADING_BREAKS.sub(" ", session.session_name).strip() or self._words.untitled
        facts = [self.when(session.created_at), *(f"#{tag}" for tag in session.tags)]
        prompt = session.options.get("system_prompt")
        system = f"\n> **{self._words.system}**\n{_quoted(prompt)}\n" if isinstance(prompt, str) and prompt else ""
        return f"{rule}# {name}\n\n{' · '.join(facts)}\n{system}".encode()

    def messages(self, messages: Sequence[KeptMessage]) -> bytes:
        return "".join(self._message(kept.message) for kept in messages).encode()

    def end_session(self) -> Iterable[bytes]:
        return ()

    def end(self) -> bytes:
        return b""

    def when(self, at: datetime) -> str:
        """Return a time as people write it; in Thai with the Buddhist year."""
        return written(at.astimezone(self._timezone), is_thai=self._words.is_thai)

    def _message(self, message: Message) -> str:
        words = self._words
        match message.role:
            case Role.USER:
                who = words.you
            case Role.SYSTEM:
                who = words.system
            case _:
                who = f"{words.assistant} ({message.model})" if message.model else words.assistant
        end = words.ends.get(message.status)
        remark = (f"\n*({end})*\n" if end else "") + self._rated(message)
        return f"\n## {who} · {self.when(message.created_at)}\n\n{_closed(message.content.rstrip())}\n{remark}"

    def _rated(self, message: Message) -> str:
        rating = rating_of(message)
        if rating is None:
            return ""
        reasons = [*(self._words.tags.get(tag, tag) for tag in rating.tags), rating.reason]
        told = " · ".join(reason for reason in reasons if reason)
        return f"\n> {_THUMBS[rating.value]} {_quoted(told).removeprefix('> ')}".rstrip() + "\n"


def _closed(markdown: str) -> str:
    """Return the text with the end of what was left open, code or raw HTML, or it would swallow the messages behind
    it."""
    end = ""
    for line in _LINE_END.split(markdown):
        fence, html = _FENCE.match(line), _HTML.match(line)
        if end.startswith(("`", "~")):
            end = "" if fence and fence[1].startswith(end) and not fence[2].strip() else end
        elif end:
            end = "" if end in line.lower() else end
        elif fence and not (fence[1][0] == "`" and "`" in fence[2]):
            end = fence[1]
        elif html:
            wanted = _HTML_ENDS.get(html[1].lower()) or f"</{html[1][1:].lower()}>"
            end = "" if wanted in line[html.end() :].lower() else wanted
    return f"{markdown}\n{end}" if end else markdown


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in _LINE_END.split(text.strip()))
