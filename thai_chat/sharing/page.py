"""The pages behind a link: a snapshot, the question for its password, and why there is nothing. All without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from thai_chat import texts
from thai_chat.domain.dates import written
from thai_chat.domain.messages import Role
from thai_chat.domain.parts import AttachmentPart, CitationPart, Part, ReasoningPart, TextPart
from thai_chat.domain.shares import SharedMessage, Snapshot
from thai_chat.sharing.markdown import SpokenLabels, as_html, plain
from thai_chat.texts import Language

BRAND = "Thai Chat"
_HEAD = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="robots" content="noindex, nofollow"><meta name="color-scheme" content="light dark">'
    '<title>{title}</title><link rel="stylesheet" href="{files}fonts.css">'
    '<link rel="stylesheet" href="{files}sharing/shared.css"></head><body>'
)
_TAIL = "</body></html>"


@dataclass(frozen=True, slots=True)
class Frame:
    """The language of a page, and where its styles are."""

    language: Language
    files: str
    """The address of the folder of our styles, with a slash at its end."""

    def say(self, code: str, **params: object) -> str:
        """Return a text, escaped."""
        return escape(texts.text(code, self.language, params))

    def whole(self, title: str, body: str) -> str:
        head = _HEAD.format(language=self.language, title=escape(title), files=escape(self.files))
        return f"{head}{body}{_TAIL}"


class SnapshotPage:
    """A snapshot as a page, made piece by piece."""

    def __init__(self, frame: Frame, snapshot: Snapshot) -> None:
        self._frame = frame
        self._snapshot = snapshot
        self._title = snapshot.title or texts.text("untitled", frame.language)
        self._labels = SpokenLabels(
            code=texts.text("shared_code", frame.language),
            formula=texts.text("shared_formula", frame.language),
            table=texts.text("shared_table", frame.language),
        )
        self._zone = ZoneInfo(snapshot.timezone)

    def pieces(self) -> Iterator[str]:
        """Yield the page up to its end, which names the link: a message is one piece."""
        frame, snapshot = self._frame, self._snapshot
        yield _HEAD.format(language=frame.language, title=escape(f"{self._title} · {BRAND}"), files=escape(frame.files))
        yield (
            f'<header class="top"><p class="brand">{BRAND}</p><h1 dir="auto">{escape(self._title)}</h1>'
            f"<p class=about>{frame.say('shared_by_link')} · "
            f"{frame.say('shared_at', when=self._when(snapshot.created_at))}</p></header><main>"
        )
        if snapshot.system_prompt:
            yield self._folded(frame.say("shared_system_prompt"), plain(snapshot.system_prompt))
        for message in snapshot.messages:
            yield self._message(message)

    def _message(self, message: SharedMessage) -> str:
        who = self._who(message)
        at = self._when(message.created_at)
        time = f'<time datetime="{message.created_at.isoformat()}">{escape(at)}</time>'
        body = "".join(self._part(message, part) for part in message.parts)
        end = "" if message.is_whole else f'<p class="end">{self._frame.say("shared_not_whole")}</p>'
        return (
            f'<article class="{message.role.value}"><h2>{who} {time}</h2>'
            f"{body}{self._documents(message)}{end}</article>\n"
        )

    def _who(self, message: SharedMessage) -> str:
        match message.role:
            case Role.USER:
                return f"<b>{self._frame.say('shared_question')}</b>"
            case Role.SYSTEM:
                return f"<b>{self._frame.say('shared_system_prompt')}</b>"
            case _:
                model = f' <span class="model">{escape(message.model)}</span>' if message.model else ""
                return f"<b>{self._frame.say('shared_reply')}</b>{model}"

    def _part(self, message: SharedMessage, part: Part) -> str:
        match part:
            case TextPart():
                # Questions are shown as they were typed, as on the chat page.
                is_typed = message.role is not Role.ASSISTANT
                return f'<div class="words">{plain(part.text) if is_typed else as_html(part.text, self._labels)}</div>'
            case ReasoningPart():
                return self._folded(self._frame.say("shared_reasoning"), as_html(part.text, self._labels))
            case AttachmentPart():
                return f'<p class="note">{self._frame.say("shared_attachment", name=part.name or "?")}</p>'
            case CitationPart():
                name = escape(part.title or part.url)
                return f'<blockquote class="citation"><b dir="auto">{name}</b>{plain(part.quote)}</blockquote>'
            case _:
                return ""

    def _documents(self, message: SharedMessage) -> str:
        if not message.documents:
            return ""
        listed = "".join(
            f'<li><b dir="auto">{escape(one.name) or self._frame.say("shared_document", number=number)}</b>'
            f"{plain(one.text)}</li>"
            for number, one in enumerate(message.documents, 1)
        )
        return self._folded(
            self._frame.say("shared_documents", count=len(message.documents)), f'<ol class="documents">{listed}</ol>'
        )

    def _folded(self, summary: str, body: str) -> str:
        return f'<details><summary>{summary}</summary><div class="words">{body}</div></details>'

    def _when(self, at: datetime) -> str:
        return written(at.astimezone(self._zone), is_thai=self._frame.language == "th")


def end_of_page(frame: Frame, token: str) -> str:
    """Return the end of a snapshot's page, with the way to go on with it."""
    return (
        f'</main><footer><p><a class="primary" href="/?continue={escape(token)}">{frame.say("shared_continue")}</a></p>'
        f"<p>{frame.say('shared_continue_more')}</p><p>{frame.say('shared_foot')}</p></footer>{_TAIL}"
    )


def password_page(frame: Frame, problem: str = "") -> str:
    """Return the page that asks for the password; `problem` says why it asks again."""
    told = f'<p id="problem" class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    described = ' aria-describedby="problem" aria-invalid="true"' if problem else ""
    title = texts.text("shared_password_title", frame.language)
    body = (
        f'<main class="small"><p class="brand">{BRAND}</p><h1>{escape(title)}</h1>{told}<form method="post">'
        f'<label for="password">{frame.say("shared_password")}</label>'
        f'<input id="password" name="password" type="password" required maxlength="200" autofocus'
        f' autocomplete="off"{described}><button type="submit" class="primary">{frame.say("shared_show")}</button>'
        "</form></main>"
    )
    return frame.whole(f"{title} · {BRAND}", body)


def plain_page(frame: Frame, title: str, message: str) -> str:
    """Return a page that says why there is nothing; both are codes of texts."""
    said = texts.text(title, frame.language)
    body = f'<main class="small"><p class="brand">{BRAND}</p><h1>{escape(said)}</h1><p>{frame.say(message)}</p></main>'
    return frame.whole(f"{said} · {BRAND}", body)
