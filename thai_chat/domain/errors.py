"""One tree of errors. `code` finds the text for people in `thai_chat.texts`; `params` fill it.

ThaiChatError
├── BadInput
│   ├── EmptyQuestion  QuestionTooLong  UnreadableText  EmptyName  InvalidIdentifier  InvalidCursor  UnknownBackend
│   ├── ForeignSite  BadLabel  BadOption ── UnknownOption  NotAQuestion  NotAReply  ImportRefused  ImportTooLarge
│   ├── BodyTooLarge  WrongMethod  NoSuchRange
│   ├── TooManyPlaces  OnlyReplies  NotOtherReplies  BadReason  BadAccountName  BadPassword  NameTaken
├── NotFound
│   ├── SessionNotFound  MessageNotFound  PresetNotFound  AccountNotFound  NoAccounts  NoPasswords  SignInNotFound
│   ├── InvitationOver  KeyNotFound  UnknownModel
├── ReplyRunning  NewerMessages  MessageOnOtherBranch  ImportStopped  LastAdministrator
├── DisabledAccount  AlreadyTakenOver  NothingTakenOver  SignUpClosed
├── SignInNeeded  WrongCredentials  WrongPassword  FreshSignInNeeded  TooManyAttempts ── TooManySignUps
├── ScopeTooSmall  NotAdministrator
├── TooManyKeys  ChatsArePrivate
├── LimitReached
│   ├── TooManyRequests  TooManyReplies  QuotaUsedUp
├── BackendError, with its own in `thai_chat.domain.backend_errors`
├── HistoryError
│   ├── HistoryUnavailable ── SignInUnavailable  HistoryRefused  JournalUnavailable
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


class TooManyPlaces(BadInput):
    """Messages were asked for at more than one place of a session."""

    code = "too_many_places"


class AlreadyKept(BadInput):
    """A temporary session was to have the id of one that is stored."""

    code = "already_kept"


class TemporaryOver(ThaiChatError):
    """A question that is to be kept came to a temporary session that has ended."""

    code = "temporary_over"


class TemporaryFull(ThaiChatError):
    """A temporary session takes as much memory as one may; `params["megabytes"]` says how much."""

    code = "temporary_full"


class TemporaryBusy(ThaiChatError):
    """Too many temporary sessions have a reply that grows, or they take too much memory."""

    code = "temporary_busy"


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


class ShareNotFound(NotFound):
    """There is no such link, or it leads nowhere any more: which of them is not told."""

    code = "share_not_found"


class SharePasswordNeeded(ThaiChatError):
    """The link is for those who know its password."""

    code = "share_password_needed"


class WrongSharePassword(SharePasswordNeeded):
    code = "wrong_share_password"


class BadSharePassword(BadInput):
    """A link's password is shorter than `params["least"]` characters or longer than `params["most"]`."""

    code = "bad_share_password"


class NothingToShare(BadInput):
    """The session has no messages."""

    code = "nothing_to_share"


class ShareTooLarge(ThaiChatError):
    """The branch is larger than a link may show. `params["limit_mb"]` is the most."""

    code = "share_too_large"


class TooManyShares(ThaiChatError):
    """A person has as many open links as they may have, `params["limit"]`."""

    code = "too_many_shares"


class PresetNotFound(NotFound):
    """No such preset, or one of somebody else that can't be changed."""

    code = "preset_not_found"


class AccountNotFound(NotFound):
    code = "account_not_found"


class KeyNotFound(NotFound):
    """No such API key, or one of somebody else."""

    code = "key_not_found"


class TooManyKeys(ThaiChatError):
    """A person has as many API keys as they may: `params["limit"]`."""

    code = "too_many_keys"


class NoAccounts(NotFound):
    """This comes with accounts, and there are none (AUTH=none)."""

    code = "no_accounts"


class NoPasswords(NotFound):
    """People sign in here, and not by a password."""

    code = "no_passwords"


class SignInNotFound(NotFound):
    """No such session of a browser, or one of somebody else."""

    code = "sign_in_not_found"


class BadAccountName(BadInput):
    """A name to sign in by is empty, too long, or has characters that nobody sees. `params["limit"]` is the most
    characters."""

    code = "bad_account_name"


class BadPassword(BadInput):
    """A password is shorter than `params["least"]` characters or longer than `params["most"]`."""

    code = "bad_password"


class NameTaken(BadInput):
    """Somebody else signs in by this name."""

    code = "name_taken"


class InvitationOver(NotFound):
    """An invitation or another link is unknown, used or expired; which of them is not told."""

    code = "invitation_over"


class SignUpClosed(ThaiChatError):
    """Accounts can't be made in this way here (SIGN_UP, AUTH)."""

    code = "sign_up_closed"


class DisabledAccount(ThaiChatError):
    """The account is kept out, and can't be used before it is let in again."""

    code = "account_disabled"


class AlreadyTakenOver(ThaiChatError):
    """Somebody has the chats of before accounts already."""

    code = "already_taken_over"


class NothingTakenOver(ThaiChatError):
    """The account has not taken over what was there before accounts."""

    code = "nothing_taken_over"


class LastAdministrator(ThaiChatError):
    """Nobody would be left who may administer."""

    code = "last_administrator"


class SignInNeeded(ThaiChatError):
    """Nobody has signed in, or their session is over, or their key is not good any more."""

    code = "sign_in_needed"


class WrongCredentials(ThaiChatError):
    """The name or the password is wrong; which of them is not told."""

    code = "wrong_credentials"


class WrongPassword(ThaiChatError):
    """Somebody who has signed in gave another password than theirs."""

    code = "wrong_password"


class FreshSignInNeeded(ThaiChatError):
    """Somebody without a password may choose one only shortly after signing in."""

    code = "fresh_sign_in_needed"


class TooManyAttempts(ThaiChatError):
    """Too many passwords were wrong, for one name or from one address. `params["seconds"]` is how long to wait."""

    code = "too_many_attempts"


class TooManySignUps(TooManyAttempts):
    """Too many accounts were made, or tried, from one address or in all. `params["seconds"]` is how long to wait."""

    code = "too_many_sign_ups"


class ScopeTooSmall(ThaiChatError):
    """An API key may not be used for this. `params["scope"]` is what it lacks."""

    code = "scope_too_small"


class UnknownModel(NotFound):
    """There is no such model, or it is not open to who asks: the two are not told apart."""

    code = "unknown_model"


class ChatsArePrivate(ThaiChatError):
    """Administrators may not read what others said (ADMIN_READS_CHATS)."""

    code = "chats_are_private"


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


class NotAdministrator(ThaiChatError):
    """An administrator alone may do this."""

    code = "not_administrator"


class OnlyAdministratorsShare(NotAdministrator):
    """A preset is for everybody only where an administrator says so."""

    code = "only_administrators_share"


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


class SignInUnavailable(HistoryUnavailable):
    """Nobody can sign in, and no session can be looked up that is not remembered: the database is away."""

    code = "sign_in_unavailable"


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
