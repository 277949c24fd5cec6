"""Links to snapshots of sessions, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, exc, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from thai_chat.domain.errors import SessionNotFound
from thai_chat.domain.shares import ListedShare, Share, Snapshot, snapshot_from_json, snapshot_to_json
from thai_chat.history.postgres.sql.tables import chat_accounts, chat_sessions, chat_shares

_FIELDS = [column for column in chat_shares.c if column.name not in ("token_hash", "snapshot")]
_FORGOTTEN: Mapping[str, Any] = {}
"""The snapshot of a link that is revoked."""


def add(connection: Connection, share: Share, token_hash: bytes, snapshot: Snapshot) -> bool:
    """Store a new link; False where there is one with its id. Raises SessionNotFound."""
    row = {**asdict(share), "token_hash": token_hash, "snapshot": snapshot_to_json(snapshot)}
    try:
        query = insert(chat_shares).values(row).on_conflict_do_nothing(index_elements=["share_id"])
        return bool(connection.execute(query).rowcount)
    except exc.IntegrityError as error:
        raise SessionNotFound() from error


def made(connection: Connection, user_id: str, share_id: UUID) -> tuple[Share, bytes] | None:
    columns = chat_shares.c
    query = select(columns.token_hash, *_FIELDS).where(columns.user_id == user_id, columns.share_id == share_id)
    row = connection.execute(query).first()
    return (_share_of(row[1:]), bytes(row[0])) if row else None


def of(connection: Connection, user_id: str) -> Sequence[ListedShare]:
    query = (
        select(*_FIELDS, chat_sessions.c.session_name)
        .join(chat_sessions, chat_sessions.c.session_id == chat_shares.c.session_id)
        .where(chat_shares.c.user_id == user_id)
        .order_by(chat_shares.c.created_at.desc(), chat_shares.c.share_id)
    )
    return [ListedShare(_share_of(row[:-1]), row[-1]) for row in connection.execute(query)]


def open_count(connection: Connection, user_id: str, now: datetime) -> int:
    query = select(func.count()).select_from(chat_shares).where(chat_shares.c.user_id == user_id, *_is_open(now))
    return connection.execute(query).scalar_one()


def revoke(connection: Connection, user_id: str, share_id: UUID, at: datetime) -> bool:
    columns = chat_shares.c
    values = {"revoked_at": func.coalesce(columns.revoked_at, at), "snapshot": _FORGOTTEN}
    ended = update(chat_shares).where(columns.user_id == user_id, columns.share_id == share_id).values(values)
    return bool(connection.execute(ended).rowcount)


def forget(connection: Connection, user_id: str, before: datetime) -> int:
    columns = chat_shares.c
    is_over = or_(columns.revoked_at < before, columns.expires_at < before)
    return connection.execute(delete(chat_shares).where(columns.user_id == user_id, is_over)).rowcount


def find(connection: Connection, token_hash: bytes, now: datetime) -> Share | None:
    columns = chat_shares.c
    disabled = select(chat_accounts.c.account_id).where(
        chat_accounts.c.user_id == columns.user_id, chat_accounts.c.disabled_at.is_not(None)
    )
    query = (
        select(*_FIELDS)
        .join(chat_sessions, chat_sessions.c.session_id == columns.session_id)
        .where(
            columns.token_hash == token_hash,
            *_is_open(now),
            chat_sessions.c.deleted_at.is_(None),
            ~disabled.exists(),
        )
    )
    row = connection.execute(query).first()
    return _share_of(row) if row else None


def snapshot(connection: Connection, share_id: UUID) -> Snapshot | None:
    query = select(chat_shares.c.snapshot).where(chat_shares.c.share_id == share_id, chat_shares.c.revoked_at.is_(None))
    value = connection.execute(query).scalar_one_or_none()
    return snapshot_from_json(value) if value else None


def count_views(connection: Connection, views: Mapping[UUID, int], at: datetime) -> None:
    columns = chat_shares.c
    counted = (
        update(chat_shares)
        .where(columns.share_id == bindparam("of"))
        .values(views=columns.views + bindparam("more"), viewed_at=at)
    )
    # In one order, so that two who count at the same time do not wait for each other.
    connection.execute(counted, [{"of": share_id, "more": views[share_id]} for share_id in sorted(views)])


def _is_open(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    columns = chat_shares.c
    return columns.revoked_at.is_(None), or_(columns.expires_at.is_(None), columns.expires_at > now)


def _share_of(row: Row[Any] | Sequence[Any]) -> Share:
    return Share(**dict(zip((column.name for column in _FIELDS), row, strict=True)))
