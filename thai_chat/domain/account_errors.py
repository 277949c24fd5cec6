"""Errors of accounts: signing in, invitations, keys, and who may administer."""

from __future__ import annotations

from thai_chat.domain.errors import BadInput, HistoryUnavailable, NotFound, ThaiChatError


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


class PasswordsOff(ThaiChatError):
    """Nobody signs in by a password here (AUTH)."""

    code = "passwords_off"


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


class ChatsArePrivate(ThaiChatError):
    """Administrators may not read what others said (ADMIN_READS_CHATS)."""

    code = "chats_are_private"


class NotAdministrator(ThaiChatError):
    """An administrator alone may do this."""

    code = "not_administrator"


class OnlyAdministratorsShare(NotAdministrator):
    """A preset is for everybody only where an administrator says so."""

    code = "only_administrators_share"


class SignInUnavailable(HistoryUnavailable):
    """Nobody can sign in, and no session can be looked up that is not remembered: the database is away."""

    code = "sign_in_unavailable"
