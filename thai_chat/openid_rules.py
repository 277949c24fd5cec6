"""Signing in by an OpenID provider, from the settings."""

from __future__ import annotations

from importlib.util import find_spec
from urllib.parse import urlsplit

from thai_chat.accounts.openid.rules import OpenIdRules
from thai_chat.domain.errors import StartError
from thai_chat.secret_keys import secret_key
from thai_chat.settings import Settings


def openid_rules(settings: Settings) -> OpenIdRules | None:
    """Return the rules; None where nobody signs in so. Raises StartError."""
    if "oidc" not in settings.auth or not settings.oidc_issuer or not settings.oidc_client_id:
        return None
    if not find_spec("authlib"):
        raise StartError(
            "AUTH=oidc needs the package Authlib, which is not installed. Start by ./manage.sh, which installs it, or "
            "run 'pip install -r requirements-oidc.txt' (from a package: pip install 'thai-chat[oidc]')."
        )
    secret = settings.oidc_client_secret
    makes_accounts = settings.sign_up == "open" if settings.oidc_sign_up is None else settings.oidc_sign_up
    return OpenIdRules(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=secret.get_secret_value() if secret else "",
        scopes=settings.oidc_scopes,
        label=settings.oidc_label or urlsplit(settings.oidc_issuer).hostname or "",
        role_claim=settings.oidc_role_claim or "",
        admin_values=settings.oidc_admin_values,
        makes_accounts=makes_accounts,
        allowed_domains=settings.oidc_allowed_domains,
        public_url=settings.public_url,
        key=secret_key(settings, "openid"),
    )
