"""Messages as CSV that opens right in a Thai Excel."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from thai_chat.domain.facts import rating_of
from thai_chat.domain.messages import Message, Session
from thai_chat.domain.transfer import KeptMessage

_BOM = "\ufeff"
"""The byte order mark, without which Excel takes UTF-8 for the machine's old Thai code page."""
COLUMNS = (
    "session_id",
    "session_name",
    "message_order",
    "message_id",
    "parent_id",
    "role",
    "status",
    "backend",
    "model",
    "created_at",
    "prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "cost_usd",
    "first_token_ms",
    "latency_ms",
    "rating",
    "rating_tags",
    "rating_reason",
    "content",
)
# A spreadsheet takes a text for a formula that begins so. The mark itself is among them, so that taking one mark away
# always gives the text.
_MARK = "'"
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", _MARK)
# A spreadsheet takes these texts for a number, a date or a time and shows another text: 081-234-5678, 1/2, 1e5. A plain
# number stays.
_NUMERIC = re.compile(r"(?!(?:0|[1-9]\d{0,14})(?:\.\d{0,13}[1-9])?$)[\d\s.,:/()%eE+-]*\d[\d\s.,:/()%eE+-]*")
_CELL_NUMBER_CHARS = 40


def guarded(text: str) -> str:
    """Return `text` as no spreadsheet changes it. Read back: where a text begins with ', take that one sign away."""
    is_numeric = len(text) <= _CELL_NUMBER_CHARS and _NUMERIC.fullmatch(text)
    return _MARK + text if is_numeric or text.startswith(_DANGEROUS) else text


def unguarded(text: str) -> str:
    return text.removeprefix(_MARK)


class CsvWriter:
    """One row a message, of all branches."""

    media_type = "text/csv; charset=utf-8"
    extension = "csv"
    shown_only = False
    with_deleted = False

    def __init__(self, timezone: ZoneInfo) -> None:
        """Write times in `timezone`, as spreadsheets read them."""
        self._timezone = timezone
        self._session: Session | None = None

    def begin(self) -> bytes:
        return (_BOM + ",".join(COLUMNS) + "\r\n").encode()

    def takes(self, session: Session) -> bool:
        return True

    def begin_session(self, session: Session) -> bytes:
        self._session = session
        return b""

    def messages(self, messages: Sequence[KeptMessage]) -> bytes:
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\r\n").writerows(self._row(kept.message) for kept in messages)
        return lines.getvalue().encode()

    def end_session(self) -> Iterable[bytes]:
        return ()

    def end(self) -> bytes:
        return b""

    def _row(self, message: Message) -> list[object]:
        figures, rating = message.figures, rating_of(message)
        return [
            message.session_id,
            guarded(self._session.session_name if self._session else ""),
            message.message_order,
            message.message_id,
            message.parent_id,
            message.role,
            message.status,
            guarded(message.backend or ""),
            guarded(message.model or ""),
            message.created_at.astimezone(self._timezone).strftime("%Y-%m-%d %H:%M:%S"),
            figures.prompt_tokens,
            figures.completion_tokens,
            figures.reasoning_tokens,
            None if figures.cost_usd is None else f"{figures.cost_usd:f}",
            figures.first_token_ms,
            figures.latency_ms,
            rating.value if rating else None,
            guarded(", ".join(rating.tags)) if rating else None,
            guarded(rating.reason) if rating else None,
            guarded(message.content),
        ]
