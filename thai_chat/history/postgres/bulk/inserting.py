"""Sessions, messages and what belongs to them as rows, inserted by the thousand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from thai_chat.domain.errors import HistoryRefused
from thai_chat.domain.facts import rated
from thai_chat.domain.parts import parts_to_json
from thai_chat.domain.transfer import KeptMessage
from thai_chat.history.postgres.sql.parameters import TextParameter, filled, run
from thai_chat.history.postgres.sql.presets import PRESET_COLUMNS
from thai_chat.history.postgres.sql.rows import MESSAGE_FIELDS, SESSION_FIELDS

PART_CHARS = 2_000_000
SESSION_COLUMNS = SESSION_FIELDS
MESSAGE_COLUMNS = (*MESSAGE_FIELDS, "rating", "idempotency_key", "parent_order")
DOCUMENT_COLUMNS = ("id", "message_id", "doc_id", "content", "score", "metadata")
_INSERT = "INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s::json)"

Row = Mapping[str, object]


def insert_sessions(cursor: Any, rows: Iterable[Row]) -> None:
    _insert(cursor, "chat_sessions", SESSION_COLUMNS, rows)


def insert_messages(cursor: Any, messages: Iterable[tuple[KeptMessage, int]]) -> None:
    """Insert messages, each with the order of its parent, 0 without one; a parent comes before what stands below it."""
    documents: list[Row] = []

    def rows() -> Iterator[Row]:
        for item, parent_order in messages:
            documents.extend(_document_rows(item))
            yield _message_row(item, parent_order)

    _insert(cursor, "chat_messages", MESSAGE_COLUMNS, rows())
    _insert(cursor, "message_contexts", DOCUMENT_COLUMNS, documents)


def insert_presets(cursor: Any, rows: Iterable[Row]) -> None:
    _insert(cursor, "chat_presets", PRESET_COLUMNS, rows)


def _message_row(item: KeptMessage, parent_order: int) -> Row:
    message, figures = item.message, item.message.figures
    return {
        **{name: getattr(message, name) for name in MESSAGE_FIELDS if hasattr(message, name)},
        "prompt_tokens": figures.prompt_tokens,
        "completion_tokens": figures.completion_tokens,
        "first_token_ms": figures.first_token_ms,
        "latency_ms": figures.latency_ms,
        "reasoning_tokens": figures.reasoning_tokens,
        "cost_usd": None if figures.cost_usd is None else str(figures.cost_usd),
        "parts": parts_to_json(message.parts) or None,
        "rating": rated(message),
        "idempotency_key": item.idempotency_key,
        "parent_order": None if parent_order == message.message_order - 1 else parent_order,
    }


def _document_rows(item: KeptMessage) -> Iterator[Row]:
    for document in item.documents:
        yield {
            "id": document.id,
            "message_id": item.message.message_id,
            "doc_id": document.doc_id,
            "content": document.content,
            "score": document.score,
            "metadata": document.metadata,
        }


def _insert(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    for part in _parts(rows):
        run(cursor, filled(cursor, _INSERT.format(table=table, columns=", ".join(columns)), (TextParameter(part),)))


def _parts(rows: Iterable[Row]) -> Iterator[str]:
    """Yield JSON lists of rows, none much longer than PART_CHARS. Raises HistoryRefused."""
    part: list[bytes] = []
    size = 0
    for row in rows:
        try:
            text = orjson.dumps(row)
        except (TypeError, RecursionError) as exc:
            raise HistoryRefused("it can't be written as JSON") from exc
        if part and size + len(text) > PART_CHARS:
            yield _listed(part)
            part, size = [], 0
        part.append(text)
        size += len(text)
    if part:
        yield _listed(part)


def _listed(rows: Sequence[bytes]) -> str:
    return (b"[" + b",".join(rows) + b"]").decode()
