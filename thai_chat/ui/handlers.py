"""The page's events: each asks the service and returns plain values; errors are told in the reader's language."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Coroutine
from typing import Concatenate, ParamSpec, TypeVar

import orjson

from thai_chat import texts
from thai_chat.chat.service import ChatService
from thai_chat.domain.errors import ThaiChatError, trace_of
from thai_chat.domain.people import person_of
from thai_chat.texts import Language
from thai_chat.ui.components import gr
from thai_chat.ui.picker import limits_of, picker_of

logger = logging.getLogger(__name__)

Params = ParamSpec("Params")
Result = TypeVar("Result")
Handler = Callable[Concatenate["Handlers", gr.Request, Params], Coroutine[None, None, Result]]


def language_of(request: gr.Request) -> Language:
    return texts.language_for(request.headers)


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
    """One method an event. Sessions and messages are read from the API by the page's own scripts."""

    def __init__(self, service: ChatService) -> None:
        self._service = service

    @edge
    async def models(self, request: gr.Request) -> str:
        """Return the picker's content as JSON: of a structure Gradio would have the browser watch every model."""
        person = person_of(request.request.scope)
        await self._service.learn_prices()
        may = await self._service.permits.models_for(person)
        content = picker_of(self._service, language_of(request), may)
        if self._service.permits.allowance:
            content["may_share"] = person.is_administrator
            content["limits"] = limits_of(await self._service.permits.states(person))
        return orjson.dumps(content).decode()
