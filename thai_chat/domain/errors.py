"""One tree of errors. `code` finds the text for people in `thai_chat.texts`; `params` fill it.

ThaiChatError
├── BadInput
│   ├── EmptyQuestion  QuestionTooLong  UnreadableText  EmptyName  InvalidIdentifier  InvalidCursor  UnknownBackend
│   ├── ForeignSite  BadLabel  BadOption ── UnknownOption  NotAQuestion  NotAReply  ImportRefused  ImportTooLarge
├── NotFound
│   ├── SessionNotFound  MessageNotFound  PresetNotFound
├── ReplyRunning  KeyReused  ImportStopped
├── BackendError
│   ├── BackendUnreachable ── BackendTimeout  BackendLoading  EngineDead
│   ├── BackendDenied ── ModelDenied
│   ├── ModelNotFound ── ModelNotInRegistry
│   ├── RateLimited ── QuotaExceeded  BackendBusy
│   ├── BackendFailed ── ModelTooLarge  BackendMoved
│   ├── EmptyReply ── OnlyReasoning  ReplyFiltered
│   ├── NoChatTemplate  ContextOverflow  UnsupportedParameter  ModelNotFetched
│   ├── BackendGarbled ── WebPage
│   ├── ReplyCut  NoBackend  NotOffered
├── HistoryError
│   ├── HistoryUnavailable  HistoryRefused  JournalUnavailable
└── StartError
    └── SettingsError
"""

from __future__ import annotations

import traceback
from typing import ClassVar


class ThaiChatError(Exception):
    code: ClassVar[str] = "internal"

    def __init__(self, detail: str = "", **params: str | int | float) -> None:
        """Take words for developers as `detail`, and `params`, which may be shown: they hold no secret and no message
        text."""
        super().__init__(detail or self.code)
        self.params = params


class BadInput(ThaiChatError):
    code = "bad_input"


class EmptyQuestion(BadInput):
    code = "empty_question"


class QuestionTooLong(BadInput):
    code = "question_too_long"


class UnreadableText(BadInput):
    """The text has NUL or lone surrogates, which no store can keep as they are."""

    code = "unreadable_text"


class EmptyName(BadInput):
    code = "empty_name"


class InvalidIdentifier(BadInput):
    code = "invalid_identifier"


class InvalidCursor(BadInput):
    code = "invalid_cursor"


class UnknownBackend(BadInput):
    code = "unknown_backend"


class BadLabel(BadInput):
    """A tag or folder is too long, or there are too many tags."""

    code = "bad_label"


class BadOption(BadInput):
    """`params["param"]` names what can't be asked of a model like that, `params["allowed"]` says what can."""

    code = "bad_option"


class UnknownOption(BadOption):
    """`params["param"]` is passed on to no model, `params["allowed"]` names some that are."""

    code = "unknown_option"


class NotAQuestion(BadInput):
    """Only a question can be edited."""

    code = "not_a_question"


class NotAReply(BadInput):
    """Only a reply that has ended can be continued."""

    code = "not_a_reply"


class ForeignSite(BadInput):
    """A page of another site tried to act in this person's name."""

    code = "foreign_site"


class ForeignHost(BadInput):
    """The request came under a name that is none of this machine's own."""

    code = "foreign_host"


class WrongMethod(BadInput):
    """The address is there, and has no such method. `params["allowed"]` are those that it has."""

    code = "http_405"


class BadEvent(BadInput):
    """A client sent what is no event of the page."""

    code = "bad_event"


class ServerBusy(ThaiChatError):
    """More connections are open than the server answers."""

    code = "server_busy"


class BodyTooSlow(BadInput):
    """A request's body did not arrive in time."""

    code = "body_too_slow"


class ImportRefused(BadInput):
    """A file can't be imported, and nothing of it was. `params["why"]` and `params["place"]` are codes of texts."""

    code = "import_refused"


class ImportTooLarge(BadInput):
    code = "import_too_large"


class KeyReused(ThaiChatError):
    """An idempotency key came with another question than before."""

    code = "key_reused"


class ImportStopped(ThaiChatError):
    """Nobody waits for the import any more, or the server stops: nothing of it is kept."""

    code = "import_stopped"


class NotFound(ThaiChatError):
    code = "not_found"


class SessionNotFound(NotFound):
    """No such session, or it belongs to somebody else: the two are not told apart."""

    code = "session_not_found"


class MessageNotFound(NotFound):
    code = "message_not_found"


class PresetNotFound(NotFound):
    """No such preset, or one of somebody else that can't be changed."""

    code = "preset_not_found"


