"""The page's events: each asks the service and returns plain values; errors are told in the reader's language."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Concatenate, ParamSpec, TypeVar

from uuid_utils.compat import uuid7

from thai_chat import texts
from thai_chat.chat.service import ChatService
from thai_chat.chat.text import identifier
from thai_chat.chat.windows import WINDOW, OpenSession
from thai_chat.domain.backend_errors import NoBackend
from thai_chat.domain.errors import (
    HistoryError,
    InvalidIdentifier,
    MessageNotFound,
    NotFound,
    ReplyRunning,
    ThaiChatError,
    trace_of,
)
from thai_chat.domain.messages import Choice
from thai_chat.domain.people import Person, person_of
from thai_chat.domain.ports.backend import BackendState
from thai_chat.texts import Language
from thai_chat.ui.components import gr
from thai_chat.ui.picker import picker_of
from thai_chat.ui.window import Value, chat_of, empty_view, view_of

logger = logging.getLogger(__name__)

MOST_SHOWN = 60
"""A window that has grown beyond this shrinks to WINDOW again: what is mounted makes every update slower."""
MOST_EARLIER = 2000
LONG_CHARS = 100_000
"""The characters of a window above which showing it takes longer than others should wait."""
MOST_ORDER = 2**31 - 2
"""The greatest number that the database's integers can hold with one more added to it."""

Shown = tuple[list[Value], Value]
Params = ParamSpec("Params")
Result = TypeVar("Result")
Handler = Callable[Concatenate["Handlers", gr.Request, Params], Coroutine[None, None, Result]]


def _asking(request: gr.Request) -> Person:
    return person_of(request.request.scope)


def language_of(request: gr.Request) -> Language:
    return texts.language_of(request.headers.get("accept-language", ""))


def edge(handler: Handler[Params, Result]) -> Handler[Params, Result]:
    """Turn errors of a handler into a text on the page, in this one place."""

    @functools.wraps(handler)
    async def guarded(self: Handlers, request: gr.Request, /, *args: Params.args, **kwargs: Params.kwargs) -> Result:
        try:
            return await handler(self, request, *args, **kwargs)
        except ThaiChatError as exc:
            message = texts.text(exc.code, language_of(request), exc.params)
        except Exception as exc:  # noqa: BLE001 - the edge to the browser: nobody behind it would tell the person
            logger.error("%s failed with %s", handler.__name__, type(exc).__name__, extra=trace_of(exc))
            message = texts.text(texts.UNKNOWN, language_of(request))
        raise gr.Error(message, duration=8, title="", print_exception=False)

    return guarded


