"""Which accounts of this machine may connect while nobody signs in."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from thai_chat.domain.errors import StartError

if sys.platform != "win32":
    import pwd

EVERYBODY = "*"
_ROOT = 0


@dataclass(frozen=True, slots=True)
class LocalUsers:
    """The accounts, by number."""

    numbers: frozenset[int]

    def have(self, number: int | None) -> bool:
        """Tell whether an account may connect; one that is not known may not."""
        return number in self.numbers

    def named(self) -> str:
        """Return their names, as a text for people."""
        return ", ".join(sorted(name_of(number) for number in self.numbers))


def local_users(names: Sequence[str], environment: Mapping[str, str] = os.environ) -> LocalUsers | None:
    """Return who may connect besides the names of the setting: this account, root, and who called root by sudo.

    None: everybody of this machine. Raises StartError for a name that no account has.
    """
    if EVERYBODY in names:
        return None
    own = os.geteuid()
    numbers = {own, _ROOT, *map(_number, names)}
    caller = environment.get("SUDO_UID", "")
    if own == _ROOT and caller.isascii() and caller.isdecimal() and len(caller) <= 10:
        numbers.add(int(caller))
    return LocalUsers(frozenset(numbers))


def name_of(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except (KeyError, OverflowError):
        return str(number)


def _number(name: str) -> int:
    if name.isdecimal():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise StartError(
            f"ALLOW_LOCAL_USERS: this machine has no account {name!r}. Correct the name, or remove it."
        ) from None
