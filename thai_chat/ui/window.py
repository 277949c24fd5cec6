"""What the page shows of a session: the messages for the Chatbot, and what stands around each of them."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeAlias
from uuid import UUID

from thai_chat import texts
from thai_chat.chat.live_reply import LiveReply
from thai_chat.chat.service import OpenSession
from thai_chat.domain.events import TOO_LONG
from thai_chat.domain.messages import Choice, JsonObject, JsonValue, Message, Role, Session, Status
from thai_chat.domain.reads import Shelf
from thai_chat.texts import Language
from thai_chat.ui.drawing import can_be_drawn
from thai_chat.ui.markup import shown_as_written, without_html

_MOST_TOLD = 50
"""Of notices, and of models that began a reply: no reply of ours has more than a few."""
_MOST_CHARS, _MOST_LINES = 2_000_000, 20_000
_LINE_END = re.compile("\n")

Value: TypeAlias = dict[str, object]
"""What is sent to the browser as JSON. Not a recursive type: Gradio evaluates the hints of handlers."""


def chat_of(messages: Sequence[Message]) -> list[Value]:
    """In the Chatbot's own shape, so that Gradio has nothing left to work out."""
    return [_row(message) for message in messages if message.role is not Role.SYSTEM]


def view_of(
    opened: OpenSession,
    language: Language,
    *,
    choice: Choice | None,
    target: str | None = None,
    notice: str | None = None,
) -> Value:
    """`choice` is the model for the next question; `target` the message that was asked for."""
    session, live = opened.session, opened.live
    return {
        "session_id": str(session.session_id),
        "stored": True,
        "name": session.session_name,
        "shelf": shelf_of(session),
        "options": dict(session.options),
        "choice": choice_of(choice) if choice else None,
        "live": _live(live) if live else None,
        "has_earlier": opened.has_earlier,
        "has_later": opened.has_later,
        "target": target,
        "messages": [
            _around(message, language, opened.siblings.get(message.message_id))
            for message in opened.messages
            if message.role is not Role.SYSTEM
        ],
        "notice": notice,
    }


def empty_view(session_id: str, *, choice: Choice | None, notice: str | None = None) -> Value:
    """Of a session that its first question will make."""
    return {
        "session_id": session_id,
        "stored": False,
        "name": None,
        "shelf": Shelf.CURRENT,
        "options": {},
        "choice": choice_of(choice) if choice else None,
        "live": None,
        "has_earlier": False,
        "has_later": False,
        "target": None,
        "messages": [],
        "notice": notice,
    }


def choice_of(choice: Choice) -> Value:
    return {"backend": choice.backend, "model": choice.model}


def shelf_of(session: Session) -> Shelf:
    if session.deleted_at:
        return Shelf.TRASH
    return Shelf.ARCHIVED if session.archived_at else Shelf.CURRENT


def _row(message: Message) -> Value:
    is_markup = message.role is not Role.USER and can_be_drawn(message.content)
    shown = without_html(message.content) if is_markup else shown_as_written(_beginning(message.content))
    return {"role": message.role, "content": [{"type": "text", "text": shown}]}


def _beginning(text: str) -> str:
    """As much as a browser can show at once; a longer one tells how much that is."""
    end = min(len(text), _MOST_CHARS)
    lines = text.count("\n", 0, end)
    if lines > _MOST_LINES:
        end = [found.end() for found in islice(_LINE_END.finditer(text), _MOST_LINES)][-1]
    return text if end == len(text) else f"{text[:end]}\n\n… {end:,} / {len(text):,}"


def _live(live: LiveReply) -> Value:
    return {
        "message_id": str(live.reply_id),
        "backend": live.choice.backend,
        "model": live.choice.model,
        "waited_ms": round((time.perf_counter() - live.started_at_s) * 1000),
    }


