"""Errors of signing in by an OpenID provider. People are told of each on the sign-in page, by its code."""

from __future__ import annotations

from thai_chat.domain.errors import NotFound, ThaiChatError


class NoOpenId(NotFound):
    """People don't sign in by an OpenID provider here."""

    code = "no_openid"


class OpenIdError(ThaiChatError):
    """Somebody could not sign in by the OpenID provider. `detail` has no secret."""

    code = "openid_forged"


class OpenIdUnavailable(OpenIdError):
    """The provider does not answer, or not as one does."""

    code = "openid_unavailable"


class OpenIdOver(OpenIdError):
    """Who comes back did not leave from here, or has taken too long, or was somebody else then."""

    code = "openid_over"


class OpenIdDenied(OpenIdError):
    """The person, or the provider, said no."""

    code = "openid_denied"


class OpenIdRefused(OpenIdError):
    """The provider does not take the code with which it has sent somebody back."""

    code = "openid_refused"


class OpenIdWrongClient(OpenIdError):
    """The provider does not know this page by OIDC_CLIENT_ID and OIDC_CLIENT_SECRET."""

    code = "openid_wrong_client"


class OpenIdForged(OpenIdError):
    """This is not what the provider has signed for this page and this person."""


class OpenIdClock(OpenIdError):
    """By our clock, what the provider has signed is over, or not good yet."""

    code = "openid_clock"


class OpenIdNoAccount(OpenIdError):
    """The provider knows this person, and there is no account for them here."""

    code = "openid_no_account"


class OpenIdOtherDomain(OpenIdError):
    """Only addresses of some domains may sign in, and this person's is none of them, or is not verified."""

    code = "openid_other_domain"


class OpenIdTaken(OpenIdError):
    """Somebody else's account has this identity already."""

    code = "openid_taken"


class OpenIdDisabled(OpenIdError):
    """The provider knows this person, whose account is disabled."""

    code = "openid_disabled"


class IdentityNotFound(NotFound):
    """The account has no such identity."""

    code = "identity_not_found"


class LastWayIn(ThaiChatError):
    """Without this identity nobody could sign in to the account any more."""

    code = "last_way_in"