class Handlers:
    """One method an event. What comes from the browser is not to be trusted: ids are read anew, owners checked."""

    def __init__(self, service: ChatService) -> None:
        self._service = service

    @edge
    async def load(self, request: gr.Request, page: object) -> tuple[list[Value], Value, Value]:
        """Show a page that was opened: the session (at the message) of its address, else the last one, else an empty
        one, which is also shown to who was writing in one."""
        language = language_of(request)
        shown: Shown = [], self._empty()
        if not (isinstance(page, Mapping) and page.get("is_new") is True):
            shown = await self._arrive(request, _field(page, "session_id"), _field(page, "message_id"))
        return *shown, picker_of(self._service, language)

    @edge
    async def open_session(self, request: gr.Request, page: object) -> Shown:
        return await self._show_at(request, _field(page, "session_id"), _field(page, "message_id"))

    @edge
    async def new_session(self, request: gr.Request) -> Shown:
        return [], self._empty()

    @edge
    async def finished(self, request: gr.Request, page: object) -> Shown:
        """Show a stored reply that the page followed in its place, unless somebody reads further up."""
        last_order = _number(page, "last_order")
        shown = _number(page, "shown") + (0 if last_order else 2)
        limit = shown if WINDOW < shown <= MOST_SHOWN else WINDOW
        return await self._show(request, _field(page, "session_id"), limit=limit, last_order=last_order)

    @edge
    async def earlier(self, request: gr.Request, page: object) -> Shown:
        limit = min(_number(page, "shown") + WINDOW, MOST_EARLIER)
        return await self._show(
            request, _field(page, "session_id"), limit=limit, last_order=_number(page, "last_order")
        )

    @edge
    async def later(self, request: gr.Request, page: object) -> Shown:
        opened = await self._service.windows.open_later(
            identifier(_field(page, "session_id")),
            _asking(request),
            limit=min(_number(page, "shown"), MOST_EARLIER),
            last_order=_number(page, "last_order"),
        )
        return await self._shown(request, opened)

    @edge
    async def models(self, request: gr.Request) -> Value:
        return picker_of(self._service, language_of(request))

    async def _arrive(self, request: gr.Request, meant: str, message_id: str) -> Shown:
        """Show a page that can be used, also at a wrong address or while the database is away, and say why."""
        try:
            if meant:
                return await self._show_at(request, meant, message_id)
            last = await self._service.sessions.last(_asking(request))
            if last:
                return await self._show(request, str(last.session_id), limit=WINDOW)
        except (NotFound, InvalidIdentifier):
            return [], self._empty(texts.text("session_replaced", language_of(request)))
        except HistoryError as exc:
            return [], self._empty(texts.text(exc.code, language_of(request)))
        return [], self._empty()

    async def _show_at(self, request: gr.Request, session_id: str, message_id: str) -> Shown:
        """Show the session at the message; at its end, and with the reason, when that can't be."""
        if not message_id:
            return await self._show(request, session_id, limit=WINDOW)
        meant, person = identifier(session_id), _asking(request)
        code = None
        try:
            opened = await self._service.windows.open_at(meant, person, identifier(message_id))
        except (MessageNotFound, InvalidIdentifier):
            code = "message_not_found"
        except ReplyRunning:
            code = "branch_busy"
        if code:
            opened = await self._service.windows.open(meant, person)
        return await self._shown(request, opened, target=message_id, code=code)

    async def _show(self, request: gr.Request, session_id: str, *, limit: int, last_order: int | None = None) -> Shown:
        opened = await self._service.windows.open(
            identifier(session_id), _asking(request), limit=limit, last_order=last_order or None
        )
        return await self._shown(request, opened)

    async def _shown(
        self, request: gr.Request, opened: OpenSession, *, target: str | None = None, code: str | None = None
    ) -> Shown:
        language = language_of(request)
        choice = self._choice_for_next(Choice(opened.session.backend, opened.session.model))
        notice = texts.text(code, language) if code else None
        # Other pages are answered while a long text is made ready.
        is_long = sum(len(message.content) for message in opened.messages) > LONG_CHARS
        chat = await asyncio.to_thread(chat_of, opened.messages) if is_long else chat_of(opened.messages)
        return chat, view_of(opened, language, choice=choice, target=target, notice=notice)

    def _empty(self, notice: str | None = None) -> Value:
        """Return an empty session. Its id is made here, so that the first question can be sent at once and repeated
        without harm."""
        return empty_view(str(uuid7()), choice=self._default_choice(), notice=notice)

    def _choice_for_next(self, last: Choice) -> Choice | None:
        """Return the session's last choice, unless its backend has been taken out of the settings since."""
        states = {backend.name: backend.state for backend in self._service.backends()}
        if states.get(last.backend, BackendState.NOT_CONFIGURED) is BackendState.NOT_CONFIGURED:
            return self._default_choice()
        return last

    def _default_choice(self) -> Choice | None:
        try:
            return self._service.default_choice()
        except NoBackend:
            return None


def _field(page: object, name: str) -> str:
    value = page.get(name) if isinstance(page, Mapping) else None
    return value if isinstance(value, str) else ""


def _number(page: object, name: str) -> int:
    """Return a number that the browser says; 0 where it says none, or nonsense."""
    value = page.get(name) if isinstance(page, Mapping) else None
    return max(0, min(value, MOST_ORDER)) if isinstance(value, int) else 0
