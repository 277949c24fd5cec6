"""Sessions of people who are signed in, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, insert, select, update

from thai_chat.domain.accounts import Account, SignIn
from thai_chat.history.postgres.sql.accounts import ACCOUNT_FIELDS, account_of
from thai_chat.history.postgres.sql.tables import chat_accounts, chat_sign_ins

_FIELDS = [column for column in chat_sign_ins.c if column.name != "token_hash"]


def add(connection: Connection, sign_in: SignIn, token_hash: bytes) -> None:
    connection.execute(insert(chat_sign_ins).values(**asdict(sign_in), token_hash=token_hash))


def find(
    connection: Connection, token_hash: bytes, now: datetime, idle_since: datetime
) -> tuple[SignIn, Account] | None:
    columns = chat_sign_ins.c
    query = (
        select(*_FIELDS, *ACCOUNT_FIELDS)
        .join(chat_accounts, chat_accounts.c.account_id == columns.account_id)
        .where(
            columns.token_hash == token_hash,
            columns.expires_at > now,
            columns.used_at > idle_since,
            chat_accounts.c.disabled_at.is_(None),
        )
    )
    row = connection.execute(query).first()
    return (_sign_in_of(row[: len(_FIELDS)]), account_of(row[len(_FIELDS) :])) if row else None


def touch(connection: Connection, sign_in_id: UUID, at: datetime) -> None:
    columns = chat_sign_ins.c
    connection.execute(
        update(chat_sign_ins).where(columns.sign_in_id == sign_in_id, columns.used_at < at).values(used_at=at)
    )


def of(connection: Connection, account_id: UUID) -> Sequence[SignIn]:
    columns = chat_sign_ins.c
    query = select(*_FIELDS).where(columns.account_id == account_id).order_by(columns.used_at.desc())
    return [_sign_in_of(row) for row in connection.execute(query)]


def end(connection: Connection, account_id: UUID, sign_in_id: UUID) -> bool:
    columns = chat_sign_ins.c
    where = (columns.account_id == account_id, columns.sign_in_id == sign_in_id)
    return bool(connection.execute(delete(chat_sign_ins).where(*where)).rowcount)


def end_all(connection: Connection, account_id: UUID, but: UUID | None) -> int:
    columns = chat_sign_ins.c
    where = [columns.account_id == account_id, *([columns.sign_in_id != but] if but else [])]
    return connection.execute(delete(chat_sign_ins).where(*where)).rowcount


def end_oldest(connection: Connection, account_id: UUID, most: int) -> int:
    columns = chat_sign_ins.c
    oldest = (
        select(columns.sign_in_id)
        .where(columns.account_id == account_id)
        .order_by(columns.used_at.desc(), columns.sign_in_id)
        .offset(most)
    )
    return connection.execute(delete(chat_sign_ins).where(columns.sign_in_id.in_(oldest))).rowcount


def forget(connection: Connection, before: datetime) -> int:
    return connection.execute(delete(chat_sign_ins).where(chat_sign_ins.c.expires_at < before)).rowcount


def _sign_in_of(row: Row[Any] | Sequence[Any]) -> SignIn:
    return SignIn(**dict(zip((column.name for column in _FIELDS), row, strict=True)))
