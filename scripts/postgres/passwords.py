"""PostgreSQL's stored passwords: whether one is right, found without a login, and made without telling the server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

_ITERATIONS = 4096
"""PostgreSQL's own number."""


def matches(stored: str, role: str, password: str) -> bool:
    """Tell whether a login of `role` with this password passes `pg_authid.rolpassword`, whatever else hinders it.

    A login that fails says little: it fails too when the server has no connection left, is starting, or lets the role
    in from nowhere. A password is replaced only when this is False.
    """
    if stored.startswith("md5"):
        return hmac.compare_digest(stored, "md5" + hashlib.md5((password + role).encode()).hexdigest())
    if not stored.startswith("SCRAM-SHA-256$"):
        return False
    _, settings, _ = stored.split("$")
    iterations, salt = settings.split(":")
    return hmac.compare_digest(stored, _scram(password, base64.b64decode(salt), int(iterations)))


def verifier(password: str) -> str:
    """Return what PostgreSQL stores for a password; given to ALTER ROLE in its place, so that no log can have the
    password."""
    return _scram(password, os.urandom(16), _ITERATIONS)


def _scram(password: str, salt: bytes, iterations: int) -> str:
    """Return the verifier of RFC 5803, as PostgreSQL writes it."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, client, server)]
    return f"SCRAM-SHA-256${iterations}:{encoded[0]}${encoded[1]}:{encoded[2]}"
