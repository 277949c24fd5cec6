"""Keys that this installation alone has: each use gets one of its own, out of SECRET_KEY or of a file in DATA_DIR."""

from __future__ import annotations

import hashlib
import os
from contextlib import closing
from pathlib import Path

from thai_chat.domain import private_files
from thai_chat.domain.errors import StartError
from thai_chat.domain.once import OnceKeys
from thai_chat.settings import Settings

_KEY_BYTES = 32
_LEAST_CHARS = 16
_KEY_FILE = "secret.key"


def secret_key(settings: Settings, use: str) -> bytes:
    """Return a key for one use alone, by SECRET_KEY or by a file that is made for it. Raises StartError."""
    given = settings.secret_key
    if given and len(given.get_secret_value()) < _LEAST_CHARS:
        raise StartError(
            f"SECRET_KEY is too short: {_LEAST_CHARS} characters at least, or empty for a key in DATA_DIR."
        )
    secret = given.get_secret_value().encode() if given else _kept(settings.data_dir / _KEY_FILE)
    return hashlib.sha256(f"thai-chat {use}\0".encode() + secret).digest()


def once_keys(settings: Settings) -> OnceKeys:
    """Return what tells repeated requests their secrets again. Raises StartError."""
    return OnceKeys(secret_key(settings, "repeated requests"))


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