def _around(message: Message, language: Language, versions: Sequence[UUID] | None) -> Value:
    figures, metadata = message.figures, message.metadata
    return {
        "message_id": str(message.message_id),
        "order": message.message_order,
        "role": message.role,
        "status": message.status,
        "text": message.content,
        "created_at": _iso(message.created_at),
        "backend": message.backend,
        "model": message.model,
        "first_token_ms": figures.first_token_ms,
        "latency_ms": figures.latency_ms,
        "prompt_tokens": figures.prompt_tokens,
        "tokens": figures.completion_tokens,
        "reasoning_tokens": figures.reasoning_tokens,
        "estimated": metadata.get("tokens") == "estimated",
        "prompt_estimated": metadata.get("prompt_tokens") == "estimated",
        "thought_estimated": metadata.get("reasoning_tokens") == "estimated",
        "cost": _cost(message),
        "asked": _who(metadata.get("asked")),
        "begun_by": _begun_by(message),
        "options": metadata.get("options") or None,
        "reasoning": _text(metadata.get("reasoning")),
        "problem": _problem(message, language),
        "context": _context(metadata.get("context_used")),
        "versions": [str(version) for version in versions] if versions else None,
        "can_continue": _can_continue(message),
        "is_cut": message.metadata.get("finish_reason") in ("length", TOO_LONG),
        "missing": _missing(message),
        "notices": [{"text": notice} for notice in _notices(message, language)],
    }


def _context(used: JsonValue) -> Value | None:
    """What the model was sent: `thai_chat.chat.prompt` has the account."""
    if not isinstance(used, Mapping):
        return None
    return {
        "sent": used.get("messages_sent"),
        "left_out": used.get("messages_left_out"),
        "tokens": used.get("exact_tokens") or used.get("estimated_tokens"),
        "window": used.get("context_window"),
    }


def _cost(message: Message) -> Value | None:
    """What the reply cost, as far as the price is known; baht where a rate is set."""
    if message.figures.cost_usd is None:
        return None
    return {
        "usd": float(message.figures.cost_usd),
        "thb": message.metadata.get("cost_thb"),
        "estimated": message.metadata.get("cost") == "estimated",
    }


def _who(choice: JsonValue) -> Value | None:
    """A model that the metadata names."""
    if not isinstance(choice, Mapping):
        return None
    return {"backend": choice.get("backend"), "model": choice.get("model")}


def _begun_by(message: Message) -> Sequence[Value]:
    """The others that wrote the beginning of a reply that was continued, each once, in their order."""
    begun_by = message.metadata.get("begun_by")
    own = {"backend": message.backend, "model": message.model}
    others: list[Value] = []
    for choice in begun_by[:_MOST_TOLD] if isinstance(begun_by, list) else ():
        if (who := _who(choice)) and who != own and who not in others:
            others.append(who)
    return others


def _can_continue(message: Message) -> bool:
    """True for a reply that is not whole: it was broken off, or the model had no room for more."""
    if message.role is not Role.ASSISTANT:
        return False
    broken = message.status in (Status.INTERRUPTED, Status.STOPPED, Status.FAILED)
    return broken or message.metadata.get("finish_reason") == "length"


def _problem(message: Message, language: Language) -> str | None:
    if message.status is not Status.FAILED:
        return None
    error = metadata if isinstance(metadata := message.metadata.get("error"), Mapping) else {}
    params: dict[str, object] = {"backend": message.backend, "model": message.model, **error}
    code = str(params.pop("code", "backend_error"))
    return texts.text(code if texts.is_told(code) else texts.UNKNOWN, language, params)


def _missing(message: Message) -> Value | None:
    """The model that could not answer for want of it, where its server can fetch it."""
    error = message.metadata.get("error")
    if message.status is Status.FAILED and isinstance(error, Mapping) and error.get("fetchable"):
        return {"backend": error.get("backend"), "model": error.get("model")}
    for notice in _said(message):
        if notice.get("fetchable"):
            return {"backend": notice.get("asked"), "model": notice.get("asked_model")}
    return None


def _notices(message: Message, language: Language) -> list[str]:
    return [
        texts.text(code, language, notice)
        for notice in _said(message)
        if texts.is_told(code := str(notice.get("code")))
    ]


def _said(message: Message) -> Sequence[JsonObject]:
    notices = message.metadata.get("notices")
    if not isinstance(notices, Sequence) or isinstance(notices, str):
        return ()
    return [notice for notice in notices[:_MOST_TOLD] if isinstance(notice, Mapping)]


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and value else None


def _iso(at: datetime) -> str:
    return at.isoformat()
