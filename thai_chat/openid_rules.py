"""Signing in by an OpenID provider, from the settings, with the key that signs what a browser keeps."""

from __future__ import annotations

import hashlib
import os
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from thai_chat.accounts.openid.rules import OpenIdRules
from thai_chat.domain import private_files
from thai_chat.domain.errors import StartError
from thai_chat.settings import Settings

_KEY_BYTES = 32
_LEAST_CHARS = 16
_KEY_FILE = "secret.key"


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
        key=_key(settings),
    )


def _key(settings: Settings) -> bytes:
    """Return a key for this use alone, by SECRET_KEY or by a file that is made for it."""
    given = settings.secret_key
    if given and len(given.get_secret_value()) < _LEAST_CHARS:
        raise StartError(
            f"SECRET_KEY is too short: {_LEAST_CHARS} characters at least, or empty for a key in DATA_DIR."
        )
    secret = given.get_secret_value().encode() if given else _kept(settings.data_dir / _KEY_FILE)
    return hashlib.sha256(b"thai-chat openid\0" + secret).digest()


def _kept(path: Path) -> bytes:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(os.fdopen(private_files.open_or_create(path, os.O_RDWR), "r+b")) as file:
            key = file.read(_KEY_BYTES)
            if len(key) < _KEY_BYTES:  # new, or cut off by a crash
                key = os.urandom(_KEY_BYTES)
                file.seek(0)
                file.write(key)
            return key
    except OSError as error:
        raise StartError(
            f"{path} can't be used ({error.strerror}): move it away, or set SECRET_KEY to a long random text."
        ) from None
