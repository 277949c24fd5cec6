"""Entries of the audit log, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, tuple_
from sqlalchemy.dialects import postgresql

from thai_chat.domain.audit import AuditEntry, AuditQuery
from thai_chat.history.postgres.sql.tables import chat_audit

_EMPTY = ("name", "key_id", "target")
"""The columns that have NULL for nothing."""


def add(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    rows = [_values(entry) for entry in entries]
    if rows:
        connection.execute(postgresql.insert(chat_audit).values(rows).on_conflict_do_nothing())


def page(connection: Connection, query: AuditQuery) -> Sequence[AuditEntry]:
    columns = chat_audit.c
    place = tuple_(columns.at, columns.entry_id)
    wanted = select(chat_audit).order_by(columns.at.desc(), columns.entry_id.desc()).limit(query.limit)
    if query.before:
        wanted = wanted.where(place < (query.before.at, query.before.entry_id))
    if query.action:
        wanted = wanted.where(columns.action == query.action)
    if query.account_id:
        wanted = wanted.where(columns.account_id == query.account_id)
    return [_entry_of(row) for row in connection.execute(wanted)]


def forget(connection: Connection, before: datetime) -> int:
    return connection.execute(delete(chat_audit).where(chat_audit.c.at < before)).rowcount


def _values(entry: AuditEntry) -> dict[str, Any]:
    return {**asdict(entry), **{name: getattr(entry, name) or None for name in _EMPTY}}


def _entry_of(row: Row[Any]) -> AuditEntry:
    return AuditEntry(**{**row._mapping, **{name: getattr(row, name) or "" for name in _EMPTY}})
