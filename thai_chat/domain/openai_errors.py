"""Errors of answers to programs that speak OpenAI's protocol."""

from __future__ import annotations

from thai_chat.domain.errors import BadInput, ThaiChatError


class AnswerStopped(ThaiChatError):
    """The answer was stopped: on the page, where it is kept in a session, or because the server stops."""

    code = "answer_stopped"


class NotAnObject(BadInput):
    """A program's body is no JSON object."""

    code = "not_an_object"


class TooManyValues(BadInput):
    """A program's body has more values in it than are read, `params["limit"]`."""

    code = "too_many_values"


class NotTaken(BadInput):
    """A program's body has a field, `params["fields"]`, that would get around the rules of who asks."""

    code = "not_taken"


class NotKept(BadInput):
    """Only chat completions are kept in a session."""

    code = "not_kept"
