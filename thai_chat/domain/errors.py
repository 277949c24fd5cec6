"""One tree of errors. `code` finds the text for people in `thai_chat.texts`; `params` fill it.

ThaiChatError
├── BadInput
│   ├── EmptyQuestion  QuestionTooLong  UnreadableText  EmptyName  InvalidIdentifier  InvalidCursor  UnknownBackend
│   ├── ForeignSite  BadLabel  BadOption ── UnknownOption  NotAQuestion  NotAReply  ImportRefused  ImportTooLarge
│   ├── BodyTooLarge  WrongMethod  NoSuchRange
│   ├── TooManyPlaces  OnlyReplies  NotOtherReplies  BadReason
├── NotFound
│   ├── SessionNotFound  MessageNotFound  PresetNotFound  UnknownModel
├── ReplyRunning  NewerMessages  MessageOnOtherBranch  ImportStopped
├── LimitReached
│   ├── TooManyRequests  TooManyReplies  QuotaUsedUp
├── HistoryError
│   ├── HistoryUnavailable  HistoryRefused  JournalUnavailable
└── StartError
    └── SettingsError

The others stand below these, in the modules `*_errors`; `error_tree` has all of them.
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


class TooManyPlaces(BadInput):
    """Messages were asked for at more than one place of a session."""

    code = "too_many_places"


class TooManyCompared(BadInput):
    """More models were to answer at once than are compared."""

    code = "too_many_compared"


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


class OnlyReplies(BadInput):
    """Only a reply can be rated or preferred."""

    code = "only_replies"


class NotOtherReplies(BadInput):
    """A reply is preferred to others that answer the same question."""

    code = "not_other_replies"


class BadReason(BadInput):
    """The reason of a rating has more than `params["limit"]` characters, or a tag that is none of
    `params["allowed"]`."""

    code = "bad_reason"


class ForeignSite(BadInput):
    """A page of another site tried to act in this person's name."""

    code = "foreign_site"


class ForeignHost(BadInput):
    """The request came under a name that is none of this machine's own."""

    code = "foreign_host"


class OtherAccount(BadInput):
    """The connection is of an account of this machine that may not read along; `params["account"]` is its name."""

    code = "other_account"


class WrongMethod(BadInput):
    """The address is there, and has no such method. `params["allowed"]` are those that it has."""

    code = "http_405"


class BadEvent(BadInput):
    """A client sent what is no event of the page."""

    code = "bad_event"


class NoSuchRange(BadInput):
    """A part of a file was asked for that it does not have."""

    code = "http_416"


class ServerBusy(ThaiChatError):
    """More connections are open than the server answers."""

    code = "server_busy"


class BodyTooLarge(BadInput):
    """A request's body is larger than anything that is asked for there."""

    code = "body_too_large"


class BodyTooSlow(BadInput):
    """A request's body did not arrive in time."""

    code = "body_too_slow"


class ImportRefused(BadInput):
    """A file can't be imported, and nothing of it was. `params["why"]` and `params["place"]` are codes of texts."""

    code = "import_refused"


class ImportTooLarge(BadInput):
    code = "import_too_large"


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


class UnknownModel(NotFound):
    """There is no such model, or it is not open to who asks: the two are not told apart."""

    code = "unknown_model"


class LimitReached(ThaiChatError):
    """Somebody has reached `params["limit"]` of `params["what"]`; it is over after `params["retry_after_s"]`."""

    code = "limit_reached"


class TooManyRequests(LimitReached):
    code = "too_many_requests"


class TooManyReplies(LimitReached):
    """Too many of their replies are being written."""

    code = "too_many_replies"


class QuotaUsedUp(LimitReached):
    """The tokens or dollars of a day or a month are used up; `params["why"]` is the code of what."""

    code = "quota_used_up"


class ReplyRunning(ThaiChatError):
    """The session has a reply that still grows; a second question waits for it."""

    code = "reply_running"


class NewerMessages(ThaiChatError):
    """The session has messages that the client has not seen, or shows another branch than the client does."""

    code = "newer_messages"


class MessageOnOtherBranch(ThaiChatError):
    """The message is in the session, on a branch that is not shown."""

    code = "message_on_other_branch"


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
