"""Passwords: what may be one, and whether one is right, in a time that does not tell whose it is."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from thai_chat.domain.account_errors import BadPassword
from thai_chat.domain.accounts import PASSWORD_CHARS
from thai_chat.domain.errors import UnreadableText

Result = TypeVar("Result")

AT_ONCE = 2
"""Each takes 19 MiB and a core."""
NICER = 10
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_THAI_MARKS = re.compile("[ัิ-ฺ็-๎]{2,}")


class Verdict(NamedTuple):
    is_right: bool
    new_hash: str | None = None
    """The hash to be kept from now on, where the old one was made in a way that is not used any more."""


class Passwords:
    """Hashes with Argon2id and what OWASP recommends for it: 19 MiB, two passes, one lane. `close` it after use."""

    def __init__(self, *, memory_kib: int = 19 * 1024, passes: int = 2) -> None:
        self._hasher = PasswordHash([Argon2Hasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)])
        self._threads = ThreadPoolExecutor(AT_ONCE, "password", initializer=_stand_back)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._nobodys: str | None = None

    def turn(self) -> asyncio.Semaphore:
        """Return what has to be held around `verify`, with all that must not change until its verdict is noted."""
        return self._turns

    async def verify(self, password: str, password_hash: str | None) -> Verdict:
        """Tell whether a password is the one of a hash. None, for whom there is no hash, takes as long as another.

        Raises what `checked` raises, except for a password that is too short, which is nobody's.
        """
        plain = _plain(password)
        if self._nobodys is None:
            self._nobodys = await self._run(lambda: self._hasher.hash("nobody's"))
        known = password_hash or self._nobodys
        try:
            is_right, new_hash = await self._run(lambda: self._hasher.verify_and_update(plain, known))
        except PwdlibError:  # what is stored is no hash
            is_right, new_hash = await self._run(lambda: self._hasher.verify_and_update(plain, str(self._nobodys)))
            return Verdict(False)
        return Verdict(is_right and password_hash is not None, new_hash if password_hash else None)

    async def hash(self, password: str, *, least: int = PASSWORD_CHARS[0]) -> str:
        """Return what is kept of a new password. Raises BadPassword, UnreadableText."""
        plain = checked(password, least=least)
        async with self._turns:
            return await self._run(lambda: self._hasher.hash(plain))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _stand_back() -> None:
    """Let the thread come behind the one that sends replies, where a thread has a priority of its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + NICER)


class LinkPasswords:
    """The `PasswordHasher` of links to snapshots; theirs may be short, as guesses are counted."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    async def hash(self, password: str) -> str:
        return await self._passwords.hash(password, least=0)

    async def verify(self, password: str, password_hash: str) -> bool:
        async with self._passwords.turn():
            return (await self._passwords.verify(password, password_hash)).is_right


def checked(password: str, *, least: int = PASSWORD_CHARS[0]) -> str:
    """Return a new password as it is hashed. Raises BadPassword, UnreadableText."""
    _, most = PASSWORD_CHARS
    if len(password) < least:
        raise BadPassword(least=least, most=most)
    return _plain(password)


def _plain(password: str) -> str:
    """Return the form that all ways to type a password have in common. Case and spaces count.

    A sara am may be one character or two, and the marks over a Thai consonant may be typed in any order.
    """
    least, most = PASSWORD_CHARS
    if len(password) > most:
        raise BadPassword(least=least, most=most)
    if _NOT_STORABLE.search(password):
        raise UnreadableText
    plain = unicodedata.normalize("NFKC", password).replace("เเ", "แ")
    return _THAI_MARKS.sub(lambda marks: "".join(sorted(marks[0])), plain)
