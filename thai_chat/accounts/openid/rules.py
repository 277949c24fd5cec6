"""Rules from the settings for signing in by an OpenID provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdRules:
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scopes: str = "openid email profile"
    label: str = ""
    """The provider's name on the button."""
    role_claim: str = ""
    """The claim that tells who is an administrator, anew at each sign-in; empty: roles are given here."""
    admin_values: Sequence[str] = ()
    """The values of it that administrators have, one at least."""
    makes_accounts: bool = False
    """Whether somebody who has no account gets one."""
    allowed_domains: Sequence[str] = ()
    """The domains of the addresses that may sign in; none: all."""
    public_url: str | None = None
    """The page's own address; None: the one that the browser has opened."""
    key: bytes = field(repr=False)
    """The key that signs what a browser keeps until it comes back."""
