"""The page's view of a session: the messages for the Chatbot, and what stands around each of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import TypeAlias
from uuid import UUID

from thai_chat import texts
from thai_chat.chat.windows import OpenSession
from thai_chat.domain.backend_errors import BackendError
from thai_chat.domain.events import LENGTH, TOO_LONG
from thai_chat.domain.facts import ContextUsed, Precision, ReplyError, ReplyFacts, facts_of
from thai_chat.domain.messages import Choice, Figures, Message, Role, Session, Status
from thai_chat.domain.ports.reply_log import ReplyLog
from thai_chat.domain.reads import Shelf
from thai_chat.texts import Language
from thai_chat.ui.drawing import can_be_drawn
from thai_chat.ui.markup import shown_as_written, without_html

_MOST_TOLD = 50
"""So many who wrote the beginning of a reply are named."""
_MOST_CHARS, _MOST_LINES = 2_000_000, 20_000
_LINE_END = re.compile("\n")

Value: TypeAlias = dict[str, object]
"""A value that is sent to the browser as JSON. Not a recursive type: Gradio evaluates the hints of handlers."""


def chat_of(messages: Sequence[Message]) -> list[Value]:
    """Return messages in the Chatbot's own shape, so that Gradio has nothing left to work out."""
    return [_row(message) for message in messages if message.role is not Role.SYSTEM]


def view_of(
    opened: OpenSession,
    language: Language,
    *,
    choice: Choice | None,
    target: str | None = None,
    notice: str | None = None,
) -> Value:
    """Return the view of a session. `choice` is the model for the next question; `target` the message that was asked
    for."""
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
            _around(message, language, opened.versions.get(message.message_id))
            for message in opened.messages
            if message.role is not Role.SYSTEM
        ],
        "notice": notice,
    }


def empty_view(session_id: str, *, choice: Choice | None, notice: str | None = None) -> Value:
    """Return the view of a session that its first question will make."""
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
    """Return as much as a browser can show at once; a longer text tells how much that is."""
    end = min(len(text), _MOST_CHARS)
    lines = text.count("\n", 0, end)
    if lines > _MOST_LINES:
        end = [found.end() for found in islice(_LINE_END.finditer(text), _MOST_LINES)][-1]
    return text if end == len(text) else f"{text[:end]}\n\n… {end:,} / {len(text):,}"


def _live(live: ReplyLog) -> Value:
    return {
        "message_id": str(live.reply_id),
        "backend": live.choice.backend,
        "model": live.choice.model,
        "waited_ms": live.elapsed_ms,
    }


def _around(message: Message, language: Language, versions: Sequence[UUID] | None) -> Value:
    figures, facts = message.figures, facts_of(message)
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
        "estimated": facts.tokens is Precision.ESTIMATED,
        "prompt_estimated": facts.prompt_tokens is Precision.ESTIMATED,
        "thought_estimated": facts.reasoning_tokens is Precision.ESTIMATED,
        "cost": _cost(figures, facts),
        "asked": choice_of(facts.asked) if facts.asked else None,
        "begun_by": _begun_by(message, facts),
        "options": facts.options or None,
        "reasoning": facts.reasoning or None,
        "problem": _problem(message, facts, language),
        "context": _context(facts.context_used) if facts.context_used else None,
        "versions": [str(version) for version in versions] if versions else None,
        "can_continue": _can_continue(message, facts),
        "is_cut": facts.finish_reason in (LENGTH, TOO_LONG),
        "missing": _missing(message, facts),
        "notices": [{"text": notice} for notice in _notices(facts, language)],
    }


def _context(used: ContextUsed) -> Value:
    return {
        "sent": used.messages_sent,
        "left_out": used.messages_left_out,
        "tokens": used.tokens,
        "window": used.context_window,
    }


def _cost(figures: Figures, facts: ReplyFacts) -> Value | None:
    """Return what the reply cost, as far as the price is known; baht where a rate is set."""
    if figures.cost_usd is None:
        return None
    return {
        "usd": float(figures.cost_usd),
        "thb": facts.cost_thb,
        "estimated": facts.cost is Precision.ESTIMATED,
    }


def _begun_by(message: Message, facts: ReplyFacts) -> Sequence[Value]:
    """Return the others that wrote the beginning of a reply that was continued, each once, in their order."""
    own = (message.backend, message.model)
    written = [(one.backend, one.model or None) for one in (facts.begun_by or ())[:_MOST_TOLD]]
    others = dict.fromkeys(one for one in written if one != own)
    return [{"backend": backend, "model": model} for backend, model in others]


def _can_continue(message: Message, facts: ReplyFacts) -> bool:
    """Tell whether a reply is not whole: it was broken off, or the model had no room for more."""
    if message.role is not Role.ASSISTANT:
        return False
    broken = message.status in (Status.INTERRUPTED, Status.STOPPED, Status.FAILED)
    return broken or facts.finish_reason == LENGTH


def _problem(message: Message, facts: ReplyFacts, language: Language) -> str | None:
    if message.status is not Status.FAILED:
        return None
    error = facts.error or ReplyError(BackendError.code)
    params = {"backend": message.backend, "model": message.model, **error.params}
    return texts.text(error.code if texts.is_told(error.code) else texts.UNKNOWN, language, params)


def _missing(message: Message, facts: ReplyFacts) -> Value | None:
    """Return the model that could not answer for want of it, where its server can fetch it."""
    failed_for = facts.error.missing if facts.error and message.status is Status.FAILED else None
    missing = failed_for or facts.missing
    return choice_of(missing) if missing else None


def _notices(facts: ReplyFacts, language: Language) -> list[str]:
    told = (notice for notice in facts.notices or () if texts.is_told(notice.code))
    return [texts.text(notice.code, language, notice.params) for notice in told]


def _iso(at: datetime) -> str:
    return at.isoformat()
