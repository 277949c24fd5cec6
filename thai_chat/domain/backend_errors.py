"""Errors of model servers, a branch of the tree in `thai_chat.domain.errors`.

BackendError
├── BackendUnreachable ── BackendTimeout  BackendLoading  EngineDead
├── BackendDenied ── ModelDenied
├── ModelNotFound ── ModelNotInRegistry
├── RateLimited ── QuotaExceeded  BackendBusy
├── BackendFailed ── ModelTooLarge  BackendMoved
├── EmptyReply ── OnlyReasoning  ReplyFiltered
├── NoChatTemplate  ContextOverflow  UnsupportedParameter  ModelNotFetched
├── BackendGarbled ── WebPage
├── ReplyCut  NoBackend  NotOffered
"""

from __future__ import annotations

from thai_chat.domain.errors import ThaiChatError


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
