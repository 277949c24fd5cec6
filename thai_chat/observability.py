"""Logs: ids, counts and durations, as text for a terminal or as JSON for a collector; never messages or keys."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime


class WithoutWords(logging.Filter):
    """Replaces a traceback by its frames: an exception's own message may quote what somebody wrote."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.exc_info, tuple) and record.exc_info[0]:
            kind, _, trace = record.exc_info
            record.exc_text = "".join((*traceback.format_tb(trace), kind.__name__))
            record.exc_info = None
        return True


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_text:
            line["trace"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)


def configure(level: str, log_format: str) -> None:
    """Sends this process's logs to standard error.

    Of libraries only warnings: they log requests and statements, where a password or a chat may be.
    """
    handler = logging.StreamHandler()
    handler.addFilter(WithoutWords())
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
    handler.setFormatter(JsonFormatter() if log_format == "json" else plain)
    own = logging.getLevelNamesMapping()[level]
    logging.basicConfig(level=max(own, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger(__package__).setLevel(own)