class ReplyRunning(ThaiChatError):
    """The session has a reply that still grows; a second question waits for it."""

    code = "reply_running"


class BackendError(ThaiChatError):
    """A model server did not answer as it should. `backend` and `model` are in `params`."""

    code = "backend_error"


class BackendUnreachable(BackendError):
    code = "backend_unreachable"


class BackendTimeout(BackendUnreachable):
    code = "backend_timeout"


class BackendLoading(BackendUnreachable):
    """The server is there but its model is still being loaded; the same call works later."""

    code = "backend_loading"


class EngineDead(BackendUnreachable):
    """The server still answers, but the engine behind it has ended: only a restart helps."""

    code = "engine_dead"


class BackendDenied(BackendError):
    """The key is missing, wrong, or may not do this."""

    code = "backend_denied"


class ModelDenied(BackendDenied):
    """The key is right, but this account may not use this model; another model may answer."""

    code = "model_denied"


class ModelNotFound(BackendError):
    """`params["fetchable"]` is true where `Backend.pull` can cure it."""

    code = "model_not_found"


class NoChatTemplate(BackendError):
    """The server was given a model that does not say how a conversation is written for it: it can't chat at all."""

    code = "no_chat_template"


class ModelNotInRegistry(ModelNotFound):
    """There is nothing to fetch under this name, or it is not open to everybody."""

    code = "model_not_in_registry"


class ModelNotFetched(BackendError):
    """The server could not fetch a model: no way to its registry, no room on its disk."""

    code = "model_not_fetched"


class ContextOverflow(BackendError):
    """Tokens in `params`, each only where the server tells it: `limit` is the window, `requested` what was asked for in
    all, `prompt` its part without the room for the reply."""

    code = "context_overflow"


class UnsupportedParameter(BackendError):
    """`params["param"]` names what the model refuses, with dots ("reasoning.summary"); `params["refused"]` says whether
    it is the "name" or only this "value"."""

    code = "unsupported_parameter"


class RateLimited(BackendError):
    """Too many requests or no quota; `params["retry_after_s"]` when the server says it."""

    code = "rate_limited"


class QuotaExceeded(RateLimited):
    """The account has no credit left: waiting does not help."""

    code = "quota_exceeded"


class BackendBusy(RateLimited):
    """The server has as many requests waiting as it lets wait."""

    code = "backend_busy"


class BackendFailed(BackendError):
    """The server answered with an error of its own (5xx, an error line in the stream)."""

    code = "backend_failed"


class BackendMoved(BackendFailed):
    """The server sends its clients to another address, which gets neither a question nor a key from here."""

    code = "backend_moved"


class ModelTooLarge(BackendFailed):
    """The server has too little memory for the model."""

    code = "model_too_large"


class BackendGarbled(BackendError):
    """A server's answer is not as its protocol says."""

    code = "backend_garbled"


class WebPage(BackendGarbled):
    """A page for people came: a login, a proxy's own page, or a program that is no model server."""

    code = "web_page"


class ReplyCut(BackendError):
    """The stream ended before the server said that the reply is whole."""

    code = "reply_cut"


class EmptyReply(BackendError):
    """The reply is whole but says nothing."""

    code = "empty_reply"


class OnlyReasoning(EmptyReply):
    """All the tokens that the reply was allowed went into thinking."""

    code = "only_thinking"


class ReplyFiltered(EmptyReply):
    """The provider's filter held back all of the reply, or the question."""

    code = "reply_filtered"


class NoBackend(BackendError):
    """Nothing is configured that could answer."""

    code = "no_backend"


class NotOffered(BackendError):
    """This kind of server can't do what was asked of it."""

    code = "not_offered"


class HistoryError(ThaiChatError):
    code = "history_error"


class HistoryUnavailable(HistoryError):
    """The database can't be reached or hangs; the same call may work later."""

    code = "history_unavailable"


class HistoryRefused(HistoryError):
    """The database refuses this very write for its content; trying again does not help."""

    code = "history_refused"


class JournalUnavailable(HistoryError):
    """The disk takes no more writes. It stays inside the history, which then keeps them in memory."""


class StartError(ThaiChatError):
    """The process can't start; `detail` is one line in plain words with what to do."""

    code = "start"


class SettingsError(StartError):
    code = "settings"


def trace_of(exc: Exception) -> dict[str, str]:
    """Return for a log record where it happened, without the exception's own words, which could hold a text."""
    return {"trace": "".join(traceback.format_tb(exc.__traceback__))}
