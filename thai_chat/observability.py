"""Logs: ids, counts and durations, as text for a terminal or as JSON for a collector; never messages or keys.

What comes from elsewhere (a model's name, an error's words) reaches a terminal through `printable` only.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType

from thai_chat.domain.request_ids import request_id

LINE_CHARS = 4_000
"""The most characters of one line; a name or an error that is longer is cut."""

# Controls (C0, DEL, C1), which a terminal obeys: colours, titles, the clipboard. Marks, overrides and isolates of
# direction, which show a line in another order than it is read. Ends of lines. Halves of characters, which no terminal
# can be sent. What Thai and emoji are made of (U+200B-D, combining marks) is not among them.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

logger = logging.getLogger(__name__)


def printable(text: str) -> str:
    r"""Return `text` as one line that does nothing but show: each sign of `_UNSAFE` as its escape (`\x1b`, `\n`,
    `\u202e`)."""
    shown = text if len(text) <= LINE_CHARS else f"{text[:LINE_CHARS]}…"
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), shown)


class WithoutWords(logging.Filter):
    """Replaces a traceback by its frames: an exception's own message may quote what somebody wrote."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.exc_info, tuple) and record.exc_info[0]:
            kind, _, trace = record.exc_info
            record.exc_text = "".join((*traceback.format_tb(trace), kind.__name__))
            record.exc_info = None
        return True


class TextFormatter(logging.Formatter):
    """One line for a record, and an indented one for each line of a trace: nothing else looks like a record."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone()
        caused_by = f" [{asking}]" if (asking := request_id.get()) else ""
        head = f"{at:%H:%M:%S} {record.levelname} {record.name}{caused_by}: {record.getMessage()}"
        return "\n  ".join(map(printable, (head, *_trace(record))))


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage()[:LINE_CHARS],
        }
        if asking := request_id.get():
            line["request_id"] = asking
        if trace := "\n".join(_trace(record)):
            line["trace"] = trace
        # JSON leaves DEL, C1 and the marks of direction as they are, where a terminal shows the file.
        return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(line, ensure_ascii=False))


def configure(level: str, log_format: str) -> None:
    """Send this process's logs to standard error, with whatever nobody catches.

    Of libraries only warnings: they log requests and statements, where a password or a chat may be.
    """
    handler = logging.StreamHandler()
    handler.addFilter(WithoutWords())
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    own = logging.getLevelNamesMapping()[level]
    logging.basicConfig(level=max(own, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger(__package__).setLevel(own)
    # Python's own would print an exception's words as they are.
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda told: _log_uncaught(told.exc_type, told.exc_value, told.exc_traceback)


def _log_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if issubclass(kind, Exception):  # SystemExit and Ctrl-C end a thread, and say nothing
        logger.critical("unexpected: %s", kind.__name__, exc_info=(kind, error or kind(), trace))


def _trace(record: logging.LogRecord) -> Iterator[str]:
    """Yield the lines of what says where it happened: `extra={"trace": ...}`, or a traceback without its words."""
    for text in (getattr(record, "trace", None), record.exc_text, record.stack_info):
        if isinstance(text, str):
            yield from text.rstrip("\n").split("\n")
