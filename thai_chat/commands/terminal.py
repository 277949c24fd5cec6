"""How this process writes on the terminal: nothing else prints."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from thai_chat import settings
from thai_chat.domain.errors import SettingsError
from thai_chat.observability import printable


def tell(*lines: str, to: TextIO | None = None) -> None:
    """Print each of `lines` as one line, at once; signs that a terminal would obey, and ends of lines, as escapes.

    `to` is standard output unless it is named.
    """
    stream = to or sys.stdout
    for line in lines:
        shown = printable(spoken(line))
        # In a terminal without UTF-8 Thai is escaped, too: better than no line at all.
        encoding = getattr(stream, "encoding", None) or "utf-8"
        print(shown.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


_EVERY_S = {True: 0.2, False: 5.0}
"""How often a line of progress comes on a terminal, where it takes the place of the one before, and elsewhere."""

_MANAGE = re.compile(r"\./manage\.sh (?=(chat-web-db|migrate|status|doctor|backup|restore|user)\b)")

_ENV = re.compile(r"\bin \.env\b(?!\.)")


def spoken(text: str) -> str:
    """Return `text` with the commands and files it names as this user has them: without a clone there is no
    manage.sh."""
    if settings.is_clone():
        return text
    text = _MANAGE.sub("thai-chat ", text).replace(".env.example shows", "thai-chat serve --help shows")
    with suppress(SettingsError):  # the folder of .env can't be told, which is said elsewhere
        text = _ENV.sub(lambda _: f"in {settings.env_file()}", text)
    return text


def progress(line: str) -> None:
    # A terminal that was closed must not hinder what is being done, such as storing and stopping.
    with suppress(OSError):
        tell(f"  {line}".rstrip())


def say(line: str) -> None:
    """Say what must be carried through though nobody reads it any more, as behind `| head`."""
    with suppress(OSError):
        tell(line)


def let_go_of_output() -> bool:
    """Flush what was printed; False when nobody reads it: then the rest goes nowhere, and so without a traceback."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def size(size_bytes: float) -> str:
    """Return a size, rounded, with its unit: "512 kB", "1.5 GB"."""
    value, unit = float(size_bytes), "B"
    for bigger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, bigger
    return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"


def counted(number: int, noun: str) -> str:
    """Return the number with its noun: "1 reply", "2 replies"."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


class Meter:
    """Shows how far something is: in one line on a terminal, elsewhere in a line every few seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._is_terminal = sys.stdout.isatty()
        self._shown_at_s = clock()
        self._width = 0

    def __call__(self, what: str, done_bytes: int, total_bytes: int) -> None:
        """Show how far it is. `total_bytes` is 0 when it is not known, both are when nothing is counted."""
        now_s = self._clock()
        if now_s - self._shown_at_s < _EVERY_S[self._is_terminal]:
            return
        self._shown_at_s = now_s
        line = f"  {what}"
        if done_bytes:
            line += f": {size(done_bytes)}"
        if total_bytes:
            line += f" of {size(total_bytes)}, {100 * done_bytes // total_bytes} %"
        with suppress(OSError):
            print(f"\r{line:<{self._width}}" if self._is_terminal else line, end="", flush=self._is_terminal)
            if not self._is_terminal:
                print(flush=True)
        self._width = len(line)

    def close(self) -> None:
        """Empty the line."""
        if self._is_terminal and self._width:
            with suppress(OSError):
                print(f"\r{'':<{self._width}}\r", end="", flush=True)
            self._width = 0
