"""Types of settings that several backends have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr

from thai_chat.domain.setting_values import http_address

_KEY = re.compile(r"[!-~]+")


def blank_is_unset(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def listed(addresses: str | None) -> Sequence[str]:
    """Return the addresses in the order they are written; each is one server."""
    return addresses.split(",") if addresses else ()


def joined(value: str | None) -> str | None:
    """Return the addresses with commas between them, each once. Raises ValueError."""
    return ",".join(dict.fromkeys(http_address(part.strip()) for part in value.split(","))) if value else None


def revealed(key: SecretStr | None) -> str | None:
    return key.get_secret_value() if key else None


def _key(value: SecretStr | None) -> SecretStr | None:
    if value and not _KEY.fullmatch(value.get_secret_value()):
        raise ValueError("must be the key alone, of plain letters, digits and signs without a space: copy it again")
    return value


Key = Annotated[SecretStr | None, AfterValidator(_key)]
Address = Annotated[str, AfterValidator(http_address)]
Addresses = Annotated[str | None, BeforeValidator(blank_is_unset), AfterValidator(joined)]
"""One server's address, or several with commas."""
RELATIVE = "path"
"""Marks, in `Annotated`, a path that counts from the folder of `.env` when it is written there."""
