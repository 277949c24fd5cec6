"""Messages as CSV that opens right in a Thai Excel, and as the lines that models are fine-tuned with."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import orjson

from thai_chat.domain.events import FILTERED, LENGTH, TOO_LONG
from thai_chat.domain.facts import facts_of
from thai_chat.domain.messages import Message, Role, Session, Status
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
_CUT = (LENGTH, FILTERED, TOO_LONG)
"""The reasons for which a reply ended that its model did not end."""
# Lines end with \n alone; some readers take these for ends too.
_LINE_ENDS = {"\u2028".encode(): b"\\u2028", "\u2029".encode(): b"\\u2029", "\x85".encode(): b"\\u0085"}


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

    def __init__(self, timezone: ZoneInfo) -> None:
        """Write times in `timezone`, as spreadsheets read them."""
        self._timezone = timezone
        self._session: Session | None = None

    def begin(self) -> bytes:
        return (_BOM + ",".join(COLUMNS) + "\r\n").encode()

    def begin_session(self, session: Session) -> bytes:
        self._session = session
        return b""

    def messages(self, messages: Sequence[KeptMessage]) -> bytes:
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\r\n").writerows(self._row(kept.message) for kept in messages)
        return lines.getvalue().encode()

    def end_session(self) -> bytes:
        return b""

    def end(self) -> bytes:
        return b""

    def _row(self, message: Message) -> list[object]:
        figures = message.figures
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
            guarded(message.content),
        ]


class TrainingWriter:
    """One line a session: `{"messages": [...]}` with the system prompt and every question that has a whole reply."""

    media_type = "application/jsonl; charset=utf-8"
    extension = "jsonl"
    shown_only = True

    def __init__(self) -> None:
        self._said: list[dict[str, str]] = []
        self._question: str | None = None
        self._has_reply = False

    def begin(self) -> bytes:
        return b""

    def begin_session(self, session: Session) -> bytes:
        prompt = session.options.get("system_prompt")
        self._said = [{"role": "system", "content": prompt}] if isinstance(prompt, str) and prompt.strip() else []
        self._question = None
        self._has_reply = False
        return b""

    def messages(self, messages: Sequence[KeptMessage]) -> bytes:
        for kept in messages:
            message = kept.message
            match message.role:
                case Role.USER:
                    self._question = message.content
                case Role.ASSISTANT if self._question is not None and is_whole(message):
                    self._said.append({"role": "user", "content": self._question})
                    self._said.append({"role": "assistant", "content": message.content})
                    self._question = None
                    self._has_reply = True
                case Role.SYSTEM if not self._said:
                    self._said.append({"role": "system", "content": message.content})
        return b""

    def end_session(self) -> bytes:
        if not self._has_reply:
            return b""
        line = orjson.dumps({"messages": self._said})
        for sign, escaped in _LINE_ENDS.items():
            line = line.replace(sign, escaped)
        return line + b"\n"

    def end(self) -> bytes:
        return b""


def is_whole(reply: Message) -> bool:
    """Tell whether a reply is neither stopped, broken off, nor cut at the model's limit or by a filter."""
    is_cut = facts_of(reply).finish_reason in _CUT
    return reply.status is Status.COMPLETE and not is_cut and bool(reply.content.strip())
